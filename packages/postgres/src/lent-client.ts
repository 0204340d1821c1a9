import { AnswerWatch } from './answer-watch.ts';
import { columnTypes } from './column-types.ts';
import type { Session } from './database.ts';
import { connectFault, driverFault, isConnectionLost, isDatabaseError } from './driver-fault.ts';
import type { PgClient, PgPool, PgQuery, PgResult, PgTransactionClient, PgTypes } from './pool.ts';
import type { Statement } from './statement.ts';
import { StorageUnavailable } from './storage-errors.ts';

/** A statement of ours that is not answered in this time has lost its connection. Longer than any wait for a row's lock. */
const QUERY_TIMEOUT_MS = 60_000;
/** The same for one that works through a table, or waits for such a one. */
const LONG_QUERY_TIMEOUT_MS = 6 * 3_600_000;
/** The same for a statement that somebody else has written, and that may be slow. */
const FOREIGN_QUERY_TIMEOUT_MS = 300_000;
/** A pool that lends nothing for this long is exhausted, perhaps by transactions that themselves wait for a second connection. */
const CONNECT_TIMEOUT_MS = 10_000;

const queries = new AnswerWatch(QUERY_TIMEOUT_MS);
const foreignQueries = new AnswerWatch(FOREIGN_QUERY_TIMEOUT_MS);
const connects = new AnswerWatch(CONNECT_TIMEOUT_MS);
const lateAnswer = (): Error => new Error(`no answer for ${QUERY_TIMEOUT_MS} ms`);
const lateForeignAnswer = (): Error => new Error(`no answer for ${FOREIGN_QUERY_TIMEOUT_MS} ms`);

/** How often a connection is handed on before the pool, and who else waits for one there, has it back. */
const HANDED_ON = 32;

/** Above any pool's size; a pool that opens a transaction on each new connection would have no end. */
const MOST_CLOSED = 1_000;

/**
 * A client while it is lent (hazard P1). It has an error listener, so a connection that dies between two queries does not end the process; and it
 * goes back to the pool only if it is known to be clean: after a lost connection, or a failed BEGIN, COMMIT or ROLLBACK, it is closed.
 */
export class LentClient implements Session {
  readonly #client: PgClient;
  readonly #prepare: boolean;
  #unusable: Error | undefined;
  /** A transaction is open that we have begun, and will end. */
  #isOurs = false;
  #handedOn = 0;
  readonly #onError = (error: Error): void => {
    this.#unusable ??= error;
  };

  constructor(client: PgClient, prepare: boolean) {
    this.#client = client;
    this.#prepare = prepare;
    client.on('error', this.#onError);
  }

  get connection(): object {
    return this.#client;
  }

  /** How the driver reads columns by itself. */
  get driver(): Partial<PgTypes> {
    return this.#client as Partial<PgTypes>;
  }

  query<R>(statement: Statement, values?: readonly unknown[]): Promise<readonly R[]> {
    return this.#sending(() => send<R>(this.#client, statement, values, this.#prepare), statement.inDoubt);
  }

  /** A statement of somebody else's, as it is, and the driver's whole answer. */
  run(query: PgQuery): Promise<PgResult> {
    return this.#sending(() => foreignQueries.within(this.#client.query(query), lateForeignAnswer));
  }

  async #sending<R>(send: () => Promise<R>, inDoubt?: string): Promise<R> {
    // Known to be lost before anything was sent: then no outcome is in doubt.
    if (this.#unusable !== undefined) throw new StorageUnavailable(this.#unusable);
    try {
      return await send();
    } catch (error) {
      // In a transaction of ours the end of it is ours, too.
      if (isConnectionLost(error) || (isInAborted(error) && !this.#isOurs)) this.#unusable ??= error as Error;
      throw driverFault(error, inDoubt);
    }
  }

  /** BEGIN, COMMIT, ROLLBACK: any failure of these leaves the client in an unknown state. */
  async control(text: string, inDoubt?: string): Promise<void> {
    try {
      await this.query(inDoubt === undefined ? { text } : { text, inDoubt });
      this.#isOurs = text.startsWith('begin');
    } catch (error) {
      this.#unusable ??= error as Error;
      throw error;
    }
  }

  /** @returns whether it may be lent once more without going back to the pool. */
  mayBeHandedOn(): boolean {
    this.#handedOn += 1;
    return this.#unusable === undefined && this.#handedOn <= HANDED_ON;
  }

  /** It will be closed instead of pooled again. */
  discard(why: unknown): void {
    this.#unusable ??= why instanceof Error ? why : new Error('refused', { cause: why });
  }

  /** Somebody left a transaction open on it. What is written there is told as done, and gone when that connection ends. */
  get isInTransaction(): boolean {
    const status = this.#client.getTransactionStatus?.();
    return status === 'T' || status === 'E';
  }

  giveBack(): void {
    if (this.isInTransaction) this.discard('a transaction is open on it');
    // A client that is closed keeps its listener: its socket may still report an error.
    if (this.#unusable === undefined) this.#client.removeListener('error', this.#onError);
    this.#client.release(this.#unusable !== undefined);
  }
}

/**
 * A client in no transaction. One that another part of the program gave back in the midst of its own is closed, which rolls that back: nobody is left who could
 * commit it. A new connection is in none, so this ends when the pool has lent those.
 */
export async function lendClean(pool: PgPool, prepare: boolean): Promise<LentClient> {
  for (let closed = 0; closed < MOST_CLOSED; closed++) {
    const lent = new LentClient(await connect(pool), prepare);
    if (!lent.isInTransaction) return lent;
    lent.giveBack();
  }
  throw new StorageUnavailable(
    new Error(`a transaction was open on each of ${MOST_CLOSED} connections that the pool lent`),
  );
}

async function connect(pool: PgPool): Promise<PgClient> {
  let lending: Promise<PgClient> | undefined;
  let late: StorageUnavailable | undefined;
  try {
    lending = pool.connect();
    return await connects.within(lending, () => {
      late = new StorageUnavailable(new Error(`the pool lent no connection for ${CONNECT_TIMEOUT_MS} ms`));
      return late;
    });
  } catch (error) {
    if (late === undefined) throw connectFault(error);
    // It may still come; nobody waits for it any more.
    lending?.then((client) => client.release()).catch(() => undefined);
    throw late;
  }
}

/** The driver hears of the transaction's state after an error: a client may be given back, and lent, before. */
const isInAborted = (error: unknown): boolean => isDatabaseError(error) && error.code === '25P02';

/** The rows of a statement. @throws the driver's own error */
export async function send<R>(
  client: PgTransactionClient,
  { text, name, takesLong }: Statement,
  values: readonly unknown[] = [],
  prepare: boolean,
): Promise<readonly R[]> {
  const answer = client.query({
    text,
    ...(prepare && name !== undefined && { name }),
    // Without parameters the driver may send several statements at once, as a migration has them. It changes none of them, so they are not copied.
    ...(values.length > 0 && { values: values as unknown[] }),
    types: columnTypes,
    ...(takesLong === true && { query_timeout: LONG_QUERY_TIMEOUT_MS }),
  });
  const result: unknown = await (takesLong === true ? answer : queries.within(answer, lateAnswer));
  // Of several statements at once, the last one's.
  const last = (Array.isArray(result) ? result.at(-1) : result) as PgResult | undefined;
  return (last?.rows ?? []) as R[];
}
