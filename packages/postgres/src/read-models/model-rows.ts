import type { Origin } from './column-origins.ts';
import { TENANT } from './model-table.ts';
import { safeInteger } from './value-text.ts';

type AnyRow = { [column: string]: unknown };

/** Rows as their types say: a `t.integer()` is a number, and the tenant, which nobody asked for, is left out. Changes the rows it is given. */
export function modelRows(rows: readonly unknown[], origins: ReadonlyMap<string, Origin>): unknown[] {
  if (origins.size === 0) return [...rows];
  const integers = [...origins.keys()].filter((name) => origins.get(name) === 'safe-integer');
  const hidesTenant = origins.has(TENANT);
  return (rows as AnyRow[]).map((row) => {
    for (const name of integers) {
      const value = row[name];
      if (value !== null) row[name] = safeInteger(value as bigint, `column ${name}`);
    }
    if (hidesTenant) delete row[TENANT];
    return row;
  });
}
