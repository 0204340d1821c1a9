import { applyMigrations, postgres } from '@leftfold/postgres';
import { eventually, newStream, readIds } from '@leftfold/testing';
import { Client, type Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { migrationList } from '../src/migrations/migration-list.ts';
import type { Migration } from '../src/migrations/migration.ts';
import { runMigrations } from '../src/migrations/run-migrations.ts';
import { appendAsBefore, earlierLog } from './earlier-log.ts';
import { readToEnd } from './read-to-end.ts';
import { poolerOptions } from './fresh-log.ts';

/** A connection beside the pool. */
async function connect(pool: Pool): Promise<Client> {
  const client = new Client({ connectionString: pool.options.connectionString });
  await client.connect();
  // Once more is harmless; a test that fails must not leave a transaction open, for which the pool's end would wait.
  onTestFinished(() => client.end());
  return client;
}
const isMigrated = async (pool: Pool): Promise<boolean> => {
  const { rows } = await pool.query('select max(number) as newest from leftfold.migrations');
  return rows[0]?.newest === migrationList.length;
};

test('appends of the version before go on while all migrations are applied, and none of them is lost or refused', async () => {
  const pool = await earlierLog(1);
  const written: { readonly stream: ReturnType<typeof newStream>; readonly ids: readonly string[] }[] = [];
  const state = { isDone: false };
  const writers = Array.from({ length: 8 }, async () => {
    // Once more after the last migration: the version before still runs then.
    for (let isLast = false; !isLast;) {
      isLast = state.isDone;
      const stream = newStream();
      written.push({ stream, ids: await appendAsBefore(pool, stream, 2) });
    }
  });
  await eventually(() => written.length > 20);
  await applyMigrations(pool);
  state.isDone = true;
  await Promise.all(writers);

  const { store, log } = postgres({ ...poolerOptions, pool });
  for (const { stream, ids } of written.slice(-20)) expect(await readIds(store, stream)).toEqual(ids);
  const { records } = await readToEnd(log);
  expect(records.map(({ id }) => id).toSorted()).toEqual(written.flatMap(({ ids }) => ids).toSorted());
});

test('a migration that waits for an open transaction lets appends pass, and ends after it', async () => {
  const pool = await earlierLog(4);
  await appendAsBefore(pool, newStream(), 1);
  const open = await connect(pool);
  await open.query('begin');
  await appendAsBefore(open, newStream(), 1);

  const migrating = applyMigrations(pool);
  // Those that come while it waits for the table's lock queue up behind it; two refusals by lock_timeout later they have passed.
  const watcher = await connect(pool);
  const isWaiting = async (): Promise<boolean> => {
    const { rows } = await watcher.query(
      `select count(*)::int as n from pg_locks where relation = 'leftfold.events'::regclass and not granted`,
    );
    return rows[0]?.n > 0;
  };
  for (let round = 0; round < 3; round++) {
    await eventually(isWaiting);
    await appendAsBefore(pool, newStream(), 1);
    expect(await isMigrated(pool)).toBe(false);
  }
  await open.query('commit');
  await migrating;
  expect(await isMigrated(pool)).toBe(true);
  await Promise.all([open.end(), watcher.end()]);
});

test('a migration that never gets its lock gives up, says why, and leaves no trace', async () => {
  const pool = await earlierLog(4);
  await appendAsBefore(pool, newStream(), 1);
  const open = await connect(pool);
  await open.query('begin');
  await appendAsBefore(open, newStream(), 1);
  const run = runMigrations(openDatabase(pool, 'leftfold'), migrationList, { withRoles: true, attempts: 2 });
  await expect(run).rejects.toMatchObject({
    code: 'LF_MIGRATION_BLOCKED',
    retryable: true,
    message: expect.stringContaining('0005 roles'),
  });
  await open.end();
  const { rows } = await pool.query(
    `select to_regclass('leftfold.erasures') as made, max(number) as newest from leftfold.migrations`,
  );
  expect(rows).toEqual([{ made: null, newest: 4 }]);
  await applyMigrations(pool);
});

/** Enough for a table that nobody should read under a lock. */
async function fill(pool: Pool): Promise<void> {
  await appendAsBefore(pool, newStream(), 1);
  await pool.query(
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
     select n, gen_random_uuid(), 1, schema_id, '', 'filled-a', 'filled', null, to_json(repeat('x', 1000)), '{}'
     from generate_series(1, 20000) as n, (select schema_id from leftfold.events limit 1) as pattern`,
  );
}
const indexOf = async (pool: Pool, name: string): Promise<unknown> =>
  (await pool.query(`select indisvalid as valid from pg_index where indexrelid = to_regclass('leftfold.${name}')`))
    .rows;

test('an index of a large table is built while a transaction that has written to it is open, without one append waiting', async () => {
  const pool = await earlierLog(3);
  await fill(pool);
  const open = await connect(pool);
  await open.query('begin');
  await appendAsBefore(open, newStream(), 1);

  const migrating = applyMigrations(pool);
  await eventually(async () => ((await indexOf(pool, 'events_recorded_at')) as unknown[]).length > 0);
  // The build waits for the open transaction; a lock that held writers off would keep these waiting for it, too.
  for (let i = 0; i < 20; i++) await appendAsBefore(pool, newStream(), 1);
  expect(await indexOf(pool, 'events_recorded_at')).toEqual([{ valid: false }]);
  await open.query('commit');
  await open.end();
  await migrating;
  expect(await indexOf(pool, 'events_recorded_at')).toEqual([{ valid: true }]);
});

test('many processes migrate a large log at once, and what a broken-off build left behind is built anew', async () => {
  const pool = await earlierLog(3);
  await fill(pool);
  const [open, building] = [await connect(pool), await connect(pool)];
  await open.query('begin');
  await appendAsBefore(open, newStream(), 1);
  const built = building
    .query(
      'create index concurrently events_recorded_at on leftfold.events using brin (recorded_at) with (autosummarize = on)',
    )
    .catch((error: unknown) => error);
  await eventually(async () => ((await indexOf(pool, 'events_recorded_at')) as unknown[]).length > 0);
  await pool.query(`select pg_cancel_backend(${(building as unknown as { processID: number }).processID})`);
  expect(await built).toMatchObject({ code: '57014' });
  await Promise.all([open.end(), building.end()]);
  expect(await indexOf(pool, 'events_recorded_at')).toEqual([{ valid: false }]);

  await Promise.all(Array.from({ length: 6 }, () => applyMigrations(pool)));
  expect(await indexOf(pool, 'events_recorded_at')).toEqual([{ valid: true }]);
});

test('a migration that fails is undone whole, and the ones before it stand', async () => {
  const pool = await earlierLog(1);
  const broken: Migration = {
    number: 3,
    name: 'broken',
    safeFrom: 1,
    sql: (schema) => `create table ${schema}.half (a int); select 1 / 0;\n`,
  };
  const run = runMigrations(openDatabase(pool, 'leftfold'), [...migrationList.slice(0, 2), broken], {
    withRoles: true,
  });
  await expect(run).rejects.toMatchObject({ code: '22012' });
  const { rows } = await pool.query(
    `select to_regclass('leftfold.half') as half, max(number) as newest from leftfold.migrations`,
  );
  expect(rows).toEqual([{ half: null, newest: 2 }]);
});
