import type { EventId, StreamRef } from '@leftfold/core';
import { startPostgres, type PostgresServer } from '@leftfold/infra';
import type { Cursor } from '@leftfold/subscriptions';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { postgres } from '@leftfold/postgres';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, freshLog } from './fresh-log.ts';
import { Random } from './random.ts';
import { TortureReader } from './torture-reader.ts';
import { TortureWriter, type Fate } from './torture-writer.ts';

const WRITERS = 12;
/** Of each writer, twice. */
const TRANSACTIONS = 24;
const READ_AGAIN = 20;
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ own: true, settings: { wal_writer_delay: '10s', deadlock_timeout: '100ms' } });
});
afterAll(() => server.stop());

test(`L1 L3 L4 L5 L12 L18 under transactions of every kind and crashes each reader gets each event once, in its stream's order (seed ${seed})`, async () => {
  const random = new Random(seed);
  const url = await freshDatabase(server.url);
  const elsewhere = await freshDatabase(server.url);
  const log = await freshLog({ url, pool: { max: 20 } });
  await log.pool.query('create table other (i int)');
  const streams = Array.from({ length: 12 }, () => newStream());
  const fates = new Map<EventId, Fate>();
  const unmet: string[] = [];
  const readingPool = new Pool({ connectionString: url, max: 6 });
  readingPool.on('error', () => undefined);
  const readers = [1, 3, 20, 100].map(
    (batchSize) => new TortureReader(postgres({ pool: readingPool, batchSize }).log, new Random(random.below(2 ** 31))),
  );

  const write = (): Promise<unknown> => {
    const shared = { url, elsewhere, store: log.storage.store, streams, fates, unmet };
    const seeds = Array.from({ length: WRITERS }, () => random.below(2 ** 31));
    return Promise.all(
      seeds.map((each) => new TortureWriter({ ...shared, random: new Random(each) }).run(TRANSACTIONS)),
    );
  };
  const head = async (): Promise<Cursor> => (await log.storage.log.head()).get('0' as never) as Cursor;

  // A crash under load.
  const writing = write();
  await eventually(() => fates.size >= (WRITERS * TRANSACTIONS) / 2);
  await server.crash();
  await server.restart();
  await eventually(() => rollBackPrepared(log.pool));
  await writing;

  // A crash that forgets ids, right after every reader has polled at a time when these were used up.
  const appendOne = async (): Promise<void> => {
    const events = newEvents(1);
    await log.storage.store.append([{ stream: random.one(streams), expect: 'any', events }]);
    for (const { id } of events) fates.set(id, 'acked');
  };
  const pauses = readers.map((reader) => reader.pause());
  await appendOne();
  await Promise.all(pauses.map(({ atRest }) => atRest));
  await appendOne();
  await burnIds(url);
  for (const { resume } of pauses) resume();
  const before = await head();
  await eventually(() => readers.every((reader) => reader.hasPassed(before)));
  await server.crash();
  await server.restart();

  await write();
  for (const reader of readers) reader.calm();
  const end = await eventually(head);
  await eventually(() => readers.every((reader) => reader.hasPassed(end)), { timeoutMs: 30_000 });
  await Promise.all(readers.map((reader) => reader.stop()));

  const truth = await eventually(() => allEvents(log.pool));
  expect(fates.size).toBeGreaterThan(500);
  expect(unmet).toEqual([]);
  expect(new Set(truth.keys()).symmetricDifference(known(fates, 'acked', truth))).toEqual(new Set());
  for (const stream of streams) expect(versionsOf(truth, stream)).toEqual(dense(versionsOf(truth, stream).length));
  for (const reader of readers) {
    expect(reader.restarts).toBeGreaterThan(0);
    expect(reader.got.length).toBe(truth.size);
    for (const stream of streams) {
      const read = reader.got.filter((record) => record.stream === stream.id);
      expect(read.map(({ streamVersion }) => streamVersion)).toEqual(dense(versionsOf(truth, stream).length));
      expect(read.every(({ id, streamVersion }) => truth.get(id)?.version === streamVersion)).toBe(true);
    }
    for (const { at, ids } of reader.pages.slice(-READ_AGAIN))
      expect(await firstPage(readingPool, at, ids.length)).toEqual(ids);
  }
  await readingPool.end();
  await log.end();
}, 120_000);

/** Uses up transaction ids without writing anything that a crash would keep. */
async function burnIds(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 });
  pool.on('error', () => undefined);
  for (let i = 0; i < 100; i++) await pool.query('select pg_current_xact_id()');
  await pool.end();
}

/** What a crash found prepared belongs to nobody any more, and holds its streams. */
async function rollBackPrepared(pool: Pool): Promise<void> {
  const { rows } = await pool.query('select gid from pg_prepared_xacts where prepared < pg_postmaster_start_time()');
  for (const { gid } of rows) await pool.query(`rollback prepared '${gid}'`);
}

type Truth = ReadonlyMap<EventId, { readonly stream: string; readonly version: bigint }>;
async function allEvents(pool: Pool): Promise<Truth> {
  const { rows } = await pool.query(
    'select event_id, stream_id, version from leftfold.events order by stream_id, version',
  );
  return new Map(rows.map((row) => [row.event_id, { stream: row.stream_id, version: BigInt(row.version) }]));
}
/** Events that must be there: the acknowledged ones, and of those whose fate is unknown the ones that are. */
function known(fates: ReadonlyMap<EventId, Fate>, fate: Fate, truth: Truth): Set<EventId> {
  return new Set([...fates].flatMap(([id, of]) => (of === fate || (of === 'unknown' && truth.has(id)) ? [id] : [])));
}
const versionsOf = (truth: Truth, { id }: StreamRef): bigint[] =>
  [...truth.values()].filter(({ stream }) => stream === id).map(({ version }) => version);
const dense = (length: number): bigint[] => Array.from({ length }, (_, i) => BigInt(i + 1));

/** What a reader gets first that starts at a place, in batches of as many. */
async function firstPage(pool: Pool, at: Cursor, batchSize: number): Promise<readonly EventId[]> {
  const enough = new AbortController();
  let ids: readonly EventId[] = [];
  await postgres({ pool, batchSize }).log.run(
    {
      name: 'test',
      from: async () => at,
      handle: async ({ records }) => {
        ids = records.map(({ id }) => id);
        enough.abort();
      },
      faulted: () => enough.abort(),
    },
    enough.signal,
  );
  return ids;
}
