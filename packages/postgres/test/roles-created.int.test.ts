import { randomUUID } from 'node:crypto';
import { applyMigrations, assertMigrated, postgres, printMigrations, printRoles } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { ROLES } from '../src/roles/role-names.ts';
import { describeSchema } from './describe-schema.ts';
import { freshDatabase, poolerOptions } from './fresh-log.ts';
import { onServer } from './role-login.ts';
import { listThing, project, thingList } from './thing-list.ts';

/** A schema whose roles nobody has made in this cluster yet. */
const newSchema = (): string => `log_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
const rolesOf = async (schema: string): Promise<readonly string[]> =>
  (await onServer(`select rolname from pg_roles where rolname like '${schema}\\_%' order by 1`)).map(
    (row) => (row as { rolname: string }).rolname,
  );
const allOf = (schema: string): readonly string[] => ROLES.map((role) => `${schema}_${role}`).toSorted();

async function open(url: string): Promise<Pool> {
  const pool = new Pool({ connectionString: url, max: 4 });
  onTestFinished(() => pool.end());
  return pool;
}
/** A database whose owner may create schemas there, but no roles. */
async function ownedDatabase(attributes = ''): Promise<{ readonly pool: Pool; readonly admin: Pool }> {
  const url = new URL(await freshDatabase());
  const owner = `owner_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await onServer(
    `create role ${owner} login password 'x' ${attributes}; alter database ${url.pathname.slice(1)} owner to ${owner}`,
  );
  const admin = await open(url.href);
  url.username = owner;
  url.password = 'x';
  return { pool: await open(url.href), admin };
}

test('databases of one cluster that migrate at once make the roles once, and all of them have their privileges', async () => {
  const schema = newSchema();
  const pools = await Promise.all(Array.from({ length: 6 }, async () => open(await freshDatabase())));
  await Promise.all(pools.flatMap((pool) => [applyMigrations(pool, { schema }), applyMigrations(pool, { schema })]));
  expect(await rolesOf(schema)).toEqual(allOf(schema));
  for (const pool of pools) {
    const { rows } =
      await pool.query(`select has_table_privilege('${schema}_writer', '${schema}.replies', 'insert') as may,
      pg_has_role('${schema}_rebuild', '${schema}_projector', 'usage') as member`);
    expect(rows).toEqual([{ may: true, member: true }]);
  }
});

test('who may not create roles is told so, with both remedies, and nothing of that migration is left', async () => {
  const schema = newSchema();
  const { pool } = await ownedDatabase();
  const refused = applyMigrations(pool, { schema });
  await expect(refused).rejects.toMatchObject({ code: 'LF_ROLES_REFUSED', retryable: false });
  await expect(refused).rejects.toThrow(/printRoles.*roles: 'none'/s);
  await expect(pool.query(`select 1 from ${schema}.erasures`)).rejects.toMatchObject({ code: '42P01' });
  expect(await rolesOf(schema)).toEqual([]);

  // The same by hand.
  const client = await pool.connect();
  await expect(client.query(printMigrations({ schema: newSchema() }))).rejects.toMatchObject({ code: 'LF003' });
  await client.query('rollback');
  client.release();
});

test('the first remedy: an administrator makes the roles, and migrating gives them their privileges', async () => {
  const schema = newSchema();
  const { pool, admin } = await ownedDatabase();
  await expect(applyMigrations(pool, { schema })).rejects.toMatchObject({ code: 'LF_ROLES_REFUSED' });
  await admin.query(printRoles({ schema }));
  await admin.query(printRoles({ schema }));
  await applyMigrations(pool, { schema });
  await assertMigrated(pool, { schema });
  const { rows } = await pool.query(
    `select has_table_privilege('${schema}_reader', '${schema}.events', 'select') as may`,
  );
  expect(rows).toEqual([{ may: true }]);
});

test('the second remedy: without roles all works for the owner, and later they can be added, with the same privileges', async () => {
  const { pool, admin } = await ownedDatabase();
  await applyMigrations(pool, { roles: 'none' });
  await assertMigrated(pool);
  const { store } = postgres({ ...poolerOptions, pool });
  await store.append([{ stream: newStream(), expect: 'absent', events: newEvents(2) }]);
  await expect(pool.query('delete from leftfold.events')).rejects.toMatchObject({ code: 'LF002' });
  const privileges = `select count(*)::int as n from information_schema.role_table_grants where table_schema = 'leftfold' and grantee like 'leftfold\\_%'`;
  expect((await admin.query(privileges)).rows).toEqual([{ n: 0 }]);

  await admin.query(printRoles());
  const other = await ownedDatabase('createrole');
  await other.admin.query(printRoles());
  await applyMigrations(other.pool);
  const withoutOwner = (lines: readonly string[]): readonly string[] =>
    lines.map((line) =>
      line
        .replaceAll(/owner_\w+/g, 'owner')
        .replaceAll(/\{[^{}]*=[^{}]*\}/g, (acl) => acl.slice(1, -1).split(',').toSorted().join()),
    );
  expect(withoutOwner(await describeSchema(admin))).toEqual(withoutOwner(await describeSchema(other.admin)));
});

test('who may create roles and is no superuser makes them, uses the log, and has its read models made', async () => {
  const schema = newSchema();
  const { pool, admin } = await ownedDatabase('createrole');
  await applyMigrations(pool, { schema });
  expect(await rolesOf(schema)).toEqual(allOf(schema));
  const { store } = postgres({ ...poolerOptions, pool, schema });
  await listThing(store, '1', 'a');
  await project(pool, [thingList(1)], schema);
  // Whoever created a role may not act as it, so the table is his; projectors write it all the same.
  const { rows } = await admin.query(
    `select tableowner, has_table_privilege('${schema}_projector', '${schema}_thing_list_v1.thing_list', 'insert') as may
     from pg_tables where schemaname = '${schema}_thing_list_v1' and tablename = 'thing_list'`,
  );
  expect(rows).toMatchObject([{ may: true }]);
});

test('a schema whose roles would have names that Postgres cuts off is refused, unless it does without roles', async () => {
  const [fits, longer] = ['l'.repeat(53), 'l'.repeat(54)];
  const pool = await open(await freshDatabase());
  await applyMigrations(pool, { schema: fits });
  expect(await rolesOf(fits)).toEqual(allOf(fits));
  await expect(applyMigrations(pool, { schema: longer })).rejects.toMatchObject({ code: 'LF_SCHEMA_NAME_INVALID' });
  expect(() => printMigrations({ schema: longer })).toThrow(
    expect.objectContaining({ code: 'LF_SCHEMA_NAME_INVALID' }),
  );
  expect(() => printRoles({ schema: longer })).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_NAME_INVALID' }));
  await applyMigrations(pool, { schema: longer, roles: 'none' });
  await assertMigrated(pool, { schema: longer });
});
