import { newEvents, newStream, readIds } from '@leftfold/testing';
import type { PoolClient, PoolConfig } from 'pg';
import { expect, test } from 'vitest';
import { openDatabase, type Database, type Session } from '../src/database.ts';
import { unprepared } from '../src/statement.ts';
import { testLog, type FreshLog } from './fresh-log.ts';

const SELECT_1 = unprepared('select 1 as one');
const sql = (session: Session, text: string) => session.query<Record<string, unknown>>(unprepared(text));

async function openTestDatabase(): Promise<FreshLog & { readonly db: Database }> {
  const log = await testLog({ pool: { max: 2 }, notifications: false });
  return { ...log, db: openDatabase(log.pool, 'leftfold') };
}
/** Ends the connection that is lent, from outside. */
async function cut({ connect }: FreshLog, session: Session): Promise<void> {
  const [row] = await sql(session, 'select pg_backend_pid() as pid');
  const killer = await connect();
  await killer.query('select pg_terminate_backend($1, 5000)', [row?.['pid']]);
}
/** All connections of the pool are given back, and each of them works and is in no transaction. */
async function expectHealthy({ pool }: FreshLog, db: Database): Promise<void> {
  expect(pool.idleCount).toBe(pool.totalCount);
  const both = await Promise.all(
    [1, 2].map(() => db.query(unprepared('select pg_current_xact_id_if_assigned() as xid'))),
  );
  expect(both).toEqual([[{ xid: null }], [{ xid: null }]]);
}
/** The pool lends this client to nobody any more. */
async function expectGone(log: FreshLog & { readonly db: Database }, gone: PoolClient | undefined): Promise<void> {
  const lent = await Promise.all([log.pool.connect(), log.pool.connect()]);
  for (const client of lent) client.release();
  expect(gone).toBeDefined();
  expect(lent).not.toContain(gone);
  await expectHealthy(log, log.db);
}

test('L20 every int8 comes through the driver as it was, with a parameter and without', async () => {
  const { db } = await openTestDatabase();
  const text = 'select i::int8 as value from generate_series(0, 5000) as i';
  const expected = Array.from({ length: 5001 }, (_, i) => ({ value: BigInt(i) }));
  expect(await db.query(unprepared(`${text} where i >= $1`), [0])).toEqual(expected);
  expect(await db.query(unprepared(text))).toEqual(expected);
});

test('L20 a pool that fetches in binary form is refused', async () => {
  const { pool } = await testLog({ pool: { binary: true } as PoolConfig });
  const db = openDatabase(pool, 'leftfold');
  await expect(db.query(unprepared('select $1::int8 as value'), [128])).rejects.toMatchObject({
    code: 'LF_POOL_BINARY',
    retryable: false,
  });
});

test("our types leave the pool's own alone", async () => {
  const { db, pool } = await openTestDatabase();
  expect(await db.query(unprepared(`select 1::int8 as n, '{"a": 1}'::json as j`))).toEqual([{ n: 1n, j: '{"a": 1}' }]);
  expect((await pool.query(`select 1::int8 as n, '{"a": 1}'::json as j`)).rows).toEqual([{ n: '1', j: { a: 1 } }]);
});

test('P1 a connection lost inside a transaction is a typed fault, and the pool is healthy afterwards', async () => {
  const log = await openTestDatabase();
  const work = log.db.transaction(async (tx) => {
    await sql(tx, 'create table half (i int)');
    await cut(log, tx);
    await tx.query(SELECT_1);
  });
  await expect(work).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
  await expectHealthy(log, log.db);
  expect(await log.db.query(unprepared(`select to_regclass('half') as half`))).toEqual([{ half: null }]);
});

test('P1 an error of a connection that is lent is heard by somebody, and that connection is not used again', async () => {
  const log = await openTestDatabase();
  let lent: PoolClient | undefined;
  log.pool.once('acquire', (client) => (lent = client));
  const work = log.db.session(async (session) => {
    await session.query(SELECT_1);
    // As the driver does when the socket breaks between two queries. Without a listener this would end the process.
    lent?.emit('error', new Error('the socket broke'));
    await session.query(SELECT_1);
  });
  await expect(work).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
  await expectGone(log, lent);
});

test('P1 a client whose COMMIT was refused is closed', async () => {
  const log = await openTestDatabase();
  await log.pool.query(`
    create table t (i int);
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create constraint trigger refuse after insert on t deferrable initially deferred for each row execute function refuse()`);
  let lent: PoolClient | undefined;
  log.pool.once('acquire', (client) => (lent = client));
  const work = log.db.transaction((tx) => sql(tx, 'insert into t values (1)'));
  await expect(work).rejects.toMatchObject({ code: 'P0001' });
  await expectGone(log, lent);
});

test.each(['begin', 'begin; select 1 / 0'])(
  'P1 a client that somebody gave back in the midst of a transaction (%s) is closed: an append told as written stands',
  async (left) => {
    const log = await testLog({ pool: { max: 1 } });
    const append = { stream: newStream(), expect: 'absent' as const, events: newEvents(2) };
    await log.storage.store.append([{ ...append, stream: newStream(), events: newEvents(1) }]);
    const client = await log.pool.connect();
    await client.query(left).catch(() => undefined);
    // What the driver knows of the transaction comes after an error, with the end of its answer.
    await client.query('select 1').catch(() => undefined);
    client.release();
    expect(await log.storage.store.append([append])).toMatchObject({ kind: 'appended' });
    const other = await log.connect();
    const { rows } = await other.query(`select from leftfold.events where stream_id = '${append.stream.id}'`);
    expect(rows).toHaveLength(2);
  },
);

test('P1 a client that somebody gave back right after his statement failed is closed, at the latest when it is noticed', async () => {
  const log = await testLog({ pool: { max: 1 } });
  const append = () => [{ stream: newStream(), expect: 'absent' as const, events: newEvents(1) }];
  await log.storage.store.append(append());
  const client = await log.pool.connect();
  // In one sending, so that the driver may not have heard of its end.
  await client.query('begin; select 1 / 0').catch(() => client.release());
  await log.storage.store.append(append()).catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'LF_TRANSACTION_ABORTED' });
  });
  expect(await log.storage.store.append(append())).toMatchObject({ kind: 'appended' });
});

test('P1 a transaction that our own work leaves open does not get back to the pool', async () => {
  const log = await openTestDatabase();
  let lent: PoolClient | undefined;
  log.pool.once('acquire', (client) => (lent = client));
  await log.db.session((session) => sql(session, 'begin'));
  await expectGone(log, lent);
});

test('P1 a client that cannot roll back is closed', async () => {
  const log = await openTestDatabase();
  const reason = new Error('the work failed');
  const work = log.db.transaction(async (tx) => {
    await cut(log, tx);
    throw reason;
  });
  await expect(work).rejects.toBe(reason);
  await expectHealthy(log, log.db);
});

test('P1 work that swallows a failed statement commits nothing and hears of it', async () => {
  const log = await openTestDatabase();
  const work = log.db.transaction(async (tx) => {
    await sql(tx, 'create table half (i int)');
    await sql(tx, 'select 1 / 0').catch(() => undefined);
  });
  await expect(work).rejects.toMatchObject({ code: '22012' });
  await expectHealthy(log, log.db);
});

test('P2 a connection lost at COMMIT leaves the outcome unknown', async () => {
  const log = await openTestDatabase();
  await log.pool.query(`
    create table t (i int);
    create function cut() returns trigger language plpgsql as $$
      begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create constraint trigger cut after insert on t deferrable initially deferred for each row execute function cut()`);
  const work = log.db.transaction((tx) => sql(tx, 'insert into t values (1)'));
  await expect(work).rejects.toMatchObject({ code: 'LF_OUTCOME_UNKNOWN', retryable: false });
  await expectHealthy(log, log.db);
});

test('P2 an append whose backend is ended in its midst is sent again; a read that is, is a typed fault', async () => {
  const log = await openTestDatabase();
  const { store } = log.storage;
  await store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  // Each first row, third row and so on ends its backend.
  await log.pool.query(`
    create sequence rows;
    create function cut() returns trigger language plpgsql as $$
      begin
        if nextval('rows') % 2 = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
        return new;
      end $$;
    create trigger cut before insert on leftfold.events for each row execute function cut()`);
  const streams = [newStream(), newStream()];
  for (const stream of streams) {
    const append = store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
    expect(await append).toMatchObject({ kind: 'appended', already: false, versions: [1n] });
  }
  const read = log.db.query(unprepared('select pg_terminate_backend(pg_backend_pid())'));
  await expect(read).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
  await expectHealthy(log, log.db);
  for (const stream of streams) expect(await readIds(store, stream)).toHaveLength(1);
});

test('a server that is not there is LF_STORAGE_UNAVAILABLE', async () => {
  const log = await testLog();
  const url = new URL(log.url);
  url.port = '1';
  const { Pool } = await import('pg');
  const db = openDatabase(new Pool({ connectionString: url.href }), 'leftfold');
  await expect(db.query(SELECT_1)).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
});
