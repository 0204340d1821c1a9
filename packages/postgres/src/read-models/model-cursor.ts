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
    const [rows, fields] = await new Promise<[unknown[], readonly ResultField[]]>((resolve, reject) => {
      cursor.read(rowCount, (error, read, result) => (error ? reject(error) : resolve([read, result?.fields ?? []])));
    });
    return client.finish(rows, fields) as R[];
  }
  async close(): Promise<void> {
    await this.#cursor?.close();
  }
}
