import { fromJson, t } from '@leftfold/core';
import { columnForm } from '../projection/column-form.ts';
import { issueText } from '../projection/issue-text.ts';
import type { Row } from '../read-models.ts';
import type { RowTable } from '../projection/row-table.ts';

/** Why a value is none of its column, and which. */
export class ColumnInvalid extends Error {
  readonly column: string;

  constructor(column: string, message: string) {
    super(message);
    this.column = column;
  }
}

/** A value of a column, as it will be after a way through the database: so a fold sees the same whether a batch ends before it or not. */
type Settle = (value: unknown) => unknown;

const settlers = new WeakMap<RowTable, ReadonlyMap<string, Settle>>();

/**
 * The columns of a row that a fold returned, checked against their schemas and in the form in which a storage gives them back: a `Date` of its own, a
 * decimal with all its digits, JSON without what its schema does not know. Constraints are not checked: a fold must be able to keep what an old event said.
 *
 * @param isWhole false: only the columns that are there, as for `update`.
 * @throws {@link ColumnInvalid}
 */
export function checkRow(table: RowTable, row: unknown, isWhole: boolean): Row {
  if (typeof row !== 'object' || row === null || Array.isArray(row) || 'then' in row)
    throw new ColumnInvalid('', `expected a row, got ${row instanceof Promise ? 'a promise' : typeof row}`);
  const columns = settlersOf(table);
  const settled: Record<string, unknown> = {};
  for (const [column, settle] of columns) {
    if (Object.hasOwn(row, column)) settled[column] = settle((row as Row)[column]);
    else if (isWhole) throw new ColumnInvalid(column, 'is missing');
  }
  for (const column of Object.keys(row)) if (!columns.has(column)) throw new ColumnInvalid(column, 'is no column');
  return settled;
}

function settlersOf(table: RowTable): ReadonlyMap<string, Settle> {
  const known = settlers.get(table);
  if (known) return known;
  const made = new Map(
    Object.entries(table.columns).map(([column, schema]) => [
      column,
      columnForm(schema) === 'json' ? settledJson(column, schema) : settledScalar(column, schema),
    ]),
  );
  settlers.set(table, made);
  return made;
}

function settledScalar(column: string, schema: t.AnySchema): Settle {
  return (value) => {
    let json: unknown;
    try {
      json = t.toJson(schema, value);
    } catch (error) {
      throw new ColumnInvalid(column, (error as Error).message);
    }
    // Text, numbers and booleans that are stored as they are, are read as they are.
    return Object.is(json, value) ? value : read(column, schema, json);
  };
}
function settledJson(column: string, schema: t.AnySchema): Settle {
  return (value) => t.toJson(schema, read(column, schema, value));
}
function read(column: string, schema: t.AnySchema, json: unknown): unknown {
  const result = fromJson(schema, json);
  if ('value' in result) return result.value;
  throw new ColumnInvalid(column, issueText(result.issues));
}
