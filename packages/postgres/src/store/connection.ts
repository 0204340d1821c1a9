import { throwIfAborted, type Abortable } from '../abortable.ts';
import { callerSession } from '../caller-session.ts';
import type { Database, Session } from '../database.ts';
import type { PgTransaction } from '../pool.ts';
import { unprepared } from '../statement.ts';
import type { Lend } from './writer-schemas.ts';

/** What differs between a store on a pool and the same store inside a transaction of the caller's. */
export interface Connection {
  /** Each statement is a transaction of its own, so one that failed or is in doubt may be sent again. */
  readonly isOurs: boolean;
  use<T>(work: (session: Session) => Promise<T>, signal?: Abortable): Promise<T>;
  /** Runs work that may undo itself by an error, so that nothing else is undone. */
  attempt<T>(session: Session, work: () => Promise<T>): Promise<T>;
  /** Runs statements that belong together, all or nothing. */
  together<T>(session: Session, work: (tx: Session) => Promise<T>): Promise<T>;
  /** Lends a connection in no transaction, given the one that is used at the moment. */
  outside(session: Session): Lend;
  /** Something was appended. */
  appended(): void;
}

/** Each call on a connection of its own, each statement its own transaction. */
export function pooled(db: Database, appended: () => void): Connection {
  return {
    isOurs: true,
    use: (work, signal) => db.quickSession(work, signal),
    attempt: (_, work) => work(),
    together: (session, work) => db.transactionOn(session, work),
    // The very connection in use: asking for a second while holding one is how a pool locks itself up.
    outside: (session) => (work) => work(session),
    appended,
  };
}

/** Per transaction of a caller's, the last of our calls in it. */
const lastCalls = new WeakMap<object, Promise<unknown>>();

/**
 * Runs our calls in one transaction one after the other, also those of two stores over it: a caller who starts two at once would else have one released, or
 * rolled back to, the other's savepoint, and an append that was told as written could be gone at his COMMIT (seen).
 */
function afterOthers<T>(transaction: object, work: () => Promise<T>): Promise<T> {
  const mine = (lastCalls.get(transaction) ?? Promise.resolve()).then(work);
  lastCalls.set(
    transaction,
    mine.catch(() => undefined),
  );
  return mine;
}

/**
 * In a transaction of the caller's. It is not known when, or whether, it commits; readers who look now, and then ever less often, find it soon after it does.
 * @throws {@link NotInTransaction} `LF_NOT_IN_TRANSACTION` for a Kysely that is no transaction
 */
export function within(tx: PgTransaction, db: Database, appended: () => void): Connection {
  const session = callerSession(tx, db);
  const attempt: Connection['attempt'] = async (_, work) => {
    await session.query(unprepared('savepoint leftfold'));
    try {
      const result = await work();
      await session.query(unprepared('release savepoint leftfold'));
      return result;
    } catch (error) {
      // A lost connection cannot roll back; what went wrong first is what counts.
      await session.query(unprepared('rollback to savepoint leftfold')).catch(() => undefined);
      await session.query(unprepared('release savepoint leftfold')).catch(() => undefined);
      throw error;
    }
  };
  return {
    isOurs: false,
    use: (work, signal) =>
      afterOthers(session.connection ?? session, async () => {
        throwIfAborted(signal);
        return work(session);
      }),
    attempt,
    together: (of, work) => attempt(of, () => work(session)),
    outside: () => (work) => db.session(work),
    appended,
  };
}
