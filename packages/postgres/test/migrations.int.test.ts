import { applyMigrations, assertMigrated, postgres, printMigrations, type PgQuery } from '@leftfold/postgres';
import { newEvents, newStream, readIds } from '@leftfold/testing';
import { Pool, type PoolConfig, type QueryConfig } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from './fresh-log.ts';

async function emptyDatabase(config: PoolConfig = {}): Promise<Pool> {
  const pool = new Pool({ connectionString: await freshDatabase(), ...config });
  onTestFinished(() => pool.end());
  return pool;
}
const numbers = async (pool: Pool): Promise<number[]> =>
  (await pool.query('select number from leftfold.migrations order by number')).rows.map((row) => row.number);

test('an empty database is refused by name of what is missing, a migrated one is not', async () => {
  const pool = await emptyDatabase();
  await expect(assertMigrated(pool)).rejects.toMatchObject({
    code: 'LF_SCHEMA_OUTDATED',
    missing: ['0001 log'],
    message: expect.stringContaining('applyMigrations'),
  });
  await applyMigrations(pool);
  await assertMigrated(pool);
});

test('many processes may apply at once, and again', async () => {
  const pool = await emptyDatabase();
  await Promise.all(Array.from({ length: 8 }, () => applyMigrations(pool)));
  await applyMigrations(pool);
  expect(await numbers(pool)).toEqual([1]);
});

test('also where transactions are REPEATABLE READ unless they say otherwise', async () => {
  const pool = await emptyDatabase({ options: String.raw`-c default_transaction_isolation=repeatable\ read` });
  await Promise.all(Array.from({ length: 8 }, () => applyMigrations(pool)));
  expect(await numbers(pool)).toEqual([1]);
});

test('a change of tables, and the wait for whoever makes one, is not given up after a minute', async () => {
  const pool = await emptyDatabase();
  const sent: PgQuery[] = [];
  await applyMigrations({
    async connect() {
      const client = await pool.connect();
      return {
        query: (query) => {
          sent.push(query);
          return client.query(query as QueryConfig);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  });
  const slow = sent.filter(({ text }) => /create table|advisory/.test(text));
  expect(slow.length).toBeGreaterThanOrEqual(4);
  for (const { query_timeout: limit = 0 } of slow) expect(limit).toBeGreaterThanOrEqual(3_600_000);
});

test('the printed text does what applying does, and run twice it changes nothing', async () => {
  const [printed, applied] = [await emptyDatabase(), await emptyDatabase()];
  await printed.query(printMigrations());
  await applyMigrations(applied);
  await assertMigrated(printed);
  const shape = async (pool: Pool): Promise<unknown[]> => {
    const sql = `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
      where table_schema = 'leftfold' order by 1, ordinal_position`;
    return (await pool.query(sql)).rows;
  };
  expect(await shape(printed)).toEqual(await shape(applied));

  const client = await printed.connect();
  await expect(client.query(printMigrations())).rejects.toMatchObject({ code: '42P07' });
  await client.query('rollback');
  client.release();
  expect(await numbers(printed)).toEqual([1]);
});

test('a database that newer code has migrated is refused', async () => {
  const pool = await emptyDatabase();
  await applyMigrations(pool);
  await pool.query(`insert into leftfold.migrations (number, name) values (999, 'later')`);
  await expect(assertMigrated(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_NEWER', retryable: false });
  await expect(applyMigrations(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_NEWER' });
});

test('two schemas of one database are two logs', async () => {
  const pool = await emptyDatabase();
  const [a, b] = ['one', 'two'].map((schema) => postgres({ pool, schema }));
  await applyMigrations(pool, { schema: 'one' });
  await applyMigrations(pool, { schema: 'two' });
  await expect(assertMigrated(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_OUTDATED' });
  const stream = newStream();
  await a?.store.append([{ stream, expect: 'absent', events: newEvents(2) }]);

  expect(await b?.store.append([{ stream, expect: 'absent', events: newEvents(1) }])).toMatchObject({
    kind: 'appended',
  });
  expect(a && (await readIds(a.store, stream))).toHaveLength(2);
  expect((await a?.log.identity())?.id).not.toBe((await b?.log.identity())?.id);
});

test('a schema name that needs quoting is refused before anything is sent', async () => {
  const pool = await emptyDatabase();
  const refused = { code: 'LF_SCHEMA_NAME_INVALID' };
  await expect(applyMigrations(pool, { schema: 'a"b' })).rejects.toMatchObject(refused);
  await expect(assertMigrated(pool, { schema: 'A' })).rejects.toMatchObject(refused);
  expect(() => printMigrations({ schema: '' })).toThrow(expect.objectContaining(refused));
  expect(() => postgres({ pool, schema: 'x y' })).toThrow(expect.objectContaining(refused));
});

test.each([{ batchSize: 0 }, { batchSize: 1.5 }, { limits: { appendEvents: 200_000 } }])(
  'the option %j is refused',
  async (option) => {
    const pool = await emptyDatabase();
    expect(() => postgres({ pool, ...option })).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
  },
);
