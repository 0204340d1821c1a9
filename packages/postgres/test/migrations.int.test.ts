import { randomUUID } from 'node:crypto';
import { applyMigrations, assertMigrated, postgres, printMigrations, type PgQuery } from '@leftfold/postgres';
import { newEvents, newStream, readIds } from '@leftfold/testing';
import { Pool, type PoolConfig, type QueryConfig } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { migrationList } from '../src/migrations/migration-list.ts';
import { describeSchema } from './describe-schema.ts';
import { freshDatabase, poolerOptions } from './fresh-log.ts';

const all = migrationList.map(({ number }) => number);
const newest = all.length;

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
    missing: expect.arrayContaining(['0001 log', '0005 roles']),
    message: expect.stringContaining('applyMigrations'),
  });
  await applyMigrations(pool);
  await assertMigrated(pool);
});

test('many processes may apply at once, and again', async () => {
  const pool = await emptyDatabase();
  await Promise.all(Array.from({ length: 8 }, () => applyMigrations(pool)));
  await applyMigrations(pool);
  expect(await numbers(pool)).toEqual(all);
});

test('also where transactions are REPEATABLE READ unless they say otherwise', async () => {
  const pool = await emptyDatabase({ options: String.raw`-c default_transaction_isolation=repeatable\ read` });
  await Promise.all(Array.from({ length: 8 }, () => applyMigrations(pool)));
  expect(await numbers(pool)).toEqual(all);
});

test('a change of tables is not given up after a minute', async () => {
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
  const slow = sent.filter(({ text }) => /create (?:table|index|function)|alter table/.test(text));
  expect(slow.length).toBeGreaterThanOrEqual(newest);
  for (const { query_timeout: limit = 0 } of slow) expect(limit).toBeGreaterThanOrEqual(3_600_000);
});

test('the printed text does what applying does, and run twice it changes nothing', async () => {
  const [printed, applied] = [await emptyDatabase(), await emptyDatabase()];
  await printed.query(printMigrations());
  await applyMigrations(applied);
  await assertMigrated(printed);
  expect(await describeSchema(printed)).toEqual(await describeSchema(applied));

  const client = await printed.connect();
  await expect(client.query(printMigrations())).rejects.toMatchObject({ code: '42P07' });
  await client.query('rollback');
  client.release();
  expect(await numbers(printed)).toEqual(all);
});

test('a database that newer code has migrated is refused when the migration does not say that it is safe', async () => {
  const pool = await emptyDatabase();
  await applyMigrations(pool);
  await pool.query(`insert into leftfold.migrations (number, name) values ($1, 'later')`, [newest + 1]);
  await expect(assertMigrated(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_NEWER', retryable: false });
  await expect(applyMigrations(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_NEWER' });
});

test('code starts beside newer migrations as long as the most demanding of them says that it may', async () => {
  const pool = await emptyDatabase();
  await applyMigrations(pool);
  const insert = 'insert into leftfold.migrations (number, name, safe_from) values ($1, $2, $3)';
  await pool.query(insert, [newest + 1, 'later', 1]);
  await pool.query(insert, [newest + 2, 'later still', newest]);
  await assertMigrated(pool);
  await applyMigrations(pool);

  await pool.query(insert, [newest + 3, 'too much', newest + 1]);
  await pool.query(insert, [newest + 4, 'little', 1]);
  await expect(assertMigrated(pool)).rejects.toThrow(`needs code that knows ${newest + 1}; this code knows ${newest}`);
  await expect(applyMigrations(pool)).rejects.toMatchObject({ code: 'LF_SCHEMA_NEWER' });
});

test('who finds nothing to do needs no right but to read', async () => {
  const pool = await emptyDatabase();
  await applyMigrations(pool);
  const login = `login_${randomUUID().replaceAll('-', '')}`;
  await pool.query(`create role ${login} login password 'x' in role leftfold_reader`);
  const url = new URL(pool.options.connectionString ?? '');
  url.username = login;
  url.password = 'x';
  const restricted = new Pool({ connectionString: url.href });
  onTestFinished(async () => {
    await restricted.end();
    await pool.query(`drop role ${login}`);
  });
  const { rows } = await restricted.query(
    `select has_database_privilege(current_database(), 'create') as database, has_schema_privilege('leftfold', 'create') as schema`,
  );
  expect(rows).toEqual([{ database: false, schema: false }]);
  await assertMigrated(restricted);
  await applyMigrations(restricted);
});

test('two schemas of one database are two logs', async () => {
  const pool = await emptyDatabase();
  const [a, b] = ['one', 'two'].map((schema) => postgres({ ...poolerOptions, pool, schema }));
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
  expect(() => postgres({ ...poolerOptions, pool, schema: 'x y' })).toThrow(expect.objectContaining(refused));
});

test.each([{ batchSize: 0 }, { batchSize: 1.5 }, { limits: { appendEvents: 200_000 } }])(
  'the option %j is refused',
  async (option) => {
    const pool = await emptyDatabase();
    expect(() => postgres({ pool, ...option })).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
  },
);
