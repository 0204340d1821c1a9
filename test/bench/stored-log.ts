import { randomUUID } from 'node:crypto';
import { kafkaKey, partitionHash } from '@leftfold/core';
import { Client } from 'pg';
import { postgres } from '@leftfold/postgres';
import { AppendMaker } from './append-shape.ts';
import { benchPool } from './bench-pool.ts';
import { encodedNote, notedAs, noteStream } from './bench-aggregate.ts';
import type { Run } from './run.ts';

/** A log that is there before a case begins. */
export interface StoredLog {
  readonly streams: number;
  readonly eventsEach: number;
  readonly payloadBytes: number;
  /** Where a relay sends its events. Default `bench.note`. */
  readonly topic?: string;
  /** Of how many types its events are, in turn: the n-th is {@link notedAs}(n). Default 1: all are `noted`. */
  readonly types?: number;
}

/** The key of the n-th stream of a stored log, from 0. */
export const storedKey = (nth: number): string => `stored-${nth}`;
const PREFIX = noteStream(storedKey(0)).id.slice(0, -1);

/** Makes a database with such a log, to be copied. */
export async function storeLog({ server, emptyLog, seed }: Run, log: StoredLog): Promise<string> {
  const url = await server.fresh(emptyLog);
  await fillLog(url, seed, log);
  return url;
}

/**
 * Fills an empty log within seconds for millions of events: by statements of SQL on several connections, with the indexes built afterwards. The events
 * are such as the store itself would have written.
 */
export async function fillLog(url: string, seed: number, log: StoredLog): Promise<void> {
  const maker = new AppendMaker({ seed, payloadBytes: log.payloadBytes, events: 1 });
  const schemaIds = await writerSchemas(url, maker, log);
  const client = await quickClient(url);
  const isLarge = log.streams * log.eventsEach >= MANY;
  const indexes = isLarge ? await droppedIndexes(client) : [];
  await client.query(
    `insert into leftfold.streams (tenant, stream_id, category, hash, version)
     select '', $1 || i - 1, 'bench.note', hash, $2 from unnest($3::int[]) with ordinality as each_stream(hash, i)`,
    [PREFIX, log.eventsEach, hashesOf(log)],
  );
  const { payload } = maker.event();
  const connections = isLarge ? CONNECTIONS : 1;
  await Promise.all(
    Array.from({ length: connections }, (_, nth) => insertPart(url, { nth, of: connections }, log, schemaIds, payload)),
  );
  for (const sql of indexes) await client.query(sql);
  await client.query('vacuum analyze leftfold.events, leftfold.streams');
  await client.end();
}

/** From where on building an index beats keeping it up. */
const MANY = 50_000;
const CONNECTIONS = 4;

/** Events of every `of`-th version, so that a stream's events lie as far apart as in a log that many streams share. */
async function insertPart(
  url: string,
  part: { readonly nth: number; readonly of: number },
  log: StoredLog,
  schemaIds: readonly number[],
  payload: string,
): Promise<void> {
  const client = await quickClient(url);
  const noise = noiseOf(payload);
  // Each payload has noise of its own. Hexadecimal digits of both cases compress to little more than a half, as base64 does to three quarters.
  await client.query(
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
     select v, gen_random_uuid(), hash, ($4::int[])[1 + (i + v) % cardinality($4::int[])], '', $1 || i - 1, 'bench.note', $12,
       ($5 || left(repeat(md5(i::text || v) || upper(md5(v::text || i)), $7), $8) || $6)::json, $9::json
     from generate_series($10::int, $3::int, $11::int) v, unnest($2::int[]) with ordinality as each_stream(hash, i)`,
    [
      PREFIX,
      hashesOf(log),
      log.eventsEach,
      schemaIds,
      payload.slice(0, payload.indexOf(noise)),
      payload.slice(payload.indexOf(noise) + noise.length),
      Math.ceil(noise.length / 64),
      noise.length,
      JSON.stringify({ correlationId: randomUUID() }),
      part.nth + 1,
      part.of,
      log.topic ?? 'bench.note',
    ],
  );
  await client.end();
}

/** In no hurry to have it on disk, and with room to sort. */
async function quickClient(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `set synchronous_commit = off; set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 3`,
  );
  return client;
}

/** Of each stream's key, by which it has its lane and its partition. */
const hashesOf = ({ streams }: StoredLog): readonly number[] =>
  Array.from({ length: streams }, (_, nth) => partitionHash(kafkaKey('', noteStream(storedKey(nth)).id)));

const noiseOf = (payload: string): string => (JSON.parse(payload) as { readonly noise: string }).noise;

/** The ids that the log gives to the schemas of its events; appends of the store's own ask for them. */
async function writerSchemas(
  url: string,
  maker: AppendMaker,
  { types = 1, topic = 'bench.note' }: StoredLog,
): Promise<readonly number[]> {
  const pool = benchPool(url, 2);
  const { store } = postgres({ pool, topic: () => topic });
  await store.append([maker.to(noteStream('first'), 'absent')]);
  for (let nth = 1; nth < types; nth++) {
    const events = [encodedNote({ noise: '', text: '' }, notedAs(nth))];
    await store.append([{ stream: noteStream(`first-${nth}`), expect: 'absent', events }]);
  }
  const { rows } = await pool.query<{ readonly id: number }>('select id from leftfold.schemas order by id');
  await pool.end();
  return rows.map(({ id }) => id);
}

/** Drops the indexes and constraints of the events' table, and gives the statements that make them anew, as they were. */
async function droppedIndexes(client: Client): Promise<readonly string[]> {
  const { rows: constraints } = await client.query<{ readonly name: string; readonly made: string }>(
    `select conname as name, pg_get_constraintdef(oid) as made from pg_constraint where conrelid = 'leftfold.events'::regclass and contype in ('p', 'u')`,
  );
  for (const { name } of constraints) await client.query(`alter table leftfold.events drop constraint "${name}"`);
  const { rows: indexes } = await client.query<{ readonly name: string; readonly made: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index where indrelid = 'leftfold.events'::regclass`,
  );
  for (const { name } of indexes) await client.query(`drop index ${name}`);
  return [
    ...constraints.map(({ name, made }) => `alter table leftfold.events add constraint "${name}" ${made}`),
    ...indexes.map(({ made }) => made),
  ];
}
