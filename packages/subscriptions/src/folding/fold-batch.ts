import type { RecordedEvent } from '@leftfold/core';
import { ColumnInvalid, checkRow } from './check-row.ts';
import { FoldFault } from './fold-fault.ts';
import type { FoldedProjection } from '../projection/projection.ts';
import type { KeptRow, Row, RowChange, RowKey } from '../read-models.ts';
import type { RowHandler } from '../projection/row-handler.ts';
import { rowKeys } from './row-keys.ts';
import type { RowTable } from '../projection/row-table.ts';
import { thrownText } from './thrown-text.ts';

/** A handled event, decoded and upcast, with its tenant. */
export interface FoldEvent {
  readonly tenant: string;
  readonly event: RecordedEvent;
  /** Why there is none, though a {@link FoldGate} is to be told of it. */
  readonly fault?: unknown;
  /** The keys of its rows, where its route was asked already; `null` where that is at fault. */
  readonly routed?: readonly string[] | null | undefined;
}

/** Which rows a batch needs, and what happens to them in which order. */
export interface FoldPlan {
  readonly table: RowTable;
  /** Distinct; what a storage is asked for. */
  readonly keys: readonly RowKey[];
  readonly steps: readonly FoldStep[];
}
/** An event and its rows. */
export interface FoldStep {
  readonly of: FoldEvent;
  readonly handler?: RowHandler;
  /** Indexes of its rows in the keys of the plan. */
  readonly at: readonly number[];
  /** Why it is not known which rows are its. */
  readonly fault?: unknown;
}
/** Decides about events one by one, in their order, where one that cannot be folded must not be the end of all others. */
export interface FoldGate {
  /** False: this event and those behind it are left for later. Absent: all are folded. */
  goesOn?(event: FoldEvent): boolean;
  /** False: the event is left out, since an earlier one of its keys was. */
  admits(event: FoldEvent): boolean;
  /** The event cannot be folded. Nothing of it is kept; what this throws ends the batch. */
  failed(event: FoldEvent, fault: unknown): void;
}

/**
 * The rows that these events touch. Events of types that the projection does not handle are left out.
 * @param isGated a route's fault is kept for the gate that {@link foldBatch} is given
 * @throws {@link FoldFault} `LF_ROW_KEY_INVALID`, `LF_FOLD_FAILED` when a route throws
 */
export function planFold(projection: FoldedProjection, events: readonly FoldEvent[], isGated = false): FoldPlan {
  const table = projection.rowTable;
  const keys: RowKey[] = [];
  const steps: FoldStep[] = [];
  const indexes = new Map<string, number>();
  const indexOf = (tenant: string, key: string): number => {
    // A tenant holds no '/', so the two cannot run together.
    const name = `${tenant}/${key}`;
    const at = indexes.get(name) ?? keys.push({ tenant, key }) - 1;
    indexes.set(name, at);
    return at;
  };
  for (const of of events) {
    if (isGated && of.fault !== undefined) {
      steps.push({ of, at: [], fault: of.fault });
      continue;
    }
    const handler = projection.handlers.get(of.event.type);
    if (!handler) continue;
    try {
      const at = (of.routed ?? keysOf(table, handler, of.event)).map((key) => indexOf(of.tenant, key));
      if (at.length > 0) steps.push({ of, handler, at });
    } catch (fault) {
      if (!isGated || !(fault instanceof FoldFault)) throw fault;
      steps.push({ of, handler, at: [], fault });
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
 * @param gate absent: the first event that cannot be folded is thrown
 * @throws {@link FoldFault} `LF_ROW_EXISTS`, `LF_ROW_MISSING`, `LF_ROW_KEY_CHANGED`, `LF_ROW_INVALID`, `LF_FOLD_FAILED`
 */
export function foldBatch(
  { table, keys, steps }: FoldPlan,
  kept: readonly KeptRow[],
  gate?: FoldGate,
): readonly RowChange[] {
  const isOfOneStream = table.order === 'stream';
  const rows = kept.map(({ row, streamVersion }) => ({
    row: row && Object.freeze(row),
    streamVersion,
    isTouched: false,
  }));
  type State = (typeof rows)[number];
  for (const { of, handler, at, fault } of steps) {
    if (gate?.goesOn?.(of) === false) break;
    if (gate?.admits(of) === false) continue;
    if (gate !== undefined && (fault !== undefined || handler === undefined)) {
      gate.failed(of, fault);
      continue;
    }
    const { event } = of;
    const streamVersion = isOfOneStream ? event.stream.version : 0n;
    try {
      // Almost all events have one row.
      const only = at.length === 1 ? (rows[at[0] as number] as State) : undefined;
      if (only !== undefined) {
        if (isOfOneStream && streamVersion <= only.streamVersion) continue;
        only.row = foldOne(table, handler as RowHandler, (keys[at[0] as number] as RowKey).key, only.row, event);
        only.streamVersion = streamVersion;
        only.isTouched = true;
        continue;
      }
      const touched = at
        .map((index) => [rows[index] as State, keys[index] as RowKey] as const)
        .filter(([state]) => !isOfOneStream || event.stream.version > state.streamVersion);
      // Of an event of several rows all are changed or none.
      const folded = touched.map(([{ row }, { key }]) => foldOne(table, handler as RowHandler, key, row, event));
      for (const [index, [state]] of touched.entries())
        Object.assign(state, { row: folded[index], streamVersion, isTouched: true });
    } catch (error) {
      if (gate === undefined || !(error instanceof FoldFault)) throw error;
      gate.failed(of, error);
    }
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
        called(table, event, () => handler.fold(row ?? undefined, event, key)),
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
  cause instanceof Error ? `${cause.name}: ${cause.message}` : thrownText(cause);
