import { checkAppends, checkKeyChanges, NOTHING_WRITTEN, readRange, statedVersion } from '@leftfold/core';
import type {
  Abort,
  AppendOptions,
  AppendOutcome,
  ReadOptions,
  ReplyKey,
  Snapshots,
  StoredEvent,
  StoredReply,
  StreamAppend,
  StreamRef,
  TransactionalEventStore,
} from '@leftfold/core';
import { throwIfAborted } from '../abortable.ts';
import type { Database, Session } from '../database.ts';
import type { PostgresInline } from '../inline/postgres-inline.ts';
import type { KnownIdentity } from '../identity/log-identity.ts';
import type { PgTransaction } from '../pool.ts';
import type { AppendPace } from './append-pace.ts';
import type { AppendQueueLimits } from './append-queue.ts';
import type { Appends } from './appends.ts';
import { CallerAppends } from './caller-appends.ts';
import { pooled, within, type Connection } from './connection.ts';
import { DirectAppends } from './direct-appends.ts';
import { GroupedAppends } from './grouped-appends.ts';
import { readPages } from './read-stream.ts';
import type { ReplyTrimming } from './reply-trimming.ts';
import type { StoreStatements } from './store-statements.ts';
import { findReply } from './stored-replies.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** What the store is told about the world around it. */
export interface PostgresEventStoreOptions {
  readonly db: Database;
  readonly identity: KnownIdentity;
  readonly schemas: WriterSchemas;
  readonly statements: StoreStatements;
  /** Told after each append; inside a transaction of the caller's before it commits, if it does. */
  readonly appended: () => void;
  readonly replies: ReplyTrimming;
  /** The topic of a category's public events; `null` keeps them in the log. */
  readonly topic: (category: string) => string | null;
  /** Most events of one append, over all its streams. */
  readonly maxEvents: number;
  /** How much waits to be appended when appends come faster than they go. */
  readonly queue: AppendQueueLimits;
  /** When appends share a statement. Default: as measured. */
  readonly pace?: AppendPace;
  /** Left alone inside a caller's transaction: an event that is rolled back must leave none. */
  readonly snapshots?: Snapshots;
  /** What is applied with appends, if anything. */
  readonly inline?: PostgresInline;
}

/**
 * Streams in Postgres. An append to one stream is one statement in one round trip; several streams, a stored reply or unique keys are one statement, too. One
 * that is refused costs one more read, which says why. Nothing else is ever sent on the usual path. Appends to one stream each that come faster than they can go
 * alone share statements ({@link GroupedAppends}).
 *
 * An append that lost against a concurrent one (a serialization failure, a deadlock) is sent again, up to ten times in all. One whose connection was lost is sent once
 * more, for up to 15 s: its event ids say what became of the first sending. `LF_OUTCOME_UNKNOWN` is left for what cannot be known.
 *
 * An append that projections are applied with ({@link PostgresInline}) is a transaction: its statement, then theirs.
 *
 * {@link within} takes a client on which BEGIN was sent, or a transaction of Kysely's. There each append stands behind a savepoint, so three statements; its
 * lock time-out holds to the end of that transaction, unless one is set already; nothing is sent again; readers of this process are not woken, since
 * nobody knows when it commits; and a schema that is new to the log is written by a connection of the pool, so that it stays when the transaction does not.
 */
export class PostgresEventStore implements TransactionalEventStore<PgTransaction> {
  readonly snapshots?: Snapshots;
  readonly #options: PostgresEventStoreOptions;
  readonly #connection: Connection;
  readonly #appends: Appends;

  constructor(options: PostgresEventStoreOptions, connection: Connection = pooled(options.db, options.appended)) {
    if (options.snapshots && connection.isOurs) this.snapshots = options.snapshots;
    this.#options = options;
    this.#connection = connection;
    const direct = new DirectAppends(options, connection);
    this.#appends = connection.isOurs
      ? new GroupedAppends({ ...options, direct, connection })
      : new CallerAppends(direct);
  }

  within(tx: PgTransaction): PostgresEventStore {
    return new PostgresEventStore(this.#options, within(tx, this.#options.db, this.#options.appended));
  }

  async *read(stream: StreamRef, options: ReadOptions = {}): AsyncIterable<readonly StoredEvent[]> {
    const { schemas, statements } = this.#options;
    const reading = {
      use: <T>(work: (session: Session) => Promise<T>) => this.#connection.use(work, options.signal),
      ahead: this.#connection.isOurs,
      statements: statements.read,
      schemas,
      stream,
    };
    yield* readPages(reading, readRange(options));
  }

  async append(appends: readonly StreamAppend[], options: AppendOptions = {}): Promise<AppendOutcome> {
    const { reply, keys = [], signal } = options;
    throwIfAborted(signal);
    const written = appends.filter(({ events }) => events.length > 0);
    checkAppends(written, this.#options.maxEvents);
    checkKeyChanges(keys);
    if (written.length === 0 && reply === undefined && keys.length === 0) {
      const versions = appends.map(({ expect }) => statedVersion(expect));
      return { kind: 'appended', versions, token: NOTHING_WRITTEN, already: false };
    }
    const outcome = await this.#appends.append({ written, all: appends, reply, keys, signal });
    if (reply !== undefined && outcome.kind === 'appended') this.#options.replies.stored();
    return outcome;
  }

  async reply(key: ReplyKey, options: { readonly signal?: Abort } = {}): Promise<StoredReply | undefined> {
    const { statements } = this.#options;
    return this.#connection.use((session) => findReply(session, statements.reply, key), options.signal);
  }
}
