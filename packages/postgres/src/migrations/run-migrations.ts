import { setTimeout as delay } from 'node:timers/promises';
import { ROLES_REFUSED } from '../roles/create-roles.ts';
import type { Database, Session } from '../database.ts';
import { isDatabaseError } from '../driver-fault.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared } from '../statement.ts';
import { LockTimeout } from '../storage-errors.ts';
import { MigrationBlocked, RolesRefused } from './migration-errors.ts';
import type { Migration } from './migration.ts';
import { createMigrationsTable, createSchema, lockKey, stepText, titleOf } from './migration-text.ts';
import { buildLargeIndexes } from './build-large-indexes.ts';

/** About a minute and a half. */
const ATTEMPTS = 100;

/** How migrations are run. */
export interface RunOptions {
  /** False leaves group roles and their privileges out. */
  readonly withRoles: boolean;
  /** How often a migration tries to lock its tables. Default 100, about a minute and a half. */
  readonly attempts?: number;
}

/** A migration that a database has. */
export interface AppliedMigration {
  readonly number: number;
  /** See {@link Migration.safeFrom}; of one that does not say, its own number. */
  readonly safeFrom: number;
}

/** The migrations that the database has, none when there is no log. */
export async function appliedMigrations(db: Database): Promise<readonly AppliedMigration[]> {
  return db.session(async (session) => ((await hasTable(session, db.schema)) ? appliedIn(session, db.schema) : []));
}

/** Runs those of a list that the database lacks, in their order. Any number of processes may: one works, the others wait and find nothing left to do. */
export async function runMigrations(db: Database, list: readonly Migration[], options: RunOptions): Promise<void> {
  const applied = new Set((await appliedMigrations(db)).map(({ number }) => number));
  const missing = list.filter(({ number }) => !applied.has(number));
  if (missing.length === 0) return;
  if (applied.size === 0) await alone(db, (tx) => makeTable(tx, db.schema));
  for (const migration of missing) await runMigration(db, migration, options);
}

async function runMigration(
  db: Database,
  migration: Migration,
  { withRoles, attempts = ATTEMPTS }: RunOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await alone(db, async (tx) => {
        if ((await appliedIn(tx, db.schema)).some(({ number }) => number === migration.number)) return;
        await buildLargeIndexes(db, tx, migration.indexes ?? []);
        await tx.query(unhurried(stepText(db.schema, migration, withRoles)));
      });
      return;
    } catch (error) {
      if (isDatabaseError(error) && error.code === ROLES_REFUSED) throw new RolesRefused(db.schema, error);
      if (!(error instanceof LockTimeout)) throw error;
      if (attempt === attempts) throw new MigrationBlocked(titleOf(migration), attempts, error);
      // Long enough for those who queued behind us to go on.
      await delay(200 + Math.random() * 800);
    }
  }
}

/**
 * Runs work in a transaction that holds the lock of the log's migrations. The lock is tried, not waited for: a statement that waits has a snapshot, and whoever
 * builds an index concurrently waits for the end of all older snapshots, so the two would wait for each other, unseen by Postgres.
 */
async function alone<T>(db: Database, work: (tx: Session) => Promise<T>): Promise<T> {
  for (;;) {
    const done = await db.transaction(async (tx) => {
      // It stands idle meanwhile where an index is built beside it.
      const [row] = await tx.query<{ readonly locked: boolean }>(
        unprepared(
          `select pg_try_advisory_xact_lock(${lockKey(db.schema)}) as locked,
             set_config('idle_in_transaction_session_timeout', '0', true), set_config('statement_timeout', '0', true)`,
        ),
      );
      return row?.locked === true ? { result: await work(tx) } : undefined;
    });
    if (done !== undefined) return done.result;
    await delay(50 + Math.random() * 200);
  }
}

async function makeTable(tx: Session, schema: string): Promise<void> {
  // Not asked for where it is there: even `if not exists` needs the right to create schemas.
  const [found] = await tx.query<{ readonly there: boolean }>(
    unprepared(`select to_regnamespace('${quoted(schema)}') is not null as there`),
  );
  const text = createMigrationsTable(schema);
  await tx.query(unhurried(found?.there === true ? text : createSchema(schema) + text));
}

async function hasTable(session: Session, schema: string): Promise<boolean> {
  const [found] = await session.query<{ readonly there: boolean }>(
    unprepared(`select to_regclass('${quoted(schema)}.migrations') is not null as there`),
  );
  return found?.there === true;
}

/** Read as a document, since a column that a later migration adds may be missing. */
async function appliedIn(session: Session, schema: string): Promise<readonly AppliedMigration[]> {
  const rows = await session.query<{ readonly number: number; readonly safe_from: number }>(
    unprepared(
      `select number, coalesce((to_jsonb(m) ->> 'safe_from')::int, number) as safe_from from ${quoted(schema)}.migrations as m order by number`,
    ),
  );
  return rows.map(({ number, safe_from: safeFrom }) => ({ number, safeFrom }));
}
