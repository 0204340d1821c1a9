import { RowRaced } from '@leftfold/subscriptions';
import type { KeptRow, ModelTransaction, RowKey, RowTable } from '@leftfold/subscriptions';

/** The rows of a table, by {@link keyOf}. */
export type Rows = Map<string, RowKey & KeptRow>;
const NEVER_SEEN: KeptRow = Object.freeze({ row: null, streamVersion: 0n });

/** What a transaction has written: it lies over the tables until it is committed. */
export class MemoryRowWrites implements Pick<ModelTransaction, 'read' | 'write'> {
  readonly #rowsOf: (table: RowTable) => Rows;
  #written = new Map<Rows, Rows>();

  constructor(rowsOf: (table: RowTable) => Rows) {
    this.#rowsOf = rowsOf;
  }

  read: ModelTransaction['read'] = async (table, keys) => {
    const rows = this.#rowsOf(table);
    return keys.map((key) => copyOf(this.#written.get(rows)?.get(keyOf(key)) ?? rows.get(keyOf(key))));
  };
  write: ModelTransaction['write'] = async (table, changes) => {
    const rows = this.#rowsOf(table);
    const writes: Rows = this.#written.get(rows) ?? new Map();
    this.#written.set(rows, writes);
    for (const { existed, ...change } of changes) {
      const at = keyOf(change);
      if (!existed && (writes.get(at) ?? rows.get(at))?.row) throw new RowRaced(table.name);
      // A row of one stream leaves its version behind when it goes, so that an event told twice does not bring it back.
      writes.set(at, { ...change, ...copyOf(change), ...(table.order === 'any' && { streamVersion: 0n }) });
    }
  };

  /** What it takes to take back all from now on: calling it does. */
  mark(): () => void {
    const before = new Map([...this.#written].map(([rows, writes]) => [rows, new Map(writes)]));
    return () => (this.#written = before);
  }
  commit(): void {
    for (const [rows, writes] of this.#written) for (const [at, kept] of writes) rows.set(at, kept);
  }
}

/** A copy that nobody can change. */
export const copyOf = ({ row, streamVersion }: KeptRow = NEVER_SEEN): KeptRow => ({
  row: row && deepFreeze(structuredClone(row)),
  streamVersion,
});

/** `Date`s and bytes cannot be frozen; each reader has its own. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** The name of a row in {@link Rows}. */
export const keyOf = ({ tenant, key }: RowKey): string => `${tenant}/${key}`;
