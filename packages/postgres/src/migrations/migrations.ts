import { LeftfoldError } from '@leftfold/core';
import { openDatabase, type Session } from '../database.ts';
import type { PgPool } from '../pool.ts';
import { quoted, schemaName } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import { log } from './0001-log.ts';
import type { Migration } from './migration.ts';

/** All of them, by number. */
const migrations: readonly Migration[] = [log];

/** Which log is meant. */
export interface MigrationOptions {
  /** Postgres schema of the log. Default `leftfold`. */
  readonly schema?: string;
}

/** The database lacks what this code needs. `LF_SCHEMA_OUTDATED` */
export class SchemaOutdated extends LeftfoldError {
  readonly code = 'LF_SCHEMA_OUTDATED' as const;
  readonly retryable = false as const;
  /** What is missing, as `0001 log`. */
  readonly missing: readonly string[];

  constructor(schema: string, missing: readonly string[], options?: { readonly cause?: unknown }) {
    super(
      `the schema ${schema} lacks ${missing.length === 1 ? 'migration' : 'migrations'} ${missing.join(', ')}; ` +
        `apply with applyMigrations(pool, { schema: '${schema}' }), or run what printMigrations({ schema: '${schema}' }) prints`,
      options,
    );
    this.missing = missing;
  }
}

/** The database was migrated by newer code than this; older code could write what the newer does not expect. `LF_SCHEMA_NEWER` */
export class SchemaNewer extends LeftfoldError {
  readonly code = 'LF_SCHEMA_NEWER' as const;
  readonly retryable = false as const;

  constructor(schema: string, found: number, known: number) {
    super(
      `the schema ${schema} is at migration ${found}, this code knows ${known}; run a version of @leftfold/postgres that knows it`,
    );
  }
}

/**
 * The SQL text of all migrations, for people who apply them by their own means: each is one transaction, under the lock that
 * {@link applyMigrations} takes, and enters itself into `migrations`, so run twice it fails without changing anything.
 * @throws `LF_SCHEMA_NAME_INVALID`
 */
export function printMigrations(options: MigrationOptions = {}): string {
  const schema = schemaName(options.schema);
  const first = `begin;\n${lockText(schema)};\n${tableText(schema)};\ncommit;\n`;
  const steps = migrations.map((migration) => `begin;\n${lockText(schema)};\n${stepText(schema, migration)}commit;\n`);
  return [first, ...steps].join('\n');
}

/**
 * Brings the database to what this code needs: each missing migration in a transaction of its own, under an advisory lock, so any number of
 * processes may call it at once; one works, the others find nothing left to do. Idempotent. A failed one leaves no trace.
 * @throws {@link SchemaNewer} `LF_SCHEMA_NEWER` · `LF_SCHEMA_NAME_INVALID` · the database's own error when the user lacks a right.
 */
export async function applyMigrations(pool: PgPool, options: MigrationOptions = {}): Promise<void> {
  const schema = schemaName(options.schema);
  const db = openDatabase(pool, schema);
  await db.transaction(async (tx) => {
    await tx.query(unhurried(lockText(schema)));
    await tx.query(unhurried(tableText(schema)));
  });
  for (const migration of migrations) {
    await db.transaction(async (tx) => {
      await tx.query(unhurried(lockText(schema)));
      const applied = await appliedIn(tx, schema);
      refuseNewer(schema, applied);
      if (!applied.includes(migration.number)) await tx.query(unhurried(stepText(schema, migration)));
    });
  }
}

/**
 * Resolves when the database is at what this code needs. One read, no lock: meant for the start of a process.
 * @throws {@link SchemaOutdated} `LF_SCHEMA_OUTDATED` naming what is missing · {@link SchemaNewer} `LF_SCHEMA_NEWER` · `LF_SCHEMA_NAME_INVALID`
 */
export async function assertMigrated(pool: PgPool, options: MigrationOptions = {}): Promise<void> {
  const schema = schemaName(options.schema);
  const applied = await openDatabase(pool, schema).session(async (session): Promise<readonly number[]> => {
    const [found] = await session.query<{ readonly there: boolean }>(
      unprepared(`select to_regclass('${quoted(schema)}.migrations') is not null as there`),
    );
    return found?.there === true ? appliedIn(session, schema) : [];
  });
  refuseNewer(schema, applied);
  const missing = migrations.filter(({ number }) => !applied.includes(number));
  if (missing.length > 0) throw new SchemaOutdated(schema, missing.map(titleOf));
}

/** What a log without any of its tables lacks. */
export function allMigrations(): readonly string[] {
  return migrations.map(titleOf);
}

async function appliedIn(session: Session, schema: string): Promise<readonly number[]> {
  const rows = await session.query<{ readonly number: number }>(
    unprepared(`select number from ${quoted(schema)}.migrations order by number`),
  );
  return rows.map(({ number }) => number);
}

function refuseNewer(schema: string, applied: readonly number[]): void {
  const found = Math.max(0, ...applied);
  if (found > migrations.length) throw new SchemaNewer(schema, found, migrations.length);
}

const titleOf = ({ number, name }: Migration): string => `${String(number).padStart(4, '0')} ${name}`;

/** Released at the end of the transaction, so nothing is left behind by a process that dies. The first number is ours, the second the schema's. */
const lockText = (schema: string): string => `select pg_advisory_xact_lock(1818313572, hashtext('${schema}'))`;

const tableText = (schema: string): string =>
  `create schema if not exists ${quoted(schema)};\ncreate table if not exists ${quoted(schema)}.migrations ` +
  '(number int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())';

const stepText = (schema: string, { number, name, sql }: Migration): string =>
  `${sql(quoted(schema))}insert into ${quoted(schema)}.migrations (number, name) values (${number}, '${name}');\n`;
