import { aggregate, repository, t, type StreamVersion } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { Client } from 'pg';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { note, noted, noteStream } from '../bench-aggregate.ts';
import { benchPool } from '../bench-pool.ts';
import { bareRow } from '../captured-append.ts';
import { captureRead } from '../captured-read.ts';
import { payloads, type BenchPayload } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import { storedKey, type StoredLog } from '../stored-log.ts';
import { Supply } from '../supply.ts';
import { learn } from './existing-streams.ts';
import type { Side } from './side.ts';

/** How many events lie between two snapshots. */
export const SNAPSHOT_EVERY = 100;

/** {@link note} with snapshots. */
export const snapshotNote = aggregate('bench.note', {
  events: { noted },
  initial: () => ({ count: 0 }),
  refusals: {},
  snapshot: { every: SNAPSHOT_EVERY, version: 1, state: t.record('NoteState', { count: t.int() }) },
})
  .evolve({ noted: ({ count }) => ({ count: count + 1 }) })
  .decide({ take: (_, input: BenchPayload) => [noted(input)] });

/** Leftfold: whole commands through the repository on stored streams, one after the other. */
export function commandsOnExisting(shape: AppendShape, log: StoredLog, snapshots: boolean): Side {
  return {
    name: snapshots ? 'Leftfold with snapshots' : 'Leftfold',
    open: (url, workers) => {
      const pool = benchPool(url, workers);
      const { store } = postgres({ pool });
      const notes = snapshots ? repository(snapshotNote, store) : repository(note, store);
      const inputs = payloads(new SeededRandom(shape.seed), shape.payloadBytes);
      let next = 0;
      return Promise.resolve({
        work: async () => {
          const nth = next++;
          const input = inputs[nth % inputs.length] ?? { noise: '', text: '' };
          await notes.take(storedKey(nth % log.streams), input);
          return 1;
        },
        close: () => pool.end(),
      });
    },
  };
}

/** Limit L5 + L2: the same SELECT and the same append in a bare loop. */
export function bareCommands(shape: AppendShape, log: StoredLog): Side {
  return {
    name: 'L5 + L2',
    open: async (url, workers) => {
      const pool = benchPool(url, 2);
      const read = await captureRead(pool, noteStream(storedKey(0)));
      await pool.end();
      const { name, text, values } = await learn(url, shape);
      const maker = new AppendMaker(shape);
      const supply = new Supply(() => maker.event());
      supply.prepare(4_000);
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      let next = 0;
      return {
        work: async (worker) => {
          const client = clients[worker] as Client;
          const stream = noteStream(storedKey(next++ % log.streams));
          const version = BigInt(await read(client, stream.id)) as StreamVersion;
          const row = bareRow({ stream, expect: version, events: [supply.take()] });
          const { rowCount } = await client.query({ name, text, values: values(row) });
          if (rowCount !== 1) throw new Error('the bare append wrote nothing');
          return 1;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}
