import type { PostgresCursor } from 'kysely';
import type { PgTypes } from '../pool.ts';
import type { ResultField } from './column-origins.ts';

/** The part of `pg-cursor` that is called. */
export interface DriverCursor {
  read(
    rowCount: number,
    callback: (
      error: Error | null | undefined,
      rows: unknown[],
      result?: { readonly fields: readonly ResultField[] },
    ) => void,
  ): void;
  close(): Promise<void>;
}
/** `Cursor`, the default export of `pg-cursor`. */
export type DriverCursorConstructor = new (
  text: string,
  values: unknown[],
  config: { readonly types: PgTypes },
) => DriverCursor;

/** How a client opens a cursor, and what it makes of rows. */
export interface CursorClient {
  open(text: string, values: readonly unknown[]): Promise<DriverCursor>;
  finish(rows: readonly unknown[], fields: readonly ResultField[]): unknown[];
  /** What is asked of its connection; rejects when that is lost meanwhile, or was. One at a time. */
  answered<T>(ask: () => Promise<T>): Promise<T>;
}

/** What Kysely makes for `stream()`, and then gives to a client. Opened by the first read, since a client must be asked something before. */
export class ModelCursor<R> implements PostgresCursor<R> {
  readonly #text: string;
  readonly #values: readonly unknown[];
  #client: CursorClient | undefined;
  #cursor: DriverCursor | undefined;

  constructor(text: string, values: unknown[]) {
    this.#text = text;
    this.#values = values;
  }
  on(client: CursorClient): this {
    this.#client = client;
    return this;
  }
  async read(rowCount: number): Promise<R[]> {
    const client = this.#client as CursorClient;
    const cursor = (this.#cursor ??= await client.open(this.#text, this.#values));
    const reading = (): Promise<[unknown[], readonly ResultField[]]> =>
      new Promise((resolve, reject) => {
        cursor.read(rowCount, (error, read, result) => (error ? reject(error) : resolve([read, result?.fields ?? []])));
      });
    const [rows, fields] = await client.answered(reading);
    return client.finish(rows, fields) as R[];
  }
  async close(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    // The driver waits for an answer, for ever where the connection is lost (hazard P1): then there is nothing left to close, and who read has been told.
    await this.#client?.answered(() => cursor.close()).catch(() => undefined);
  }
}
