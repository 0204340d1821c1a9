import { openDatabase } from '../database.ts';
import type { PgPool } from '../pool.ts';
import { createRoles } from '../roles/create-roles.ts';
import { GRANTING_LATER, grants, grantsSince } from '../roles/grants.ts';
import { checkRoleNames } from '../roles/role-names.ts';
import { quoted, schemaName } from '../schema-name.ts';
import { SchemaNewer, SchemaOutdated } from './migration-errors.ts';
import { migrationList } from './migration-list.ts';
import { createMigrationsTable, createSchema, lockKey, stepText, titleOf } from './migration-text.ts';
import { appliedMigrations, runMigrations, type AppliedMigration } from './run-migrations.ts';

/** Which log is meant. */
export interface MigrationOptions {
  /** Postgres schema of the log. Default `leftfold`. */
  readonly schema?: string;
}

/** Which log is meant, and whether it has roles. */
export interface ApplyOptions extends MigrationOptions {
  /**
   * Group roles, `leftfold_writer` and its like, for logins that shall do one thing only. Default `'create'`: with the migration that gives them their
   * privileges, by whoever migrates, if they are not there yet. `'none'`: neither roles nor privileges; {@link printRoles} has both for later.
   */
  readonly roles?: 'create' | 'none';
}

/**
 * The SQL text of all migrations, for people who apply them by their own means: each is one transaction, under the lock that
 * {@link applyMigrations} takes, and enters itself into `migrations`, so run twice it fails without changing anything. On a log that is in use and large,
 * create the indexes of the missing migrations before, `concurrently`.
 * @throws `LF_SCHEMA_NAME_INVALID`
 */
export function printMigrations(options: ApplyOptions = {}): string {
  const { schema, withRoles } = checked(options);
  // Nobody waits here for long either, since whoever does may be waited for: see `alone`.
  const begin = `begin;\nset local lock_timeout = '1min';\nselect pg_advisory_xact_lock(${lockKey(schema)});\n`;
  const steps = migrationList.map((migration) => stepText(schema, migration, withRoles));
  return [createSchema(schema) + createMigrationsTable(schema), ...steps]
    .map((text) => `${begin}${text}commit;\n`)
    .join('\n');
}

/**
 * The SQL text that creates the group roles, and, where the migrations were applied already, gives them their privileges. For an administrator, where whoever
 * migrates may not create roles; for a log that was made with `roles: 'none'`. May be run at any time and again.
 * @throws `LF_SCHEMA_NAME_INVALID`
 */
export function printRoles(options: MigrationOptions = {}): string {
  const { schema } = checked(options);
  return `begin;\n${createRoles(schema)}do $grants$
begin
  if to_regclass('${quoted(schema)}.erasures') is not null then
    execute $text$
${grants(schema)}$text$;
${GRANTING_LATER.map((number) => laterGrants(schema, number)).join('')}  end if;
end $grants$;
commit;
`;
}

const laterGrants = (
  schema: string,
  number: number,
): string => `    if exists (select from ${quoted(schema)}.migrations where number = ${number}) then
      execute $text$
${grantsSince(number)(schema)}$text$;
    end if;
`;

/**
 * Brings the database to what this code needs: each missing migration in a transaction of its own, under an advisory lock, so any number of
 * processes may call it at once; one works, the others find nothing left to do. Idempotent. A failed one leaves no trace.
 *
 * Appends go on meanwhile: no step keeps a table locked for longer than an instant, and none waits for a lock for longer than a quarter of a second before
 * it lets the others pass and tries again. An index on a table of more than 16 MB is built concurrently, on a second connection of the pool.
 * Where nothing is missing it reads one table, and needs no other right.
 *
 * @throws {@link SchemaNewer} `LF_SCHEMA_NEWER` · {@link RolesRefused} `LF_ROLES_REFUSED` · {@link MigrationBlocked} `LF_MIGRATION_BLOCKED` ·
 *   `LF_SCHEMA_NAME_INVALID` · the database's own error when the user lacks another right.
 */
export async function applyMigrations(pool: PgPool, options: ApplyOptions = {}): Promise<void> {
  const { schema, withRoles } = checked(options);
  const db = openDatabase(pool, schema);
  refuseNewer(schema, await appliedMigrations(db));
  await runMigrations(db, migrationList, { withRoles });
}

/**
 * Resolves when the database is at what this code needs, or beyond it by migrations that this code may work with. One read, no lock: meant for the start
 * of a process.
 * @throws {@link SchemaOutdated} `LF_SCHEMA_OUTDATED` naming what is missing · {@link SchemaNewer} `LF_SCHEMA_NEWER` · `LF_SCHEMA_NAME_INVALID`
 */
export async function assertMigrated(pool: PgPool, options: MigrationOptions = {}): Promise<void> {
  const schema = schemaName(options.schema);
  const applied = await appliedMigrations(openDatabase(pool, schema));
  refuseNewer(schema, applied);
  const numbers = new Set(applied.map(({ number }) => number));
  const missing = migrationList.filter(({ number }) => !numbers.has(number));
  if (missing.length > 0) throw new SchemaOutdated(schema, missing.map(titleOf));
}

/** What a log without any of its tables lacks. */
export function allMigrations(): readonly string[] {
  return migrationList.map(titleOf);
}

function checked({ schema: name, roles = 'create' }: ApplyOptions): {
  readonly schema: string;
  readonly withRoles: boolean;
} {
  const schema = schemaName(name);
  const withRoles = roles === 'create';
  if (withRoles) checkRoleNames(schema);
  return { schema, withRoles };
}

/** Newer ones that are safe beside this code are none of its business. */
function refuseNewer(schema: string, applied: readonly AppliedMigration[]): void {
  const known = migrationList.length;
  const newer = applied.filter(({ number }) => number > known);
  const safeFrom = Math.max(0, ...newer.map((each) => each.safeFrom));
  if (safeFrom <= known) return;
  throw new SchemaNewer(schema, { found: Math.max(...newer.map(({ number }) => number)), safeFrom, known });
}
