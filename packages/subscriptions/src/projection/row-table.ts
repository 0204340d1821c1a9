import type { t } from '@leftfold/core';

/**
 * The table of a row projection. Beside its columns every table has `_tenant`, which leads the primary key, and, where rows belong to one stream,
 * `_stream_version`.
 */
export interface RowTable {
  /** Of the projection, e.g. `order-summary`. */
  readonly projection: string;
  readonly version: number;
  /** Name of the table, e.g. `order_summary`. */
  readonly name: string;
  /** The columns, in order. */
  readonly columns: t.Fields;
  /** The key column, a string; primary key together with the tenant. */
  readonly key: string;
  readonly order: 'stream' | 'any';
  readonly indexes: readonly (readonly string[])[];
}
