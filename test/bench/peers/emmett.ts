import { randomUUID } from 'node:crypto';
import { isExpectedVersionConflictError, STREAM_DOES_NOT_EXIST, type Event } from '@event-driven-io/emmett';
import {
  getPostgreSQLEventStore,
  readMessagesBatch,
  type PostgresEventStore,
} from '@event-driven-io/emmett-postgresql';
import { Client, type Pool } from 'pg';
import type { AppendShape } from '../append-shape.ts';
import { benchPool } from '../bench-pool.ts';
import { payloads, type BenchPayload } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { OpenSide } from '../sides/side.ts';
import { packageVersion } from './package-version.ts';
import type { PeerStore } from './peer.ts';
import type { ProbedEvent, ProbedStore } from './probe.ts';

type Noted = Event<'noted', { readonly noise: string; readonly text: string }>;
const noted = ({ noise, text }: BenchPayload): Noted => ({ type: 'noted', data: { noise, text } });

/** Emmett on PostgreSQL: `appendToStream`, with a pool of as many connections as there are writers. */
export const emmett: PeerStore = {
  name: 'emmett',
  version: packageVersion(import.meta.resolve('@event-driven-io/emmett-postgresql')),
  prepare: async (url) => {
    const pool = benchPool(url, 2);
    await getPostgreSQLEventStore(url, { connectionOptions: { pool } }).schema.migrate();
    await pool.end();
  },
  open: async (url, workers, shape) => appender(storeOn(url, workers), shape),
  probed: async (url) => {
    const { store, pool } = storeOn(url, 20);
    return { store: probed(url, store, pool), close: () => pool.end() };
  },
};

interface Opened {
  readonly store: PostgresEventStore;
  readonly pool: Pool;
}

function storeOn(url: string, connections: number): Opened {
  const pool = benchPool(url, connections);
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool }, schema: { autoMigration: 'None' } });
  return { store, pool };
}

function appender({ store, pool }: Opened, shape: AppendShape): OpenSide {
  const random = new SeededRandom(shape.seed);
  const events = payloads(random, shape.payloadBytes).map(noted);
  const run = random.letters(8);
  let next = 0;
  return {
    work: async () => {
      const nth = next++;
      const batch = Array.from({ length: shape.events }, (_, k) => events[(nth + k) % events.length] as Noted);
      await store.appendToStream(`note-${run}-${nth}`, batch, { expectedStreamVersion: STREAM_DOES_NOT_EXIST });
      return shape.events;
    },
    close: () => pool.end(),
  };
}

/** Events are told by an id in their data: the store draws its own message ids. */
function probed(url: string, store: PostgresEventStore, pool: Pool): ProbedStore {
  const event = (id: string): Noted => noted({ noise: id, text: '' });
  return {
    append: async (stream, expected, id) => {
      const options =
        expected === 'any' ? {} : { expectedStreamVersion: expected === 'none' ? STREAM_DOES_NOT_EXIST : expected };
      try {
        await store.appendToStream(stream, [event(id)], options);
        return 'appended';
      } catch (error) {
        if (isExpectedVersionConflictError(error)) return 'conflict';
        throw error;
      }
    },
    read: async (stream) => (await store.readStream<Noted>(stream)).events.map(({ data }) => data.noise),
    reader: (page) => batchReader(pool, page),
    transaction: async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('begin');
      return {
        touch: async () => void (await client.query('select pg_current_xact_id()')),
        append: async (stream, id) => {
          // The function that its `appendToStream` calls, with the same arguments.
          const sql = `select * from emt_append_to_stream(array[$1], array[$2::jsonb], array['{}'::jsonb], array['1'], array['noted'], array['E'], $3, 'note', null, 'emt:default')`;
          await client.query(sql, [randomUUID(), JSON.stringify(event(id).data), stream]);
        },
        commit: async () => {
          await client.query('commit');
          await client.end();
        },
      };
    },
  };
}

/** Its own way to read all messages, page by page: what the consumer's puller calls, with the cursor that the puller keeps. */
function batchReader(pool: Pool, batchSize: number): { next(): Promise<readonly ProbedEvent[]> } {
  type Executor = Parameters<typeof readMessagesBatch>[0];
  const executor = { query: (sql: string) => pool.query(sql) } as unknown as Executor;
  let after = 0n;
  return {
    next: async () => {
      const { messages, currentGlobalPosition } = await readMessagesBatch<Noted>(executor, { after, batchSize });
      after = currentGlobalPosition;
      return messages.map(({ data, metadata }) => ({ id: data.noise, stream: metadata.streamName }));
    },
  };
}
