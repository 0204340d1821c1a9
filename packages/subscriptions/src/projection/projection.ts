import type { AnyEventType, RecordedOf, RoutableOf, RouteField, StreamVersion, StringField, t } from '@leftfold/core';
import type { ModelTables } from '../read-models.ts';
import { checkHandler, rowTableOf } from './check-projection.ts';
import type { RecoveryPolicy } from './recovery-policy.ts';
import type { RowHandler } from './row-handler.ts';
import type { RowTable } from './row-table.ts';

/**
 * In which order a projection needs its events. `'stream'`: per stream; a row belongs to one stream, and all streams to one category. `'any'`: rows are fed by several streams and
 * the folds commute – the test kit's `.permuted()` checks it. "Last wins" is an `'any'` fold that compares `event.position` with a stored column.
 */
export type Order = 'stream' | 'any';

declare const handled: unique symbol;

/** Anything that follows events into a read model. `E` the event types it handles. */
export interface Projection<out Name extends string, out E extends AnyEventType> {
  readonly name: Name;
  /** Part of the tables' schema name: a new version is built beside the old. Change the fold, raise the number. */
  readonly version: number;
  readonly order: Order;
  /** What is done about faults of its own handlers. */
  readonly recovery: RecoveryPolicy;
  /** For {@link HandledBy}; there is nothing at run time. */
  readonly [handled]: E;
  /** The event types it handles. */
  readonly handles: readonly AnyEventType[];
  /** Where it writes, as storages are told of it. */
  readonly tables: ModelTables;
}
/** Any projection. */
export type AnyProjection = Projection<string, AnyEventType>;
/** Any projection whose rows are folded, as the loop sees it. */
export interface FoldedProjection extends AnyProjection {
  /** The table; the same as `tables`. */
  readonly rowTable: RowTable;
  /** What is done for each event type, by its present name. */
  readonly handlers: ReadonlyMap<string, RowHandler>;
}
/** True when its rows are folded; false when it runs statements of its own. */
export const isFolded = (projection: AnyProjection): projection is FoldedProjection => 'rowTable' in projection;
/** The event types a projection handles. */
export type HandledBy<P extends AnyProjection> = P[typeof handled];

type Scalar = string | number | bigint | boolean | Date | Uint8Array | null;
/** A row: scalars and enums as in memory; records, arrays, maps and unions are jsonb, in JSON form (`t.toJson` makes it), as the driver gives them back. */
export type RowOf<F extends t.Fields> = F extends unknown
  ? { readonly [K in keyof F]: [t.Of<F[K]>] extends [Scalar] ? t.Of<F[K]> : t.JsonOf<F[K]> }
  : never;
/**
 * A hidden column of rows that belong to one stream: its version at the last event folded. Events at or below it are skipped. Folds do not see it.
 * As an ETag (`expect`) it refuses too often, never too seldom, where the projection does not handle every event of the stream.
 */
export interface Versioned {
  readonly _stream_version: StreamVersion;
}

/** Which row an event belongs to, if it is not the row of its stream: a field of the payload, or a function; several keys fan out. Personal fields cannot route: neither sees them. */
export type Route<T extends AnyEventType, Key> = RouteField<T, Key> | ((event: RoutableOf<T>) => Key | readonly Key[]);
/** Nothing when rows belong to streams; `{ by }` where they do not. */
export type Routing<T extends AnyEventType, Key, O extends Order> = O extends 'stream'
  ? []
  : [route: { readonly by: Route<T, Key> }];
/** Strict verbs exist only where a row belongs to one stream: elsewhere another stream's event may come first. */
export type StreamOnly<O extends Order, Fold> = O extends 'stream'
  ? [fold: Fold]
  : [`insert and update need order: 'stream'; with 'any' use upsert`];

/**
 * A read model as rows that are folded: pure functions from (row, event) to row. The runner reads the rows of a batch with one statement, folds in
 * memory and writes with one. The same definition runs from Postgres, from Kafka and on memory. An immutable value: each verb answers a new one.
 *
 * Rows are locked in key order while a batch is folded; a row believed absent that is there at writing runs the batch again: no update is lost.
 * Folds get frozen rows and frozen events, and return all columns (`update`: those that change), no others.
 */
export interface RowProjection<
  Name extends string,
  F extends t.Fields,
  K extends keyof F & string,
  O extends Order,
  out E extends AnyEventType = never,
> extends Projection<Name, E> {
  /** For {@link TablesOf}: the row's type under the table's name. There is nothing at run time. */
  readonly table: { readonly [T in Name as SnakeCase<T>]: O extends 'stream' ? RowOf<F> & Versioned : RowOf<F> };
  /** The columns. */
  readonly row: F;
  readonly rowTable: RowTable;
  readonly handlers: ReadonlyMap<string, RowHandler>;
  /**
   * A row that must not exist yet. If it does: `LF_ROW_EXISTS`, never silent.
   * @throws {@link DefinitionError} `LF_PROJECTION_INVALID`, as every verb does, when the type is handled already
   */
  insert<T extends AnyEventType>(
    on: T,
    ...rest: StreamOnly<O, (event: RecordedOf<T>) => RowOf<F>>
  ): RowProjection<Name, F, K, O, E | T>;
  /** Changes of a row that must exist. If it does not: `LF_ROW_MISSING`. */
  update<T extends AnyEventType>(
    on: T,
    ...rest: StreamOnly<O, (row: RowOf<F>, event: RecordedOf<T>) => Partial<RowOf<F>>>
  ): RowProjection<Name, F, K, O, E | T>;
  /** A row that may exist. `key` is the row's: where an event fans out to several, the fold is called for each of them. */
  upsert<T extends AnyEventType>(
    on: T,
    ...rest: [
      ...Routing<T, t.Of<F[K]>, O>,
      fold: (row: RowOf<F> | undefined, event: RecordedOf<T>, key: t.Of<F[K]>) => RowOf<F>,
    ]
  ): RowProjection<Name, F, K, O, E | T>;
  /** Deletes the row, if there. */
  delete<T extends AnyEventType>(on: T, ...rest: Routing<T, t.Of<F[K]>, O>): RowProjection<Name, F, K, O, E | T>;
}
/** `order-summary` → `order_summary`. */
export type SnakeCase<S extends string> = S extends `${infer A}-${infer B}` ? `${A}_${SnakeCase<B>}` : S;

/**
 * Defines a row projection. `row` is written in the same schema language as events and gives the table, its column types and the row's TypeScript type.
 * `key` is the primary key, a string column that is not personal: by default the key of the event's stream. The tenant leads it.
 *
 * The name is kebab-case, at most 48 characters; the version a whole number from 1 to 9999; columns are snake_case, at most 63 characters.
 *
 * @throws {@link DefinitionError} `LF_PROJECTION_INVALID` when one of them has another form, or the key or an indexed column is no column
 */
export function projection<
  const Name extends string,
  F extends t.Fields,
  const K extends StringField<F> & string,
  const O extends Order = 'stream',
>(
  name: Name,
  options: {
    readonly version: number;
    readonly row: F;
    readonly key: K;
    readonly order?: O;
    /** Further indexes, each a list of columns. */
    readonly indexes?: readonly (readonly (keyof F & string)[])[];
    /** Default: park while following, stop in a rebuild. */
    readonly recovery?: RecoveryPolicy;
  },
): RowProjection<Name, F, K, O> {
  const made: unknown = rowProjection(options, rowTableOf(name, options), new Map());
  return made as RowProjection<Name, F, K, O>;
}

/** The value of a projection with these handlers. The verbs' arguments were typed where they were called. */
function rowProjection(
  options: { readonly row: t.Fields; readonly recovery?: RecoveryPolicy },
  rowTable: RowTable,
  handlers: ReadonlyMap<string, RowHandler>,
): object {
  const adding = (handler: RowHandler): object => {
    checkHandler(rowTable, handlers, handler);
    return rowProjection(options, rowTable, new Map([...handlers, [handler.on.type, Object.freeze(handler)]]));
  };
  type Rest = readonly [{ readonly by: RowHandler['by'] }, unknown] | readonly [unknown];
  const parts = (rest: Rest): { by?: RowHandler['by']; fold: never } => {
    const [first] = rest;
    return typeof first === 'object' && first !== null && 'by' in first
      ? { by: first.by as RowHandler['by'], fold: rest[1] as never }
      : { fold: first as never };
  };
  return Object.freeze({
    name: rowTable.projection,
    version: rowTable.version,
    order: rowTable.order,
    recovery: options.recovery ?? {},
    handles: [...handlers.values()].map(({ on }) => on),
    row: options.row,
    tables: rowTable,
    rowTable,
    handlers,
    insert: (on: AnyEventType, ...rest: Rest) => adding({ verb: 'insert', on, ...parts(rest) }),
    update: (on: AnyEventType, ...rest: Rest) => adding({ verb: 'update', on, ...parts(rest) }),
    upsert: (on: AnyEventType, ...rest: Rest) => adding({ verb: 'upsert', on, ...parts(rest) }),
    delete: (on: AnyEventType, ...rest: Rest) => adding({ verb: 'delete', on, by: parts(rest).by }),
  });
}

/** The Kysely table types of a projection: `Kysely<TablesOf<typeof orderSummary>>`. */
export type TablesOf<P> = P extends { readonly table: infer T } ? T : never;
