import { event, t } from '@leftfold/core';
import { postgres, readModels, sqlProjection } from '@leftfold/postgres';
import { follow, projection } from '@leftfold/subscriptions';
import { sql, type Generated, type Transaction } from 'kysely';
import { Pool } from 'pg';
import Cursor from 'pg-cursor';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';
import { roleLogin } from './role-login.ts';
import { listThing } from './thing-list.ts';

afterEach(() => void vi.useRealTimers());

const happened = event('ops.thing.listed', { what: t.string() });
const row = { id: t.string(), count: t.integer() };
/** Versions of one projection, each with a count that tells it from the others. */
const counts = (version: number, columns: typeof row = row) =>
  projection('counts', { version, key: 'id', row: columns }).upsert(happened, (_, { stream }) => ({
    id: stream.key,
    count: version,
  }));

/** Makes a version, with one row, live. */
async function make({ storage, pool }: FreshLog, version: number): Promise<void> {
  await storage.readModels.prepare(counts(version).tables);
  await pool.query(
    `insert into leftfold_counts_v${version}.counts (id, count, _stream_version) values ('a', ${version}, 1)`,
  );
  await storage.versions.set({ name: 'counts', version }, 'live');
}
const open = (pool: Pool, version = 1) => readModels(pool, [counts(version)], { cursor: Cursor });
const read = async (db: Pick<ReturnType<typeof open>, 'selectFrom'>): Promise<number | undefined> =>
  (await db.selectFrom('counts').selectAll().executeTakeFirst())?.count;
/** Until a reader looks again, for whoever reads the clock that readers do. */
const afterAWhile = (): void => void vi.advanceTimersByTime(5_000);

test('before any version is live a query says so, and which; afterwards the same reader reads', async () => {
  const log = await testLog();
  const db = open(log.pool);
  await expect(read(db)).rejects.toMatchObject({
    code: 'LF_READ_MODEL_UNBOUND',
    retryable: true,
    projection: 'counts',
  });
  await expect(db.transaction().execute(read)).rejects.toMatchObject({ code: 'LF_READ_MODEL_UNBOUND' });
  expect(await sql<{ one: number }>`select 1 as one`.execute(db)).toMatchObject({ rows: [{ one: 1 }] });
  await make(log, 1);
  expect(await read(db)).toBe(1);
});

test('a reader looks again every few seconds, and a transaction goes on as it began', async () => {
  const log = await testLog();
  await make(log, 1);
  vi.useFakeTimers({ toFake: ['performance'] });
  const db = open(log.pool);
  expect(await read(db)).toBe(1);
  await make(log, 2);
  await db.transaction().execute(async (trx) => {
    expect(await read(trx)).toBe(1);
    afterAWhile();
    expect(await read(db)).toBe(2);
    expect(await read(trx)).toBe(1);
  });
  expect(await Array.fromAsync(db.selectFrom('counts').select('count').stream(1))).toEqual([{ count: 2 }]);
});

test('where a table is gone a reader looks at once, and the query is not felt to fail; in a transaction the next one reads', async () => {
  const log = await testLog();
  await make(log, 1);
  await make(log, 2);
  const db = open(log.pool);
  expect(await read(db)).toBe(2);
  await log.pool.query('drop schema leftfold_counts_v2 cascade');
  expect(await read(db)).toBe(1);
  expect((await log.storage.versions.list('counts')).map(({ version }) => version)).toEqual([1]);

  await make(log, 3);
  const another = open(log.pool);
  expect(await read(another)).toBe(3);
  await log.pool.query('drop schema leftfold_counts_v3 cascade');
  await expect(another.transaction().execute(read)).rejects.toMatchObject({ code: '42P01' });
  expect(await another.transaction().execute(read)).toBe(1);
  await expect(
    sql`select * from ${sql.table('nowhere')} join ${sql.table('counts')} on true`.execute(another),
  ).rejects.toMatchObject({
    code: '42P01',
  });
});

test('values are read by the columns of whichever version is bound, also of one that was read by another name before', async () => {
  const log = await testLog();
  await make(log, 1);
  vi.useFakeTimers({ toFake: ['performance'] });
  const db = open(log.pool);
  expect(await read(db)).toBe(1);
  await make(log, 2);
  // Nobody's table as yet, so its int8 is one.
  const unbound = await sql<object>`select * from leftfold_counts_v2.counts`.execute(db);
  expect(unbound.rows).toEqual([{ _tenant: '', id: 'a', count: 2n, _stream_version: 1n }]);
  afterAWhile();
  expect(await db.selectFrom('counts').selectAll().execute()).toEqual([{ id: 'a', count: 2, _stream_version: 1n }]);
});

test('a connection is all that it takes, also one that is lent to a transaction', async () => {
  const log = await testLog();
  await make(log, 1);
  const pool = new Pool({ connectionString: log.url, max: 1, connectionTimeoutMillis: 5_000 });
  onTestFinished(() => pool.end());
  expect(await open(pool).transaction().execute(read)).toBe(1);
  const storage = postgres({ pool, notifications: false });
  expect(await storage.versions.bound(counts(1).tables)).toBe(1);
});

test('nothing in a query but its tables is taken for one: not what looks like a placeholder, in a text, a value or a name', async () => {
  const log = await testLog();
  await make(log, 1);
  const db = open(log.pool);
  const { sql: text } = db.selectFrom('counts').select('id').compile();
  const [, placeholder = ''] = /"(counts of [0-9a-f]+)"\."counts"/.exec(text) ?? [];
  expect(placeholder).not.toBe('');
  const odd = `"any of x"."counts" ${text}`;
  const { rows } =
    await sql<object>`select ${odd} as value, ${sql.lit('"counts of 0"')} as text, id as "counts of ""1""" from ${sql.table('counts')}`.execute(
      db,
    );
  expect(rows).toEqual([{ value: odd, text: '"counts of 0"', 'counts of "1"': 'a' }]);
});

interface Sales {
  sales: { sku: string; sold: bigint; day: Date };
  best: { sku: string };
  users: { id: string };
}
const sales = (version: number) =>
  sqlProjection('own-sales', {
    version,
    create: async (db: Transaction<Sales>) => {
      await sql`create table sales (sku text primary key, sold bigint not null, day date not null)`.execute(db);
      await sql`create view best as select sku from sales order by sold desc limit 1`.execute(db);
    },
  }).on(happened, async ({ stream, data }, db) => {
    const day = new Date('2026-11-22T00:00:00Z');
    await db
      .insertInto('sales')
      .values({ sku: `${data.what} ${stream.key}`, sold: BigInt(version), day })
      .execute();
  });

test('tables that a projection makes itself are read in its own version, once that is live, beside tables of rows and of others', async () => {
  const log = await testLog();
  await log.pool.query(`create table users (id text); insert into users values ('u')`);
  await make(log, 1);
  await listThing(log.storage.store, '1', 'a');
  const following = async (version: number) => {
    const running = await follow(sales(version), { from: log.storage.log, storage: log.storage });
    await running.caughtUp();
    await running.stop();
  };
  await following(1);
  await log.storage.readModels.prepare(sales(2).tables);

  const db = readModels(log.pool, [sales(1), counts(1)]);
  const first = [{ sku: 'a 1', sold: 1n, day: new Date('2026-11-22T00:00:00Z') }];
  expect(await db.selectFrom('sales').selectAll().execute()).toEqual(first);
  expect(
    await db
      .selectFrom('best as b')
      .innerJoin('counts as c', (on) => on.onTrue())
      .selectAll()
      .execute(),
  ).toMatchObject([{ sku: 'a 1', id: 'a', count: 1 }]);
  expect(await db.selectFrom('users').selectAll().execute()).toEqual([{ id: 'u' }]);

  const newer = readModels(log.pool, [sales(2)]);
  await expect(newer.selectFrom('sales').selectAll().execute()).rejects.toMatchObject({
    code: 'LF_READ_MODEL_UNBOUND',
  });
  expect(await newer.selectFrom('users').selectAll().execute()).toEqual([{ id: 'u' }]);
  await following(2);
  expect(
    await readModels(log.pool, [sales(2)])
      .selectFrom('sales')
      .selectAll()
      .execute(),
  ).toEqual([{ ...first[0], sold: 2n }]);
});

test('two projections that make a table of one name are read with the schema, or with two readers', async () => {
  const log = await testLog();
  const named = (name: string) =>
    sqlProjection(name, {
      version: 1,
      create: async (db: Transaction<{ sales: { id: Generated<number> } }>) => {
        await sql`create table sales (id int)`.execute(db);
      },
    }).on(happened, async () => {});
  for (const one of [named('own-a'), named('own-b')]) await log.storage.readModels.prepare(one.tables);
  const both = readModels(log.pool, [named('own-a'), named('own-b')]);
  await expect(both.selectFrom('sales').selectAll().execute()).rejects.toMatchObject({
    code: 'LF_ROW_TABLE_AMBIGUOUS',
  });
  expect(
    await readModels(log.pool, [named('own-b')])
      .selectFrom('sales')
      .selectAll()
      .execute(),
  ).toEqual([]);
});

test('who may only read can register nothing, and need not; and sees who feeds what', async () => {
  const log = await testLog();
  await make(log, 1);
  const pool = await roleLogin(log.url, ['reader']);
  const { readModels: models, versions } = postgres({ pool });
  await models.prepare(counts(1).tables);
  expect(await read(open(pool))).toBe(1);
  expect(await versions.list()).toMatchObject([{ projection: 'counts', version: 1, state: 'live', fedBy: [] }]);
  await expect(versions.set({ name: 'counts', version: 1 }, 'building')).rejects.toMatchObject({ code: '42501' });
  const operator = postgres({ pool: await roleLogin(log.url, ['operator']) });
  expect(await operator.versions.set({ name: 'counts', version: 1 }, 'building')).toBe(true);
  await expect(operator.versions.following({ name: 'counts', version: 1 })).rejects.toMatchObject({ code: '42501' });
});

test('versions that were made before there was a list of them are live, and their columns are noted by who knows them', async () => {
  const log = await testLog();
  await make(log, 1);
  await log.pool.query('update leftfold.versions set columns = null');
  expect(await read(open(log.pool))).toBe(1);
  await expect(read(open(log.pool, 2))).rejects.toMatchObject({ code: 'LF_READ_MODEL_UNBOUND' });
  const reader = postgres({ pool: await roleLogin(log.url, ['reader']) });
  await reader.readModels.prepare(counts(1).tables);
  expect(await reader.versions.bound(counts(1).tables), 'who may only read starts, and reads, before that').toBe(1);
  await expect(reader.readModels.prepare(counts(2).tables)).rejects.toMatchObject({ code: 'LF_READ_MODEL_FORBIDDEN' });
  await log.storage.readModels.prepare(counts(1).tables);
  expect(await read(open(log.pool, 2))).toBe(1);
});

test('a second version is live when its follower has passed what stood there at its start, by whichever process, and no sooner', async () => {
  const log = await testLog({ lanes: 2 });
  for (const key of ['1', '2', '3', '4']) await listThing(log.storage.store, key, 'a');
  await log.storage.readModels.prepare(counts(1).tables);
  const state = async () => (await log.storage.versions.list('counts')).find(({ version }) => version === 2)?.state;
  // It holds one of the lanes, so that the follower has to wait for it.
  const follower = { name: 'counts', version: 2 };
  const lane = '1' as Parameters<typeof log.storage.checkpoints.claim>[1];
  const claim = await log.storage.checkpoints.claim(follower, lane, {
    owner: 'slow',
    leaseMs: 300_000,
    respectLease: true,
  });
  if (claim === undefined) throw new Error('nobody else wants it');
  let looks = 0;
  const { checkpoints } = log.storage;
  const list: typeof checkpoints.list = (of) => ((looks += 1), checkpoints.list(of));
  const storage = { ...log.storage, checkpoints: { ...checkpoints, list } };
  const running = await follow(counts(2), { from: storage.log, storage, leaseMs: 1_000 });
  onTestFinished(() => running.stop());
  const [head] = [...(await log.storage.log.head())].filter(([each]) => each === '0').map(([, cursor]) => cursor);
  await vi.waitFor(async () => {
    const [zero] = await log.storage.checkpoints.list(follower);
    expect(zero?.lane === '0' && head !== undefined && log.storage.log.hasPassed(zero.cursor, head)).toBe(true);
  }, 20_000);
  const before = looks;
  await vi.waitFor(() => expect(looks).toBeGreaterThan(before + 1), 20_000);
  expect(await state()).toBe('building');
  await log.storage.checkpoints.release(claim);
  await running.caughtUp();
  expect(await state()).toBe('live');
  expect((await log.storage.versions.list('counts'))[1]?.fedBy).toHaveLength(1);
});

test('a version that was dropped is forgotten whole: when it comes back it begins anew, and has every row', async () => {
  const log = await testLog();
  for (const key of ['1', '2']) await listThing(log.storage.store, key, 'a');
  const following = async (version: number) => {
    const running = await follow(counts(version), { from: log.storage.log, storage: log.storage });
    await running.caughtUp();
    await running.stop();
  };
  const ids = async (version: number) =>
    (await open(log.pool, version).selectFrom('counts').selectAll().execute()).length;
  await following(1);
  await following(2);
  expect((await log.storage.versions.list('counts')).map(({ state }) => state)).toEqual(['live', 'live']);
  await log.pool.query(`select leftfold.drop_model_schema('leftfold_counts_v2')`);
  expect(await log.storage.checkpoints.list({ name: 'counts', version: 2 })).toEqual([]);
  await listThing(log.storage.store, '3', 'a');
  await log.storage.readModels.prepare(counts(2).tables);
  expect((await log.storage.versions.list('counts')).map(({ state }) => state)).toEqual(['live', 'building']);
  expect(await ids(2)).toBe(2);
  await following(2);
  expect(await ids(2)).toBe(3);
});
