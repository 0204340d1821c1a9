import type { Json, t } from '@leftfold/core';

/**
 * How a column holds its values. `'scalar'`: as in memory, in a type of the database's own. `'json'`: records, arrays, maps and unions, in their
 * stored JSON form. Every storage must decide this alike, since folds are typed by it ({@link RowOf}).
 */
export type ColumnForm = 'scalar' | 'json';

/** The form of a column of this schema. */
export function columnForm(schema: t.AnySchema): ColumnForm {
  return isScalar(schema.avro) ? 'scalar' : 'json';
}

function isScalar(avro: Json): boolean {
  if (typeof avro === 'string') return true;
  // A nullable scalar is a scalar; of what else is a union, no branch is one.
  if (Array.isArray(avro)) return avro.every(isScalar);
  const { type } = avro as { readonly type: Json };
  return typeof type === 'string' ? !['record', 'array', 'map'].includes(type) : isScalar(type);
}
