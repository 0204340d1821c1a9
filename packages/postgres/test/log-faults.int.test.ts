import type { Cursor, Log, LogRecord } from '@leftfold/subscriptions';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { postgres, type PgPool } from '@leftfold/postgres';
import type { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';
import { nameOf, readToEnd } from './read-to-end.ts';

interface Fault {
  readonly code: unknown;
  readonly isTriedAgain: boolean;
}

/** Runs a reader until the log reports a fault, and answers what it reported; `undefined` when it reports none for long. @param passed gets what was handed over before. */
async function faultOf(log: Log, from: Cursor | 'start' = 'start', passed: Cursor[] = []): Promise<Fault | undefined> {
  const stop = new AbortController();
  const patience = AbortSignal.timeout(10_000);
  let fault: Fault | undefined;
  await log.run(
    {
      name: 'test',
      from: async () => from,
      handle: async ({ to }) => void passed.push(to),
      faulted: (_, error, retryMs) => {
        fault ??= { code: (error as { readonly code?: unknown }).code, isTriedAgain: retryMs !== null };
        stop.abort();
      },
    },
    AbortSignal.any([stop.signal, patience]),
  );
  return fault;
}

test('L17 a reader is refused a connection inside a transaction that has an id', async () => {
  const { storage, connect } = await testLog();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  const client = await connect();
  await client.query('begin');
  await client.query('select pg_current_xact_id()');
  const careless: PgPool = {
    connect: async () => Object.assign(client, { release: () => undefined, getTransactionStatus: () => null }),
  };
  const { log } = postgres({ pool: careless });

  expect(await faultOf(log)).toEqual({ code: 'LF_READER_HAS_XID', isTriedAgain: true });
  await expect(log.head()).rejects.toMatchObject({ code: 'LF_READER_HAS_XID' });
});

test('L15 a standby is refused', async () => {
  const { storage, pool, url } = await testLog();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  // What a server says of itself, as it would on a standby; first for one that is one from the start, then for one that becomes it.
  await pool.query('create schema said; create function said.pg_is_in_recovery() returns boolean return true');
  const standby = await testLog({ url, pool: { options: '-c search_path=said,pg_catalog' } });

  expect(await faultOf(standby.storage.log)).toEqual({ code: 'LF_LOG_ON_STANDBY', isTriedAgain: true });
  await expect(standby.storage.log.identity()).rejects.toMatchObject({ code: 'LF_LOG_ON_STANDBY' });
  const append = standby.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  await expect(append).rejects.toMatchObject({ code: 'LF_LOG_ON_STANDBY' });
});

test('L15 a server that has become a standby since is refused at the next poll', async () => {
  const { storage, pool, url } = await testLog();
  await pool.query('create schema said; create function said.pg_is_in_recovery() returns boolean return false');
  const server = await testLog({ url, pool: { options: '-c search_path=said,pg_catalog' } });
  await server.storage.log.head();
  await pool.query('create or replace function said.pg_is_in_recovery() returns boolean return true');
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);

  await expect(server.storage.log.head()).rejects.toMatchObject({ code: 'LF_LOG_ON_STANDBY' });
  expect(await faultOf(server.storage.log)).toEqual({ code: 'LF_LOG_ON_STANDBY', isTriedAgain: true });
});

/** A log with a window of three pages, its cursor after the first of them, and a transaction with a snapshot of before. */
async function readInPart(): Promise<FreshLog & { readonly within: Cursor; readonly older: Client }> {
  const log = await testLog({ batchSize: 2 });
  const older = await log.connect();
  await older.query('begin isolation level repeatable read; select 1');
  await log.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(6) }]);
  const { batches } = await readToEnd(log.storage.log);
  return { ...log, older, within: batches[0]?.to as Cursor };
}

test('L15 a window is not read on from a standby, which may lack what it holds', async () => {
  const { pool, url, within } = await readInPart();
  await pool.query('create schema said; create function said.pg_is_in_recovery() returns boolean return false');
  const { storage } = await testLog({ url, batchSize: 2, pool: { options: '-c search_path=said,pg_catalog' } });
  await storage.log.identity();
  await pool.query('create or replace function said.pg_is_in_recovery() returns boolean return true');

  const passed: Cursor[] = [];
  expect(await faultOf(storage.log, within, passed)).toEqual({ code: 'LF_LOG_ON_STANDBY', isTriedAgain: true });
  expect(passed).toEqual([]);
});

test('L17 a window is not read on in a transaction whose snapshot is of before: its events would be passed over', async () => {
  const { older, within } = await readInPart();
  const careless: PgPool = {
    connect: async () => Object.assign(older, { release: () => undefined, getTransactionStatus: () => null }),
  };
  const { log } = postgres({ pool: careless, batchSize: 2, notifications: false });

  const passed: Cursor[] = [];
  expect(await faultOf(log, within, passed)).toEqual({ code: 'LF_READER_HAS_XID', isTriedAgain: true });
  expect(passed).toEqual([]);
});

test('L17 where a large window begins is not remembered from a snapshot of before: all that is below would be passed over', async () => {
  const { storage, pool, connect } = await testLog({ batchSize: 2 });
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  const before = (await readToEnd(storage.log)).cursor;
  const older = await connect();
  await older.query('begin isolation level repeatable read; select 1');
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(6) }]);
  const { batches, records } = await readToEnd(storage.log, before);

  // After the place was asked for: one connection to ask which log it is, then the one of the first page.
  let lent: number | undefined;
  const careless: PgPool = {
    connect: async () =>
      lent !== undefined && (lent += 1) === 2
        ? Object.assign(older, { release: () => undefined, getTransactionStatus: () => null })
        : pool.connect(),
  };
  const { log } = postgres({ pool: careless, batchSize: 2, notifications: false });
  const faults: unknown[] = [];
  const read: LogRecord[] = [];
  let cursor = batches[0]?.to as Cursor;
  const until = await log.head();
  await log.run(
    {
      name: 'test',
      until,
      from: async () => {
        lent ??= 0;
        return cursor;
      },
      handle: async (batch) => {
        read.push(...batch.records);
        cursor = batch.to;
      },
      faulted: (_, error) => void faults.push((error as { readonly code?: unknown }).code),
    },
    AbortSignal.timeout(10_000),
  );

  expect(faults).toEqual(['LF_READER_HAS_XID']);
  expect(read.map(nameOf)).toEqual(records.slice(2).map(nameOf));
});

test('a window that another cluster opened stops the lane', async () => {
  const { storage } = await testLog();
  const { id, generation } = await storage.log.identity();
  const ahead = `1/${id}/${generation}/3:3:/9000000000:9000000000:/2` as Cursor;

  expect(await faultOf(storage.log, ahead)).toEqual({ code: 'LF_AHEAD_OF_LOG', isTriedAgain: false });
});

test('L12 a sequence of positions with a cache is refused', async () => {
  const { storage, pool } = await testLog();
  await pool.query('alter sequence leftfold.position cache 20');

  await expect(storage.log.identity()).rejects.toMatchObject({ code: 'LF_SEQUENCE_CACHE', retryable: false });
  expect(await faultOf(storage.log)).toEqual({ code: 'LF_SEQUENCE_CACHE', isTriedAgain: false });
});

test('a cursor of another log, or of none, stops the lane', async () => {
  const [one, other] = [await testLog(), await testLog()];
  await one.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  const { cursor } = await readToEnd(one.storage.log);

  expect(await faultOf(other.storage.log, cursor)).toEqual({ code: 'LF_OTHER_LOG', isTriedAgain: false });
  expect(await faultOf(one.storage.log, 'x' as Cursor)).toEqual({ code: 'LF_CURSOR_INVALID', isTriedAgain: false });
});

test('a cursor beyond the end of its log stops the lane', async () => {
  const { storage } = await testLog();
  const { id, generation } = await storage.log.identity();
  const ahead = `1/${id}/${generation}/9000000000:9000000000:/-/0` as Cursor;

  expect(await faultOf(storage.log, ahead)).toEqual({ code: 'LF_AHEAD_OF_LOG', isTriedAgain: false });
});

test('a log without tables says how to make them', async () => {
  const { pool } = await testLog();
  const { log, store } = postgres({ pool, schema: 'nowhere' });

  await expect(log.identity()).rejects.toMatchObject({
    code: 'LF_SCHEMA_OUTDATED',
    message: expect.stringContaining("applyMigrations(pool, { schema: 'nowhere' })"),
  });
  const append = store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  await expect(append).rejects.toMatchObject({ code: 'LF_SCHEMA_OUTDATED' });
});

test('a login that is refused ends the run; it does not heal', async () => {
  const { url } = await testLog();
  const wrong = new URL(url);
  wrong.password = 'wrong';
  const { Pool } = await import('pg');
  const pool = new Pool({ connectionString: wrong.href });
  onTestFinished(() => pool.end());
  const { log } = postgres({ pool });
  const reader = {
    name: 'test',
    from: async () => 'start' as const,
    handle: async () => undefined,
    faulted: () => undefined,
  };

  await expect(log.run(reader, new AbortController().signal)).rejects.toMatchObject({ code: 'LF_STORAGE_REFUSED' });
});

test('a reader whose connections are cut says so, goes on by itself, and misses and doubles nothing', async () => {
  const { storage, pool, connect } = await testLog();
  const killer = await connect();
  const stream = newStream();
  const read: string[] = [];
  const said: string[] = [];
  let saved: Cursor | 'start' = 'start';
  const stop = new AbortController();
  const running = storage.log.run(
    {
      name: 'test',
      from: async () => saved,
      handle: async ({ records, to }) => {
        read.push(...records.map(nameOf));
        saved = to;
      },
      faulted: (_, error, retryMs) =>
        void said.push(`${(error as { readonly code?: string }).code} ${retryMs === null ? 'stops' : 'retries'}`),
      recovered: () => void said.push('recovered'),
    },
    stop.signal,
  );
  const append = async (): Promise<void> => {
    const outcome = await storage.store
      .append([{ stream, expect: 'any', events: newEvents(1) }])
      .catch(() => undefined);
    if (outcome === undefined) return append();
  };
  for (let round = 0; said.length === 0 || round < 3; round++) {
    await append();
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }
  const { version } = (await killer.query(`select version from leftfold.streams where stream_id = $1`, [stream.id]))
    .rows[0];
  await eventually(() => read.length >= Number(version) && said.at(-1) === 'recovered');
  stop.abort();
  await running;

  expect(read).toEqual(Array.from({ length: Number(version) }, (_, i) => `${stream.id}@${i + 1}`));
  expect(new Set(said)).toEqual(new Set(['LF_STORAGE_UNAVAILABLE retries', 'recovered']));
  // A connection is given back within the turn after the last that was asked of it.
  await eventually(() => pool.idleCount === pool.totalCount);
});
