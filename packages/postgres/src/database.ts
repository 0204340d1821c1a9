import { throwIfAborted, type Abortable } from './abortable.ts';
import { columnTypes } from './column-types.ts';
import { connectFault, driverFault, isConnectionLost } from './driver-fault.ts';
import type { PgClient, PgPool, PgTransaction } from './pool.ts';
import type { Statement } from './statement.ts';
import { StorageUnavailable } from './storage-errors.ts';

/** A statement of ours that is not answered in this time has lost its connection. Longer than any wait for a row's lock. */
const QUERY_TIMEOUT_MS = 60_000;
/** The same for one that works through a table, or waits for such a one. */
const LONG_QUERY_TIMEOUT_MS = 6 * 3_600_000;
/** A pool that lends nothing for this long is exhausted, perhaps by transactions that themselves wait for a second connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/** One connection, as long as it is lent. Not concurrent: one query at a time. */
export interface Session {
  /**
   * The rows of a statement. Values are text, numbers, bigints, booleans or null; columns come as {@link columnTypes} says.
   * @throws the typed faults of {@link driverFault}; any other answer of the server as the driver's own error.
   */
  query<R>(statement: Statement, values?: readonly unknown[]): Promise<readonly R[]>;
}

/** The connections of one log. Everything of this package goes through it; it is safe to call concurrently. */
export interface Database extends Session {
  /** Name of the Postgres schema, valid and unquoted. */
  readonly schema: string;
  /** Lends one connection, without a transaction. @param signal looked at before and after waiting for the connection. */
  session<T>(work: (session: Session) => Promise<T>, signal?: Abortable): Promise<T>;
  /**
   * BEGIN at READ COMMITTED, whatever the pool's default is, `work`, COMMIT. Whatever `work` throws is thrown after ROLLBACK; so is the first failed statement when `work` swallows it, since nothing
   * of such a transaction can be committed.
   * @throws `LF_OUTCOME_UNKNOWN` when the connection is lost around COMMIT.
   */
  transaction<T>(work: (tx: Session) => Promise<T>, signal?: Abortable): Promise<T>;
}

/** The {@link Database} of a pool. @param schema must be a valid schema name. */
export function openDatabase(pool: PgPool, schema: string): Database {
  const session = async <T>(work: (lent: LentClient) => Promise<T>, signal?: Abortable): Promise<T> => {
    throwIfAborted(signal);
    const lent = new LentClient(await connect(pool));
    try {
      throwIfAborted(signal);
      return await work(lent);
    } finally {
      lent.giveBack();
    }
  };
  return {
    schema,
    session,
    query: (statement, values) => session((lent) => lent.query(statement, values)),
    transaction: (work, signal) => session((lent) => runTransaction(lent, work), signal),
  };
}

/** A {@link Session} on a client of the caller's, who keeps it, and its transaction, in his hands. */
export function sessionOn(client: PgTransaction): Session {
  return {
    query: async <R>(statement: Statement, values?: readonly unknown[]) => {
      try {
        return await send<R>(client, statement, values);
      } catch (error) {
        throw driverFault(error);
      }
    },
  };
}

async function runTransaction<T>(lent: LentClient, work: (tx: Session) => Promise<T>): Promise<T> {
  let failed: { readonly error: unknown } | undefined;
  const tx: Session = {
    query: async <R>(statement: Statement, values?: readonly unknown[]) => {
      try {
        return await lent.query<R>(statement, values);
      } catch (error) {
        failed ??= { error };
        throw error;
      }
    },
  };
  // Named, since a pool may have another default: in a snapshot of before, what was waited for would not be seen.
  await lent.control('begin isolation level read committed');
  let result: T;
  try {
    result = await work(tx);
    if (failed !== undefined) throw failed.error;
  } catch (error) {
    // What went wrong first is what the caller must hear of; a client that cannot roll back is destroyed, not reported.
    await lent.control('rollback').catch(() => undefined);
    throw error;
  }
  await lent.control('commit', 'COMMIT');
  return result;
}

/**
 * A client while it is lent (hazard P1). It has an error listener, so a connection that dies between two queries does not end the process; and it
 * goes back to the pool only if it is known to be clean: after a lost connection, or a failed BEGIN, COMMIT or ROLLBACK, it is closed.
 */
class LentClient implements Session {
  readonly #client: PgClient;
  #unusable: Error | undefined;
  readonly #onError = (error: Error): void => {
    this.#unusable ??= error;
  };

  constructor(client: PgClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  async query<R>(statement: Statement, values?: readonly unknown[]): Promise<readonly R[]> {
    // Known to be lost before anything was sent: then no outcome is in doubt.
    if (this.#unusable !== undefined) throw new StorageUnavailable(this.#unusable);
    try {
      return await send<R>(this.#client, statement, values);
    } catch (error) {
      if (isConnectionLost(error)) this.#unusable ??= error as Error;
      throw driverFault(error, statement.inDoubt);
    }
  }

  /** BEGIN, COMMIT, ROLLBACK: any failure of these leaves the client in an unknown state. */
  async control(text: string, inDoubt?: string): Promise<void> {
    try {
      await this.query(inDoubt === undefined ? { text } : { text, inDoubt });
    } catch (error) {
      this.#unusable ??= error as Error;
      throw error;
    }
  }

  giveBack(): void {
    // A client that is closed keeps its listener: its socket may still report an error.
    if (this.#unusable === undefined) this.#client.removeListener('error', this.#onError);
    this.#client.release(this.#unusable !== undefined);
  }
}

async function connect(pool: PgPool): Promise<PgClient> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, CONNECT_TIMEOUT_MS, undefined);
  });
  try {
    const lending = pool.connect();
    const client = await Promise.race([lending, tooLate]);
    if (client !== undefined) return client;
    // It may still come; nobody waits for it any more.
    lending.then(
      (late) => late.release(),
      () => undefined,
    );
  } catch (error) {
    throw connectFault(error);
  } finally {
    clearTimeout(timer);
  }
  throw new StorageUnavailable(new Error(`the pool lent no connection for ${CONNECT_TIMEOUT_MS} ms`));
}

async function send<R>(
  client: PgTransaction,
  { text, name, takesLong }: Statement,
  values: readonly unknown[] = [],
): Promise<readonly R[]> {
  const { rows } = await client.query({
    text,
    ...(name !== undefined && { name }),
    // Without parameters the driver may send several statements at once, as a migration has them.
    ...(values.length > 0 && { values: [...values] }),
    types: columnTypes,
    query_timeout: takesLong === true ? LONG_QUERY_TIMEOUT_MS : QUERY_TIMEOUT_MS,
  });
  return rows as R[];
}
