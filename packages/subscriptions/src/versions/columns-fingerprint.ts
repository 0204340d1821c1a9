import { createHash } from 'node:crypto';
import { decodePayload, type t } from '@leftfold/core';
import { columnForm } from '../projection/column-form.ts';
import type { RowTable } from '../projection/row-table.ts';

/**
 * Stands for what queries see of a table: its name, its key, and the names and types of its columns, in whatever order they are declared. Tables of one fingerprint are
 * read by the same code. Indexes are none of it.
 */
export function columnsFingerprint({ name, key, order, columns }: RowTable): string {
  const byName = Object.entries(columns).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // Rows of one stream have their version as a column, which queries see, too.
  const seen = [name, key, order, ...byName.map(([column, schema]) => [column, schema.avro, inMemory(schema)])];
  return createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 16);
}

/** `t.integer()` and `t.long()` are one in Avro, and a number or a bigint in a row; what a zero becomes in memory tells them apart. In JSON they are one again. */
function inMemory(schema: t.AnySchema): string {
  if (columnForm(schema) === 'json') return 'json';
  const zero = decodePayload(schema, '"0"');
  return 'value' in zero ? typeof zero.value : '';
}
