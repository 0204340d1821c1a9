import type { Row, RowChange } from '@leftfold/subscriptions';

/** The change that puts a row of `id` and `count` there. */
export const counted = (key: string, count: number, differently: Partial<RowChange> = {}): RowChange => ({
  tenant: '',
  key,
  row: { id: key, count },
  streamVersion: 0n,
  existed: false,
  ...differently,
});
/** The change that puts a row there which was not. */
export const inserted = (row: Row): RowChange => ({
  tenant: '',
  key: row['id'] as string,
  row,
  streamVersion: 0n,
  existed: false,
});
/** The change that deletes one. */
export const gone = (key: string, existed: boolean, streamVersion = 0n): RowChange => ({
  tenant: '',
  key,
  row: null,
  streamVersion,
  existed,
});

/** Drivers give a kind of `Uint8Array` of their own, and rows without a prototype; neither matters to a fold. */
export function comparable(row: Row | null | undefined): unknown {
  return (
    row &&
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => [column, value instanceof Uint8Array ? [...value] : value]),
    )
  );
}
