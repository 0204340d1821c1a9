import type { RecordedEvent } from '@leftfold/core';
import { ColumnInvalid, checkRow } from './check-row.ts';
import { FoldFault } from './fold-fault.ts';
import type { AnyProjection } from './projection.ts';
import type { KeptRow, Row, RowChange, RowKey } from '../read-models.ts';
import type { RowHandler } from './row-handler.ts';
import { rowKeys } from './row-keys.ts';
import type { RowTable } from './row-table.ts';

/** A handled event, decoded and upcast, with its tenant. */
export interface FoldEvent {
  readonly tenant: string;
  readonly event: RecordedEvent;
}

/** Which rows a batch needs, and what happens to them in which order. */
export interface FoldPlan {
  readonly table: RowTable;
  /** Distinct; what a storage is asked for. */
  readonly keys: readonly RowKey[];
  readonly steps: readonly FoldStep[];
}
interface FoldStep {
  readonly handler: RowHandler;
  readonly event: RecordedEvent;
  /** Index of its row in the keys. */
  readonly at: number;
}

/**
 * The rows that these events touch. Events of types that the projection does not handle are left out.
 * @throws {@link FoldFault} `LF_ROW_KEY_INVALID`, `LF_FOLD_FAILED` when a route throws
 */
export function planFold(projection: AnyProjection, events: readonly FoldEvent[]): FoldPlan {
  const table = projection.rowTable;
  const keys: RowKey[] = [];
  const steps: FoldStep[] = [];
  const indexes = new Map<string, number>();
  for (const { tenant, event } of events) {
    const handler = projection.handlers.get(event.type);
    if (!handler) continue;
    for (const key of keysOf(table, handler, event)) {
      // A tenant holds no '/', so the two cannot run together.
      const name = `${tenant}/${key}`;
      const at = indexes.get(name) ?? keys.push({ tenant, key }) - 1;
      indexes.set(name, at);
      steps.push({ handler, event, at });
    }
  }
  return { table, keys, steps };
}

/**
 * What becomes of the rows: each event folded in order over what is kept of its rows. `kept` has one entry per key of the plan, in its order. Pure.
 *
 * Rows of one stream skip events at or below their version, and keep it when they are deleted; so the same events may come again, from any source.
 * The answer holds only rows that something happened to.
 *
 * @throws {@link FoldFault} `LF_ROW_EXISTS`, `LF_ROW_MISSING`, `LF_ROW_KEY_CHANGED`, `LF_ROW_INVALID`, `LF_FOLD_FAILED`
 */
export function foldBatch({ table, keys, steps }: FoldPlan, kept: readonly KeptRow[]): readonly RowChange[] {
  const isOfOneStream = table.order === 'stream';
  const rows = kept.map(({ row, streamVersion }) => ({
    row: row && Object.freeze(row),
    streamVersion,
    isTouched: false,
  }));
  for (const { handler, event, at } of steps) {
    const state = rows[at] as (typeof rows)[number];
    const { key } = keys[at] as RowKey;
    if (isOfOneStream && event.stream.version <= state.streamVersion) continue;
    state.row = foldOne(table, handler, key, state.row, event);
    state.streamVersion = isOfOneStream ? event.stream.version : 0n;
    state.isTouched = true;
  }
  return rows.flatMap(({ row, streamVersion, isTouched }, at): readonly RowChange[] => {
    const existed = kept[at]?.row !== null;
    // A deleted row of one stream leaves its version behind, one that never was, too; of other rows nothing is left to say.
    if (!isTouched || (!isOfOneStream && row === null && !existed)) return [];
    return [{ ...(keys[at] as RowKey), row, streamVersion, existed }];
  });
}

function foldOne(table: RowTable, handler: RowHandler, key: string, row: Row | null, event: RecordedEvent): Row | null {
  switch (handler.verb) {
    case 'insert':
      if (row !== null) throw new FoldFault('LF_ROW_EXISTS', `the row ${key} is there already`, { table, event });
      return checked(
        table,
        key,
        event,
        called(table, event, () => handler.fold(event)),
      );
    case 'update': {
      if (row === null) throw new FoldFault('LF_ROW_MISSING', `there is no row ${key}`, { table, event });
      const changes = called(table, event, () => handler.fold(row, event));
      return checked(table, key, event, changes, row);
    }
    case 'upsert':
      return checked(
        table,
        key,
        event,
        called(table, event, () => handler.fold(row ?? undefined, event)),
      );
    case 'delete':
      return null;
  }
}

/** The row a fold returned, or changed from `before`, once it is known to be one. */
function checked(table: RowTable, key: string, event: RecordedEvent, returned: Row, before?: Row): Row {
  let row: Row;
  try {
    row = checkRow(table, returned, before === undefined);
  } catch (error) {
    if (!(error instanceof ColumnInvalid)) throw error;
    const { column: path } = error;
    throw new FoldFault('LF_ROW_INVALID', `${path} ${error.message}`.trimStart(), { table, event, path });
  }
  const whole = before ? { ...before, ...row } : row;
  if (whole[table.key] === key) return Object.freeze(whole);
  throw new FoldFault('LF_ROW_KEY_CHANGED', `the row ${key} came back with another ${table.key}`, { table, event });
}

function keysOf(table: RowTable, handler: RowHandler, event: RecordedEvent): readonly string[] {
  const keys = called(table, event, () => rowKeys(handler, event));
  if (keys) return keys;
  throw new FoldFault('LF_ROW_KEY_INVALID', 'the route answered something that is no key', { table, event });
}

/** Calls what the user wrote. */
function called<T>(table: RowTable, event: RecordedEvent, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new FoldFault('LF_FOLD_FAILED', `it threw ${describe(cause)}`, { table, event }, { cause });
  }
}

const describe = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
