import { Client } from 'pg';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { bareRow, type BareRow } from '../captured-append.ts';
import { Supply } from '../supply.ts';
import { preparedFor } from './leftfold-append.ts';
import type { Side } from './side.ts';

/** Columns of an event that have no default. */
export const EVENT_COLUMNS =
  'version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata';

const INSERT = {
  name: 'plain_insert',
  text: `insert into leftfold.events (${EVENT_COLUMNS}) values (1, $1, $2, 1, '', $3, 'bench.note', 'bench.note', $4, $5)`,
};

/** Limit L2b: one plain INSERT into the very table of events, with its indexes and without a stream's head: what the guarantee costs. */
export function plainInsert(shape: AppendShape): Side {
  return {
    name: 'L2b',
    open: async (url, workers) => {
      const maker = new AppendMaker({ ...shape, events: 1 });
      const supply = new Supply((nth) => bareRow(maker.toNewStream(nth)));
      supply.prepare(preparedFor(workers));
      const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
      await Promise.all(clients.map((client) => client.connect()));
      return {
        work: async (worker) => {
          await clients[worker]?.query({ ...INSERT, values: insertValues(supply.take()) });
          return 1;
        },
        close: async () => void (await Promise.all(clients.map((client) => client.end()))),
      };
    },
  };
}

const insertValues = ({ ids, hash, streamId, payloads, metadata }: BareRow): unknown[] => [
  ids[0],
  hash,
  streamId,
  payloads[0],
  metadata[0],
];
