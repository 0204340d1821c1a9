import { throwIfAborted, type Abortable } from '../abortable.ts';
import { sessionOn, type Database, type Session } from '../database.ts';
import type { Wake } from '../log/wake.ts';
import type { PgTransaction } from '../pool.ts';
import { unprepared } from '../statement.ts';
import type { Lend } from './writer-schemas.ts';

/** What differs between a store on a pool and the same store inside a transaction of the caller's. */
export interface Connection {
  use<T>(work: (session: Session) => Promise<T>, signal?: Abortable): Promise<T>;
  /** Runs work that may undo itself by an error, so that nothing else is undone. */
  attempt<T>(session: Session, work: () => Promise<T>): Promise<T>;
  /** Lends a connection in no transaction, given the one that is used at the moment. */
  outside(session: Session): Lend;
  /** Something was appended. */
  appended(): void;
}

/** Each call on a connection of its own, each statement its own transaction. */
export function pooled(db: Database, wake: Wake): Connection {
  return {
    use: (work, signal) => db.session(work, signal),
    attempt: (_, work) => work(),
    // The very connection in use: asking for a second while holding one is how a pool locks itself up.
    outside: (session) => (work) => work(session),
    appended: () => wake.signal(),
  };
}

/** On the caller's client, in his transaction. Nobody is woken: it is not known when, or whether, it commits. */
export function within(tx: PgTransaction, db: Database): Connection {
  const session = sessionOn(tx);
  return {
    use: async (work, signal) => {
      throwIfAborted(signal);
      return work(session);
    },
    attempt: async (_, work) => {
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
    },
    outside: () => (work) => db.session(work),
    appended: () => undefined,
  };
}
