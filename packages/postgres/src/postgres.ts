import { InputInvalid } from '@leftfold/core';
import type { AnyProjection, Storage } from '@leftfold/subscriptions';
import { postgresCheckpoints } from './checkpoints/postgres-checkpoints.ts';
import { postgresConditions } from './conditions/postgres-conditions.ts';
import { openDatabase } from './database.ts';
import { KnownIdentity } from './identity/log-identity.ts';
import { PostgresInline } from './inline/postgres-inline.ts';
import { checkLanes } from './log/lane-class.ts';
import { logStatements } from './log/log-statements.ts';
import { PostgresLog } from './log/postgres-log.ts';
import { postgresMilestones } from './milestones/postgres-milestones.ts';
import { Announcer } from './log/announcer.ts';
import { Listener } from './log/listener.ts';
import { Wake } from './log/wake.ts';
import { postgresParked } from './parked/postgres-parked.ts';
import type { PgPool } from './pool.ts';
import { postgresProgress } from './progress/postgres-progress.ts';
import { postgresReadModels } from './read-models/postgres-read-models.ts';
import { quoted, schemaName } from './schema-name.ts';
import { postgresSnapshots } from './snapshots/postgres-snapshots.ts';
import { PostgresEventStore } from './store/postgres-event-store.ts';
import { ReplyTrimming } from './store/reply-trimming.ts';
import { storeStatements } from './store/store-statements.ts';
import { WriterSchemas } from './store/writer-schemas.ts';
import { postgresVersions } from './versions/postgres-versions.ts';
import { postgresWithheld } from './withheld/postgres-withheld.ts';

/** How the adapter works. */
export interface PostgresOptions {
  /**
   * Yours: its size and settings are not touched, and you end it. A reader that follows the log uses one connection at a time; with several lanes each may, when
   * they are not in step. Appends to one stream each use ten at most, however many come at once; others, as those to several streams, one each. Under a
   * `default_transaction_isolation` above READ COMMITTED an append that waited for another one of its stream is sent a second time, which costs a round trip
   * and changes nothing else. Where the pool leads to a pooler in transaction mode, see {@link prepare}.
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
  /**
   * In how many lanes the log is followed: 1, 2, 4, 8 or 16, default 1. A lane is what one process owns at a time, so it is how many processes can share the
   * work of one follower; a stream is in one lane. Topics of a relay need a multiple of it as partitions. Choose it before the first follower starts: the
   * places of followers are of one number of lanes, and with another one they are refused (`LF_LANES_CHANGED`).
   */
  readonly lanes?: number;
  /**
   * Whether statements are prepared by name, once per connection. Default true. False for poolers in transaction mode that do not keep prepared statements
   * (PgBouncer before 1.21, or with `max_prepared_statements = 0`): each statement is then planned anew, which an append feels. Nothing else depends on a session.
   */
  readonly prepare?: boolean;
  /**
   * How long an append waits for a stream, a unique key or a reply's key that another transaction holds, before it is `LF_LOCK_TIMEOUT`, in milliseconds. 1 to
   * 30,000, default 5,000. A `lock_timeout` that is set on the connection goes first.
   */
  readonly lockTimeoutMs?: number;
  /**
   * Whether processes tell each other that something was appended (NOTIFY on the channel `leftfold`, in a statement of its own after the append; LISTEN on one
   * connection of the pool while a reader follows the log, unless the pool says that it has fewer than three). Default true. They only save time: an idle reader that is told looks once a
   * second by itself, one that is not, twenty times. Where notifications do not arrive, as through a pooler in transaction mode, that is noticed within seconds; false
   * saves the attempts.
   */
  readonly notifications?: boolean;
  /**
   * Projections whose rows are folded in the append's own transaction: they are there when it is answered, and an event that cannot be folded is not appended (`LF_INLINE_REFUSED`).
   * An append that one of them handles is a transaction of five round trips instead of a statement; all others cost what they did. Every process that appends such events must list it;
   * its login is a writer and a projector.
   *
   * Rows of one stream may be followed as well, before, after or at the same time: they skip what they have, and catch up with what they have missed. Rows of several streams have
   * this source alone, from the first event on (`LF_SOURCE_CHANGED`). Their tables are made by the first append, or by `inline.prepare()`.
   */
  readonly inline?: readonly AnyProjection[];
  readonly limits?: {
    /** Most events of one append, over all its streams. 1 to 100,000, default 1,000. */
    readonly appendEvents?: number;
    /** Most appends that wait in this process while others are under way; one more is `LF_APPEND_QUEUE_FULL`. 1 to 1,000,000, default 10,000. */
    readonly queuedAppends?: number;
    /** Most characters of their payloads and replies. 1 to 2^31, default 64 Mi. */
    readonly queuedBytes?: number;
  };
}

/** What {@link postgres} gives: a storage whose store works in transactions of yours, too. */
export interface PostgresStorage extends Storage {
  readonly store: PostgresEventStore;
  readonly log: PostgresLog;
}

/**
 * A log in Postgres, with checkpoints and read models in the same database. Nothing is sent before the first call; the tables are made by
 * `applyMigrations`. Call it once per pool and schema: an append wakes the readers of its own storage at once, others by a notification.
 * @throws {@link InputInvalid} `LF_SCHEMA_NAME_INVALID` · `LF_OPTION_OUT_OF_RANGE`; {@link DefinitionError} `LF_INLINE_INVALID`
 */
export function postgres(options: PostgresOptions): PostgresStorage {
  const { pool, topic = (category) => category, batchSize = 500, lanes = 1, limits = {} } = options;
  const { appendEvents = 1_000, queuedAppends = 10_000, queuedBytes = 64 * 1024 * 1024 } = limits;
  const { inline: listed = [], prepare = true, lockTimeoutMs = 5_000, notifications = true } = options;
  checkRange('batchSize', batchSize, 10_000);
  checkLanes(lanes);
  checkRange('lockTimeoutMs', lockTimeoutMs, 30_000);
  checkRange('limits.appendEvents', appendEvents, 100_000);
  checkRange('limits.queuedAppends', queuedAppends, 1_000_000);
  checkRange('limits.queuedBytes', queuedBytes, 2 ** 31);
  const schema = schemaName(options.schema);
  const identity = new KnownIdentity(schema);
  const db = openDatabase(pool, schema, { prepare, admit: (session) => identity.admit(session) });
  const [schemas, wake] = [new WriterSchemas(db), new Wake()];
  identity.onRaised(() => schemas.forget());
  const announcer = notifications ? new Announcer(db, schema) : undefined;
  const listener = announcer && new Listener(pool, announcer, wake);
  const shared = { db, identity, schemas };
  const versions = postgresVersions(db, { fedHere: listed });
  const statements = storeStatements(quoted(schema), lockTimeoutMs);
  const [checkpoints, readModels] = [postgresCheckpoints(db), postgresReadModels(db, pool, versions, listed)];
  const inline =
    listed.length === 0
      ? undefined
      : new PostgresInline(listed, { ...shared, statements, topic, checkpoints, readModels, versions });
  return {
    ...(inline && { inline: inline.projections }),
    store: new PostgresEventStore({
      ...shared,
      ...(inline && { inline }),
      appended: () => {
        wake.signal();
        announcer?.announce();
      },
      statements,
      replies: new ReplyTrimming(db),
      topic,
      maxEvents: appendEvents,
      queue: { appends: queuedAppends, bytes: queuedBytes },
      snapshots: postgresSnapshots(db),
    }),
    log: new PostgresLog({
      ...shared,
      statements: logStatements(quoted(schema)),
      wake,
      ...(listener && { listener }),
      batchSize,
      lanes,
    }),
    checkpoints,
    milestones: postgresMilestones(db),
    versions,
    conditions: postgresConditions(db),
    progress: postgresProgress(db, identity),
    readModels,
    withheld: postgresWithheld(db),
    parked: postgresParked(db),
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
