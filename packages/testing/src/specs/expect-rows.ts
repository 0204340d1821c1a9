import type { Row } from '@leftfold/subscriptions';
import { expectEqual, fail } from './expect-equal.ts';

/** The row of this key has at least these columns, or there is none. */
export function expectRow(rows: readonly Row[], key: Row, expected: Row | null): void {
  const columns = (of: Row, names: Row): Row => Object.fromEntries(Object.keys(names).map((name) => [name, of[name]]));
  const isAsked = (row: Row): boolean => {
    try {
      expectEqual(columns(row, key), { ...key }, '');
      return true;
    } catch {
      return false;
    }
  };
  const found = rows.filter(isAsked);
  if (found.length > 1) fail(`${found.length} rows have ${text(key)}; name the key column`);
  const [row] = found;
  if (row === undefined && expected !== null) fail(`there is no row with ${text(key)}, among ${rows.length} rows`);
  else if (expected === null) expectEqual(row ?? null, null, `there is a row with ${text(key)}`);
  else if (row) expectEqual(columns(row, expected), { ...expected }, `the row with ${text(key)} has other columns`);
}

/** Exactly these, in any order. */
export function expectRows(rows: readonly object[], expected: readonly object[], what: string): void {
  expectEqual(sorted(rows), sorted(expected), what);
}

const sorted = (rows: readonly object[]): readonly object[] =>
  rows.map((row) => ({ ...row })).toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
const text = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
