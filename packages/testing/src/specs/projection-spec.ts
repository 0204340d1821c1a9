import type { AnyEventType, t } from '@leftfold/core';
import type {
  AnyProjection,
  FoldFault,
  Order,
  OwnTables,
  Projection,
  RowOf,
  RowProjection,
  Storage,
} from '@leftfold/subscriptions';
import { expectEqual, fail } from './expect-equal.ts';
import { expectRow, expectRows } from './expect-rows.ts';
import type { AnyVersionOf } from './given-event.ts';
import { nameOfParked, projectionOutcomes } from './projection-outcomes.ts';
import type { PermutedOptions, ProjectionGiven, ProjectionOutcomes } from './projection-outcomes.ts';
import type { ProjectionOutcome } from './projection-run.ts';
import type { EventsOfStream } from './spec-records.ts';

/** What every spec of a projection can be given and can check. `Code` is why an event cannot be applied, `Then` what a check answers, so that it can be gone on from. */
interface Given<E extends AnyEventType, Code extends string, Spec, Then> {
  /** More events after these. Each belongs to the stream that its field `<entity>Id` names; where it has none, {@link inStream} says it. */
  given(...more: readonly (AnyVersionOf<E> | EventsOfStream<AnyVersionOf<E>>)[]): Spec;
  /**
   * The same in whatever way the events arrive: streams interleaved in any order that keeps each one's own, one of them late, spread over lanes,
   * cut into batches, twice where rows belong to one stream, and with crashes between any two steps of a transaction. Checked by the `then…` that follows.
   */
  permuted(options?: PermutedOptions): Spec;
  /**
   * One of the events cannot be applied, with this code, and its key is parked with all that follows; the checks after this one see what became of the others. With
   * `keys`, of streams or of rows, exactly these are parked.
   */
  thenParked(code: Code, ...keys: readonly string[]): Then;
  /** One of the events cannot be applied, with this code: its key is parked, or its lane stops, as its recovery says. */
  thenFault(code: Code): Promise<void>;
}
/** Events, and the rows that their projection must have made of them. */
export interface RowsGiven<F extends t.Fields, E extends AnyEventType> extends Given<
  E,
  FoldFault['code'],
  RowsGiven<F, E>,
  RowsThen<F, E>
> {
  /** The row of this key has at least these columns; `null`: there is none. `key` may name several columns, if they name one row. */
  thenRow(key: Partial<RowOf<F>>, row: Partial<RowOf<F>> | null): RowsThen<F, E>;
  /** Exactly these rows, in any order. */
  thenRows(rows: readonly RowOf<F>[]): RowsThen<F, E>;
}
/** A check under way: await it, or return it from the test. It has begun already, so one that is forgotten fails as an unhandled rejection. */
export interface RowsThen<F extends t.Fields, E extends AnyEventType> extends Promise<void>, RowsGiven<F, E> {}

/** Events, and what the statements of their projection must have made of them. `Db` is what its handlers get; why an event cannot be applied the database says, e.g. `23505`, or what a handler threw. */
export interface QueriesGiven<Db, E extends AnyEventType> extends Given<
  E,
  string,
  QueriesGiven<Db, E>,
  QueriesThen<Db, E>
> {
  /** The query answers exactly these rows, in any order. It gets what the handlers get, and sees the projection's tables alone. */
  thenRows<R extends object>(query: (db: Db) => Promise<readonly R[]>, rows: readonly R[]): QueriesThen<Db, E>;
}
/** A check under way, as {@link RowsThen}. */
export interface QueriesThen<Db, E extends AnyEventType> extends Promise<void>, QueriesGiven<Db, E> {}

/**
 * Given events, then rows:
 *
 * ```ts
 * await projectionSpec(customerTotals).given(placedV1, paid).permuted().thenRow({ customer_id }, { orders: 1 });
 * ```
 *
 * Runs the loop that production runs, through stored form, upcasters and folds, on memory; or `on` a storage of yours, in tables and followers named
 * `spec…`, which stay there: give it a database that is thrown away. Given events are recorded a second apart from 1970 on. What would be tried again is not
 * (`retry(…)`): its last step is taken at once.
 */
export function projectionSpec<
  Name extends string,
  F extends t.Fields,
  K extends keyof F & string,
  O extends Order,
  E extends AnyEventType,
>(projection: RowProjection<Name, F, K, O, E>, options?: { readonly on?: Storage }): Pick<RowsGiven<F, E>, 'given'>;
/**
 * The same for a projection with statements of its own, on the storage that understands them:
 *
 * ```ts
 * await projectionSpec(salesBySku, { on: postgres({ pool }) })
 *   .given(placed)
 *   .permuted()
 *   .thenRows((db) => db.selectFrom('sales_by_sku').selectAll().execute(), [{ sku: 'a', quantity: 2 }]);
 * ```
 */
export function projectionSpec<E extends AnyEventType, Db>(
  projection: Projection<string, E> & {
    readonly tables: OwnTables & { readonly create: (db: Db) => Promise<void> };
  },
  options: { readonly on: Storage },
): Pick<QueriesGiven<Db, E>, 'given'>;
export function projectionSpec(
  projection: AnyProjection,
  options: { readonly on?: Storage } = {},
): Pick<AnyGiven, 'given'> {
  return spec({ projection, given: [], ...options });
}

/** Any spec, as it is run: what may be given and asked was typed where it was called. */
interface AnyGiven extends Given<AnyEventType, string, AnyGiven, AnyThen> {
  thenRow(key: object, row: object | null): AnyThen;
  thenRows(...rows: readonly unknown[]): AnyThen;
}
interface AnyThen extends Promise<void>, AnyGiven {}
type Query = (db: never) => Promise<readonly object[]>;

/** @param before what has to hold first: the checks of a chain are made in their order. @param mayPark a check before has seen to what is parked. */
function spec(about: ProjectionGiven, before: Promise<void> = Promise.resolve(), mayPark = false): AnyGiven {
  let outcomes: Promise<ProjectionOutcomes> | undefined;
  const check = (holds: (outcomes: ProjectionOutcomes) => void | Promise<void>): Promise<void> =>
    before.then(async () => holds(await (outcomes ??= projectionOutcomes(about))));
  const chained = (checked: Promise<void>, parks = mayPark): AnyThen =>
    Object.assign(checked, spec(about, checked, parks));
  const applied = ({ first }: ProjectionOutcomes): ProjectionOutcome => {
    if (first.fault) return fail(`it stopped with ${first.fault.code}: ${first.fault.message}`);
    const [head] = mayPark ? [] : first.parked;
    return head ? fail(`it parked ${nameOfParked(head)} with ${head.cause.code}: ${head.cause.text}`) : first;
  };
  return {
    given: (...more) => spec({ ...about, given: [...about.given, ...more] }, before, mayPark),
    permuted: (permuted = {}) => spec({ ...about, permuted }, before, mayPark),
    thenRow: (key, row) => chained(check((made) => expectRow(applied(made).rows, { ...key }, row && { ...row }))),
    thenRows: (...args) =>
      chained(
        check(async (made) => {
          if (args.length === 1) return expectRows(applied(made).rows, args[0] as readonly object[], 'other rows');
          const [query, rows] = args as readonly [Query, readonly object[]];
          expectRows(await applied(made).ask(query), rows, 'other rows');
          for (const { way, outcome } of made.others) expectRows(await outcome.ask(query), rows, `other rows ${way}`);
        }),
      ),
    thenParked: (code, ...keys) =>
      chained(
        check(({ first: { fault, parked, rows } }) => {
          if (fault) fail(`it was to park a key with ${code}, but stopped with ${fault.code}: ${fault.message}`);
          const [head] = parked;
          if (head === undefined) return fail(`it was to park a key with ${code}, but made ${rows.length} rows`);
          if (!parked.some(({ cause }) => cause.code === code))
            expectEqual(head.cause.code, code, `it parked with another code (${head.cause.text})`);
          const names = parked.map(nameOfParked).toSorted();
          if (keys.length > 0) expectEqual(names, keys.toSorted(), 'it parked other keys');
        }),
        true,
      ),
    thenFault: (code) =>
      check(({ first: { fault, parked, rows } }) => {
        const [head] = parked;
        if (fault) expectEqual(fault.code, code, `it stopped with another code (${fault.message})`);
        else if (head) expectEqual(head.cause.code, code, `it parked with another code (${head.cause.text})`);
        else fail(`it was to stop with ${code}, but made ${rows.length} rows`);
      }),
  };
}
