import type { Origin } from './column-origins.ts';
import { TENANT } from './model-table.ts';
import { safeInteger } from './value-text.ts';

type AnyRow = { [column: string]: unknown };

/**
 * Rows as their types say: a `t.integer()` is a number, a day of a projection's own table the `Date` at midnight UTC that its handlers wrote, and the tenant, which nobody asked
 * for, is left out. Changes the rows it is given.
 */
export function modelRows(rows: readonly unknown[], origins: ReadonlyMap<string, Origin>): unknown[] {
  if (origins.size === 0) return [...rows];
  const integers = [...origins.keys()].filter((name) => origins.get(name) === 'safe-integer');
  const days = [...origins.keys()].filter((name) => origins.get(name) === 'own-day');
  const hidesTenant = origins.has(TENANT);
  return (rows as AnyRow[]).map((row) => {
    for (const name of integers) {
      const value = row[name];
      if (value !== null) row[name] = safeInteger(value as bigint, `column ${name}`);
    }
    for (const name of days) {
      const value = row[name];
      if (typeof value === 'string') row[name] = new Date(`${value}T00:00:00.000Z`);
    }
    if (hidesTenant) delete row[TENANT];
    return row;
  });
}
