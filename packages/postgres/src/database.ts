import { throwIfAborted, type Abortable } from './abortable.ts';
import { driverFault } from './driver-fault.ts';
import { hearNewConnections } from './hear-new-connections.ts';
import { lendClean, LentClient, send } from './lent-client.ts';
import type { PgPool, PgQuery, PgResult, PgTransactionClient, PgTypes } from './pool.ts';
import type { Statement } from './statement.ts';

/** One connection, as long as it is lent. Not concurrent: one query at a time. */
export interface Session {
  /** What stands for the physical connection: the same object whenever it is lent. Absent where each call may take another one. */
  readonly connection?: object;
  /**
   * The rows of a statement. Values are text, numbers, bigints, booleans or null; columns come as `columnTypes` says.
   * @throws the typed faults of {@link driverFault}; any other answer of the server as the driver's own error.
   */
  query<R>(statement: Statement, values?: readonly unknown[]): Promise<readonly R[]>;
}

/** A transaction of this package's own. */
export interface OpenTransaction extends Session {
  /** How the caller's driver reads columns by itself. */
  readonly driver: Partial<PgTypes>;
  /** A statement of somebody else's: its values as the driver takes them, and the driver's whole answer. May take minutes. @throws as {@link query} */
  run(query: PgQuery): Promise<PgResult>;
  /** Does a part of the work under a savepoint: when it rejects, or has swallowed a failed statement, nothing of it is kept and the transaction goes on. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /** @throws the first statement's failure, if one failed: nothing of such a transaction can be committed */
  assertSound(): void;
}

/** The connections of one log. Everything of this package goes through it; it is safe to call concurrently. */
export interface Database extends Session {
  /** Name of the Postgres schema, valid and unquoted. */
  readonly schema: string;
  /** Lends one connection, without a transaction. @param signal looked at before and after waiting for the connection. */
  session<T>(work: (session: Session) => Promise<T>, signal?: Abortable): Promise<T>;
  /**
   * The same for work after which more of its kind often follows at once, as an append after a read: whoever asks before the event loop goes on is handed the
   * connection that has just become free, so the pool is not asked. A fifth of what an append costs a process that writes one after the other (0013).
   */
  quickSession<T>(work: (session: Session) => Promise<T>, signal?: Abortable): Promise<T>;
  /**
   * BEGIN at READ COMMITTED, whatever the pool's default is, `work`, COMMIT. Whatever `work` throws is thrown after ROLLBACK; so is the first failed statement when `work` swallows it, since nothing
   * of such a transaction can be committed.
   * @throws `LF_OUTCOME_UNKNOWN` when the connection is lost around COMMIT.
   */
  transaction<T>(work: (tx: OpenTransaction) => Promise<T>, signal?: Abortable): Promise<T>;
  /**
   * {@link transaction} on a session that {@link session} or {@link quickSession} has lent. The server ends it when it stands idle for ten seconds: it may hold what everybody waits for, and a
   * client that is gone is else believed to be there for hours.
   */
  transactionOn<T>(session: Session, work: (tx: OpenTransaction) => Promise<T>): Promise<T>;
  /** A session on a client of the caller's, who keeps it, and its transaction, in his hands. */
  on(client: PgTransactionClient): Session;
}

/** How a log's connections are used. */
export interface DatabaseOptions {
  /** Whether statements are prepared by name, once per connection. Default true. */
  readonly prepare?: boolean;
  /** Looks at each connection before it is lent, every time; one that it rejects is closed, since it may lead to another server than the next. */
  readonly admit?: (session: Session) => Promise<void>;
}

/** The {@link Database} of a pool. @param schema must be a valid schema name. */
export function openDatabase(pool: PgPool, schema: string, { prepare = true, admit }: DatabaseOptions = {}): Database {
  hearNewConnections(pool);
  const lend = async (signal: Abortable | undefined): Promise<LentClient> => {
    throwIfAborted(signal);
    const lent = await lendClean(pool, prepare);
    try {
      throwIfAborted(signal);
      await admit?.(lent).catch((error: unknown) => {
        lent.discard(error);
        throw error;
      });
      return lent;
    } catch (error) {
      lent.giveBack();
      throw error;
    }
  };
  const session = async <T>(work: (lent: LentClient) => Promise<T>, signal?: Abortable): Promise<T> => {
    const lent = await lend(signal);
    try {
      return await work(lent);
    } finally {
      lent.giveBack();
    }
  };
  const free: LentClient[] = [];
  const giveBackFree = (): void => free.splice(0).forEach((lent) => lent.giveBack());
  return {
    schema,
    session,
    quickSession: async (work, signal) => {
      throwIfAborted(signal);
      const lent = free.pop() ?? (await lend(signal));
      try {
        return await work(lent);
      } finally {
        if (lent.mayBeHandedOn()) {
          // It runs when all that follows from this result by promises alone has run.
          if (free.length === 0) process.nextTick(giveBackFree);
          free.push(lent);
        } else lent.giveBack();
      }
    },
    query: (statement, values) => session((lent) => lent.query(statement, values)),
    transaction: (work, signal) => session((lent) => runTransaction(lent, work), signal),
    transactionOn: (lent, work) => {
      if (!(lent instanceof LentClient)) throw new TypeError('a transaction is begun on a session that is lent');
      return runTransaction(lent, work, `${BEGIN}; set local idle_in_transaction_session_timeout = ${IDLE_MS}`);
    },
    on: (client) => ({
      connection: client,
      query: async <R>(statement: Statement, values?: readonly unknown[]) => {
        try {
          return await send<R>(client, statement, values, prepare);
        } catch (error) {
          throw driverFault(error);
        }
      },
    }),
  };
}

// Named, since a pool may have another default: in a snapshot of before, what was waited for would not be seen.
const BEGIN = 'begin isolation level read committed';
/** Shorter than an append is sent again for, so that one whose connection was lost finds out what became of it. */
const IDLE_MS = 10_000;

async function runTransaction<T>(
  lent: LentClient,
  work: (tx: OpenTransaction) => Promise<T>,
  begin = BEGIN,
): Promise<T> {
  let failed: { readonly error: unknown } | undefined;
  const noting = async <R>(asking: Promise<R>): Promise<R> => {
    try {
      return await asking;
    } catch (error) {
      failed ??= { error };
      throw error;
    }
  };
  const assertSound = (): void => {
    if (failed !== undefined) throw failed.error;
  };
  const tx: OpenTransaction = {
    connection: lent.connection,
    driver: lent.driver,
    query: <R>(statement: Statement, values?: readonly unknown[]) => noting(lent.query<R>(statement, values)),
    run: (query) => noting(lent.run(query)),
    async attempt(attempted) {
      assertSound();
      await noting(lent.query({ text: 'savepoint leftfold_attempt' }));
      let result: Awaited<ReturnType<typeof attempted>>;
      try {
        result = await attempted();
        assertSound();
      } catch (error) {
        // Of one name the last savepoint counts, so attempts may stand in one another; released, for the next to be that again.
        await noting(
          lent.query({ text: 'rollback to savepoint leftfold_attempt; release savepoint leftfold_attempt' }),
        );
        failed = undefined;
        throw error;
      }
      await noting(lent.query({ text: 'release savepoint leftfold_attempt' }));
      return result;
    },
    assertSound,
  };
  await lent.control(begin);
  let result: T;
  try {
    result = await work(tx);
    assertSound();
  } catch (error) {
    // What went wrong first is what the caller must hear of; a client that cannot roll back is destroyed, not reported.
    await lent.control('rollback').catch(() => undefined);
    throw error;
  }
  await lent.control('commit', 'COMMIT');
  return result;
}
