import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, DatabaseError, type ClientBase, type Pool } from 'pg';
import type { AppendShape } from '../append-shape.ts';
import { benchPool } from '../bench-pool.ts';
import { nameOf } from '../bench-server.ts';
import { payloads } from '../payloads.ts';
import { SeededRandom } from '../seeded-random.ts';
import { packageVersion } from './package-version.ts';
import type { PeerStore } from './peer.ts';
import type { ProbedEvent, ProbedStore } from './probe.ts';

const PACKAGE = '@eventide/message-db';
const MANIFEST = import.meta.resolve(`${PACKAGE}/package.json`);
/** As its `install.sh` has them; roles and privileges are left out, and pgcrypto, which nothing of it uses on this Postgres. */
const INSTALLED = [
  'schema/message-store',
  'types/message',
  'tables/messages',
  ...'message-store-version,hash-64,acquire-lock,category,is-category,id,cardinal-id,stream-version,write-message,get-stream-messages,get-category-messages,get-last-stream-message'
    .split(',')
    .map((name) => `functions/${name}`),
  'indexes/messages-id',
  'indexes/messages-stream',
  'indexes/messages-category',
];
const WRITE = { name: 'write', text: 'select write_message($1, $2, $3, $4, null, $5)' };

/** message-db: its SQL functions, prepared, in a `pg` loop with a client for each writer. It writes one event a call. */
export const messageDb: PeerStore = {
  name: 'message-db',
  version: packageVersion(MANIFEST),
  prepare: async (url) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`alter database ${nameOf(url)} set search_path = message_store, public`);
    await client.query('set search_path = message_store, public');
    const folder = join(dirname(fileURLToPath(MANIFEST)), 'database');
    for (const file of INSTALLED) await client.query(readFileSync(join(folder, `${file}.sql`), 'utf8'));
    await client.end();
  },
  open: async (url, workers, shape) => {
    const texts = payloadTexts(shape);
    const run = randomUUID().slice(0, 8);
    const clients = Array.from({ length: workers }, () => new Client({ connectionString: url }));
    await Promise.all(clients.map((client) => client.connect()));
    let next = 0;
    return {
      work: async (worker) => {
        const nth = next++;
        const values = [randomUUID(), `note-${run}x${nth}`, 'noted', texts[nth % texts.length], -1];
        await clients[worker]?.query({ ...WRITE, values });
        return 1;
      },
      close: async () => void (await Promise.all(clients.map((client) => client.end()))),
    };
  },
  probed: async (url) => {
    const pool = benchPool(url, 20);
    return { store: probed(url, pool), close: () => pool.end() };
  },
};

function payloadTexts({ seed, payloadBytes }: AppendShape): readonly string[] {
  return payloads(new SeededRandom(seed), payloadBytes).map((payload) => JSON.stringify(payload));
}

/** All streams are of one category, since a category is what its reader reads. Versions begin with 0 there. */
function probed(url: string, pool: Pool): ProbedStore {
  const named = (stream: string): string => `probe-${stream.replaceAll('-', '')}`;
  const streams = new Map<string, string>();
  const write = async (
    client: ClientBase | Pool,
    stream: string,
    expected: bigint | null,
    id: string,
  ): Promise<void> => {
    streams.set(named(stream), stream);
    await client.query({ ...WRITE, values: [id, named(stream), 'noted', '{}', expected] });
  };
  return {
    append: async (stream, expected, id) => {
      try {
        await write(pool, stream, expected === 'any' ? null : expected === 'none' ? -1n : expected - 1n, id);
        return 'appended';
      } catch (error) {
        if (error instanceof DatabaseError && error.message.startsWith('Wrong expected version')) return 'conflict';
        throw error;
      }
    },
    read: async (stream) => {
      const { rows } = await pool.query<{ readonly id: string }>('select id from get_stream_messages($1, 0, -1)', [
        named(stream),
      ]);
      return rows.map(({ id }) => id);
    },
    reader: (page) => {
      let position = 1n;
      return {
        next: async () => {
          type Message = { readonly id: string; readonly stream_name: string; readonly global_position: string };
          const sql = 'select id, stream_name, global_position from get_category_messages($1, $2, $3)';
          const { rows } = await pool.query<Message>(sql, ['probe', position, page]);
          const last = rows.at(-1);
          if (last !== undefined) position = BigInt(last.global_position) + 1n;
          return rows.map(({ id, stream_name: name }): ProbedEvent => ({ id, stream: streams.get(name) ?? name }));
        },
      };
    },
    transaction: async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('begin');
      return {
        touch: async () => void (await client.query('select pg_current_xact_id()')),
        append: (stream, id) => write(client, stream, null, id),
        commit: async () => {
          await client.query('commit');
          await client.end();
        },
      };
    },
  };
}
