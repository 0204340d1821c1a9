import type { CompiledQuery } from 'kysely';

/** How a driver turns a column's text into a value. */
export interface PgTypes {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown;
}

/** One statement for the driver. Parameters are given in text form; `types` is given with each, so the pool's own parsers stay as they are. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** Prepared under this name, once per connection. */
  readonly name?: string;
  readonly types?: PgTypes;
  /** As if it had parameters: then it is one statement, else refused. Drivers that do not know it send it as it is. */
  readonly queryMode?: 'extended';
  /** Milliseconds until the driver gives up; the connection is thrown away then. Drivers that do not know it wait. */
  readonly query_timeout?: number;
}

/** The part of a driver's result that is read. */
export interface PgResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

/** A client on which BEGIN was sent. `pg`'s `Client` and `PoolClient` fit. */
export interface PgTransactionClient {
  query(query: PgQuery): Promise<PgResult>;
}

/** The part of a Kysely transaction that is called; `Transaction` and `ControlledTransaction` fit, whatever their tables, plugins and parsers are. */
export interface KyselyTransaction {
  readonly isTransaction: boolean;
  withoutPlugins(): { executeQuery<R>(query: CompiledQuery<R>): Promise<{ readonly rows: R[] }> };
}

/** A transaction of the caller's. */
export type PgTransaction = PgTransactionClient | KyselyTransaction;

/** The part of `pg.PoolClient` that is called. */
export interface PgClient extends PgTransactionClient {
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** `T` or `E`: a transaction is open. Drivers that do not know it are trusted. */
  getTransactionStatus?(): string | null;
  /** With `true` the connection is closed, not pooled again. */
  release(destroy?: boolean | Error): void;
}

/**
 * The part of `pg.Pool` that is called; users pass their own, with their own limits and settings, and end it themselves. Nothing is set on its
 * connections beyond a statement of ours: no parsers, no session settings.
 */
export interface PgPool {
  connect(): Promise<PgClient>;
}
