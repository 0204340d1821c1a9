import type {
  PostgresClientConstructor,
  PostgresCursor,
  PostgresPool,
  PostgresPoolClient,
  PostgresQueryResult,
} from 'kysely';
import { isConnectionLost } from '../driver-fault.ts';
import type { Session } from '../database.ts';
import { hearNewConnections } from '../hear-new-connections.ts';
import { send } from '../lent-client.ts';
import type { PgClient, PgPool, PgResult, PgTypes } from '../pool.ts';
import type { Binding, BoundSchemas } from './bound-schemas.ts';
import { ColumnUnreadable } from './column-unreadable.ts';
import type { ColumnOrigins, ResultField } from './column-origins.ts';
import { ModelCursor, type CursorClient, type DriverCursor, type DriverCursorConstructor } from './model-cursor.ts';
import { modelRows } from './model-rows.ts';
import { modelTypes } from './model-types.ts';

/** What `pg` answers with more than the rest of this package reads. */
interface ModelResult extends Partial<PgResult> {
  readonly command: PostgresQueryResult<unknown>['command'];
  readonly fields?: readonly ResultField[];
}

/** How statements are sent and results read. */
export interface Reading {
  readonly schemas: BoundSchemas;
  readonly origins: ColumnOrigins;
  readonly cursor: DriverCursorConstructor | undefined;
}

/** The caller's pool as Kysely's own Postgres driver wants one; all that differs is how values are read. The pool stays the caller's to end. */
export class ModelPool implements PostgresPool {
  readonly #pool: PgPool;
  readonly #reading: Reading;
  /** With the constructor, what Kysely opens a connection of its own with to cancel a query; without, it takes one of the pool. */
  readonly options: object;
  readonly Client?: PostgresClientConstructor;

  constructor(pool: PgPool & { readonly Client?: unknown; readonly options?: object }, reading: Reading) {
    hearNewConnections(pool);
    this.#pool = pool;
    this.#reading = reading;
    this.options = pool.options ?? {};
    if (pool.Client !== undefined) this.Client = pool.Client as PostgresClientConstructor;
  }
  async connect(): Promise<PostgresPoolClient> {
    return new ModelClient(await this.#pool.connect(), this.#reading);
  }
  async end(): Promise<void> {}
}

/** What fails here leaves the connection in a state that nobody knows. */
const CONTROLS_TRANSACTION = /^\s*(?:begin|start|commit|rollback|end|abort)\b/i;
const BEGINS_TRANSACTION = /^\s*(?:begin|start)\b/i;

/** SQLSTATE of a table, or a schema, that is not there (any more). */
const MISSING: ReadonlySet<unknown> = new Set(['42P01', '3F000']);

/**
 * A client while it is lent (hazard P1): it has an error listener, so a connection that dies between two queries does not end the process, and it is
 * closed instead of pooled again after that, and after a BEGIN, COMMIT or ROLLBACK that failed.
 *
 * All statements of one lending, so all of a transaction, read the same versions.
 */
class ModelClient implements PostgresPoolClient, CursorClient {
  readonly #client: PgClient;
  readonly #reading: Reading;
  readonly #types: PgTypes;
  readonly #session: Pick<Session, 'query'>;
  #binding: Binding | undefined;
  #isInTransaction = false;
  #isUnusable = false;
  #lost: Error | undefined;
  #whoWaits: ((lost: Error) => void) | undefined;
  readonly #onError = (error: Error): void => {
    this.#isUnusable = true;
    this.#lost ??= error;
    this.#whoWaits?.(error);
  };
  /** Kysely cancels by it. */
  readonly processID?: number;

  constructor(client: PgClient & Partial<PgTypes> & { readonly processID?: number | null }, reading: Reading) {
    this.#client = client;
    this.#reading = reading;
    this.#types = modelTypes(client);
    this.#session = { query: (statement, values) => send(client, statement, values, false) };
    if (typeof client.processID === 'number') this.processID = client.processID;
    client.on('error', this.#onError);
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    what: string | PostgresCursor<R>,
    values: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    return typeof what === 'string' ? this.#run<R>(what, values) : (what as ModelCursor<R>).on(this);
  }

  async #run<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    try {
      const result = await this.#send(text, values);
      // The result of several statements at once is a list; Kysely has no rows for those.
      const { command, rowCount, rows = [], fields } = result;
      return {
        command,
        rowCount: rowCount ?? 0,
        rows: (rows.length === 0 ? rows : await this.#read(rows, fields)) as R[],
      };
    } catch (error) {
      if (CONTROLS_TRANSACTION.test(text)) this.#isUnusable = true;
      throw this.#noting(error);
    }
  }
  /** The driver may tell whoever waits that the connection is lost before it tells its listeners. */
  #noting(error: unknown): unknown {
    if (!(error instanceof ColumnUnreadable) && isConnectionLost(error)) this.#isUnusable = true;
    return error;
  }
  async #send(text: string, values: readonly unknown[]): Promise<ModelResult> {
    if (BEGINS_TRANSACTION.test(text)) this.#isInTransaction = true;
    const { schemas } = this.#reading;
    const ask = async (filled: string): Promise<ModelResult> =>
      (await this.#client.query({ text: filled, values: [...values], types: this.#types })) as ModelResult;
    if (!schemas.concerns(text)) return ask(text);
    const filled = await this.#fill(text);
    try {
      return await ask(filled);
    } catch (error) {
      // In a transaction nothing can be asked any more; the next one looks.
      if (!MISSING.has((error as { readonly code?: unknown }).code) || this.#isInTransaction) {
        schemas.forget();
        throw error;
      }
      this.#binding = await schemas.again(this.#session);
      const again = this.#binding.fill(text);
      if (again === filled) throw error;
      return await ask(again);
    }
  }
  async #fill(text: string): Promise<string> {
    const { schemas } = this.#reading;
    if (!schemas.concerns(text)) return text;
    this.#binding ??= await schemas.now(this.#session);
    try {
      return this.#binding.fill(text);
    } catch (error) {
      // There was nothing to read: whoever tries again must not be told so for seconds more.
      schemas.forget();
      this.#binding = undefined;
      throw error;
    }
  }
  async #read(rows: readonly unknown[], fields: ModelResult['fields']): Promise<unknown[]> {
    if (fields === undefined)
      throw new TypeError('read models need a driver that describes its columns, as pg does in `fields`');
    const { origins } = this.#reading;
    if (!origins.know(fields)) await origins.look((query) => this.#client.query(query), fields);
    return this.finish(rows, fields);
  }

  async open(text: string, values: readonly unknown[]): Promise<DriverCursor> {
    const { origins, cursor: Cursor } = this.#reading;
    if (Cursor === undefined) throw new TypeError('streaming needs the cursor option of readModels');
    try {
      // Now, because nothing can be asked on this connection while the cursor is open.
      const filled = await this.#fill(text);
      await origins.look((query) => this.#client.query(query));
      const cursor = new Cursor(filled, [...values], { types: this.#types });
      (this.#client as unknown as { query(cursor: DriverCursor): unknown }).query(cursor);
      return cursor;
    } catch (error) {
      throw this.#noting(error);
    }
  }
  async answered<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    const lost = new Promise<never>((_, reject) => (this.#whoWaits = reject));
    try {
      return await Promise.race([ask(), lost]);
    } catch (error) {
      throw this.#noting(error);
    } finally {
      this.#whoWaits = undefined;
    }
  }

  finish(rows: readonly unknown[], fields: readonly ResultField[]): unknown[] {
    return modelRows(rows, this.#reading.origins.of(fields));
  }

  release(destroy = false): void {
    const closes = destroy || this.#isUnusable;
    // A client that is closed keeps its listener: its socket may still report an error.
    if (!closes) this.#client.removeListener('error', this.#onError);
    this.#client.release(closes);
  }
}
