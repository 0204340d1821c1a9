import { InputInvalid } from '@leftfold/core';
import type { Storage } from '@leftfold/subscriptions';
import { postgresCheckpoints } from './checkpoints/postgres-checkpoints.ts';
import { openDatabase } from './database.ts';
import { KnownIdentity } from './log/log-identity.ts';
import { logStatements } from './log/log-statements.ts';
import { PostgresLog } from './log/postgres-log.ts';
import { Wake } from './log/wake.ts';
import type { PgPool } from './pool.ts';
import { postgresReadModels } from './read-models/postgres-read-models.ts';
import { quoted, schemaName } from './schema-name.ts';
import { PostgresEventStore } from './store/postgres-event-store.ts';
import { storeStatements } from './store/store-statements.ts';
import { WriterSchemas } from './store/writer-schemas.ts';

/** How the adapter works. */
export interface PostgresOptions {
  /**
   * Yours: its size and settings are not touched, and you end it. A reader that follows the log uses one connection at a time. Leave its
   * `default_transaction_isolation` at READ COMMITTED: above that an append that waited for another one of its stream is `LF_SERIALIZATION`,
   * never a wrong version, but no conflict that is decided anew either.
   */
  readonly pool: PgPool;
  /** Postgres schema of the log. Default `leftfold`. */
  readonly schema?: string;
  /**
   * Topic of a category's public events; `null`: all of them stay in the log. Default: the category. Decided at append and stored with the event, so a
   * change holds for new events only.
   */
  readonly topic?: (category: string) => string | null;
  /** Most events of one batch when the log is followed. 1 to 10,000, default 500. */
  readonly batchSize?: number;
  readonly limits?: {
    /** Most events of one append, over all its streams. 1 to 100,000, default 1,000. */
    readonly appendEvents?: number;
  };
}

/** What {@link postgres} gives: a storage whose store works in transactions of yours, too. */
export interface PostgresStorage extends Storage {
  readonly store: PostgresEventStore;
  readonly log: PostgresLog;
}

/**
 * A log in Postgres, with checkpoints and read models in the same database. Nothing is sent before the first call; the tables are made by
 * `applyMigrations`. Call it once per pool and schema: an append wakes the readers of its own storage only.
 * @throws {@link InputInvalid} `LF_SCHEMA_NAME_INVALID` · `LF_OPTION_OUT_OF_RANGE`
 */
export function postgres(options: PostgresOptions): PostgresStorage {
  const { pool, topic = (category) => category, batchSize = 500, limits: { appendEvents = 1_000 } = {} } = options;
  checkRange('batchSize', batchSize, 10_000);
  checkRange('limits.appendEvents', appendEvents, 100_000);
  const schema = schemaName(options.schema);
  const db = openDatabase(pool, schema);
  const [identity, schemas, wake] = [new KnownIdentity(db), new WriterSchemas(db), new Wake()];
  const shared = { db, identity, schemas, wake };
  return {
    store: new PostgresEventStore({
      ...shared,
      statements: storeStatements(quoted(schema)),
      topic,
      maxEvents: appendEvents,
    }),
    log: new PostgresLog({ ...shared, statements: logStatements(quoted(schema)), batchSize }),
    checkpoints: postgresCheckpoints(db),
    readModels: postgresReadModels(db, pool),
    description: `postgres schema ${schema}`,
  };
}

function checkRange(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new InputInvalid(
    'LF_OPTION_OUT_OF_RANGE',
    `${option} is ${value}; it must be a whole number from 1 to ${most}`,
  );
}
