import { Client } from 'pg';
import { benchPool } from '../bench-pool.ts';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { bareRow, captureAppend } from '../captured-append.ts';
import { Supply } from '../supply.ts';
import { preparedFor } from './leftfold-append.ts';
import type { Side } from './side.ts';

/** Limit L2: the very statement of the store with the same parameters, prepared, in a bare `pg` loop with a client for each writer. */
export function bareAppend(shape: AppendShape): Side {
  return {
    name: 'L2',
    open: async (url, workers) => {
      const pool = benchPool(url, 1);
      const maker = new AppendMaker(shape);
      const [first, second] = [maker.toNewStream(-1), maker.toNewStream(-2)];
      const { name, text, values } = await captureAppend(pool, [first, second]);
      await pool.end();
      const supply = new Supply((nth) => bareRow(maker.toNewStream(nth)));
      supply.prepare(preparedFor(workers));
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      return {
        work: async (worker) => {
          const { rowCount } = await (clients[worker] as Client).query({ name, text, values: values(supply.take()) });
          if (rowCount !== 1) throw new Error('the bare append wrote nothing');
          return shape.events;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}
