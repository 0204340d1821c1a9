import { uuidV7 } from '@leftfold/core';
import type { AnyEventType, NewEvent, t } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type {
  AnyProjection,
  FoldFault,
  Order,
  Row,
  RowOf,
  RowProjection,
  SourceRecord,
  Storage,
} from '@leftfold/subscriptions';
import { expectEqual, fail } from './expect-equal.ts';
import type { AnyVersionOf } from './given-event.ts';
import { drawFrom, permutation } from './permutation.ts';
import { runProjection } from './projection-run.ts';
import type { ProjectionOutcome, ProjectionScript } from './projection-run.ts';
import { specRecords } from './spec-records.ts';
import type { EventsOfStream } from './spec-records.ts';

/** How {@link RowsGiven.permuted} searches. */
export interface PermutedOptions {
  /** How many ways are tried. Default 50 in memory, 10 `on` a storage. */
  readonly runs?: number;
  /** Of what is drawn: the same seed gives the same ways. Default: another one each time; a failure names it. */
  readonly seed?: number;
}

/** Events, and what their projection must have made of them. */
export interface RowsGiven<F extends t.Fields, E extends AnyEventType> {
  /** More events after these. Each belongs to the stream that its field `<entity>Id` names; where it has none, {@link inStream} says it. */
  given(...more: readonly (AnyVersionOf<E> | EventsOfStream<AnyVersionOf<E>>)[]): RowsGiven<F, E>;
  /**
   * The same rows in whatever way the events arrive: streams interleaved in any order that keeps each one's own, one of them late, spread over lanes,
   * cut into batches, twice where rows belong to one stream, and with crashes before and after a commit. Checked by the `then…` that follows.
   */
  permuted(options?: PermutedOptions): RowsGiven<F, E>;
  /** The row of this key has at least these columns; `null`: there is none. `key` may name several columns, if they name one row. */
  thenRow(key: Partial<RowOf<F>>, row: Partial<RowOf<F>> | null): RowsThen<F, E>;
  /** Exactly these rows, in any order. */
  thenRows(rows: readonly RowOf<F>[]): RowsThen<F, E>;
  /** The projection stops at one of the events, with this code. */
  thenFault(code: FoldFault['code']): Promise<void>;
}
/** A check under way: await it, or return it from the test. It has begun already, so one that is forgotten fails as an unhandled rejection. */
export interface RowsThen<F extends t.Fields, E extends AnyEventType> extends Promise<void>, RowsGiven<F, E> {}

/**
 * Given events, then rows:
 *
 * ```ts
 * await projectionSpec(customerTotals).given(placedV1, paid).permuted().thenRow({ customer_id }, { orders: 1 });
 * ```
 *
 * Runs the loop that production runs, through stored form, upcasters and folds, on memory; or `on` a storage of yours, in tables and followers named
 * `spec…`, which stay there: give it a database that is thrown away. Given events are recorded a second apart from 1970 on.
 */
export function projectionSpec<
  Name extends string,
  F extends t.Fields,
  K extends keyof F & string,
  O extends Order,
  E extends AnyEventType,
>(
  projection: RowProjection<Name, F, K, O, E>,
  options: { readonly on?: Storage } = {},
): Pick<RowsGiven<F, E>, 'given'> {
  return rowsGiven<F, E>({ projection, given: [], ...options });
}

interface Spec {
  readonly projection: AnyProjection;
  readonly given: readonly (NewEvent | EventsOfStream<NewEvent>)[];
  readonly on?: Storage;
  readonly permuted?: PermutedOptions;
}

/** @param before what has to hold first: the checks of a chain are made in their order. */
function rowsGiven<F extends t.Fields, E extends AnyEventType>(
  spec: Spec,
  before: Promise<void> = Promise.resolve(),
): RowsGiven<F, E> {
  let outcome: Promise<ProjectionOutcome> | undefined;
  const check = (holds: (outcome: ProjectionOutcome) => void): Promise<void> =>
    before.then(async () => holds(await (outcome ??= outcomeOf(spec))));
  const chained = (checked: Promise<void>): RowsThen<F, E> => Object.assign(checked, rowsGiven<F, E>(spec, checked));
  return {
    given: (...more) => rowsGiven({ ...spec, given: [...spec.given, ...more] }, before),
    permuted: (permuted = {}) => rowsGiven({ ...spec, permuted }, before),
    thenRow: (key, row) => chained(check((made) => expectRow(rowsOf(made), key, row))),
    thenRows: (rows) => chained(check((made) => expectEqual(sorted(rowsOf(made)), sorted(rows), 'other rows'))),
    thenFault: (code) =>
      check((made) => {
        if ('rows' in made) fail(`it was to stop with ${code}, but made ${made.rows.length} rows`);
        else expectEqual(made.fault.code, code, `it stopped with another code (${made.fault.message})`);
      }),
  };
}

async function outcomeOf({ projection, given, on, permuted }: Spec): Promise<ProjectionOutcome> {
  const records = specRecords(projection, given);
  const run = (script: ProjectionScript): Promise<ProjectionOutcome> =>
    on ? runProjection(unused(projection), script, on) : runProjection(projection, script, memory());
  const outcome = await run({ script: [[records]], crashes: new Map() });
  if (permuted === undefined || 'fault' in outcome) return outcome;
  const { runs = on ? 10 : 50, seed = Math.floor(Math.random() * 2 ** 31) } = permuted;
  for (let index = 0; index < runs; index++) {
    const script = permutation(records, projection.order, drawFrom(seed + index));
    const other = await run(script);
    const way = `with permuted({ seed: ${seed + index}, runs: 1 }), as ${described(script)}`;
    if ('fault' in other) fail(`it stopped ${way}:\n${other.fault.code}: ${other.fault.message}`);
    else expectEqual(other.rows, outcome.rows, `other rows ${way}`);
  }
  return outcome;
}

/** The projection with names that nobody has used in the storage. */
function unused(projection: AnyProjection): AnyProjection {
  const name = `spec-${uuidV7().slice(-12)}`;
  return { ...projection, name, rowTable: { ...projection.rowTable, projection: name, name: name.replace('-', '_') } };
}

const rowsOf = (outcome: ProjectionOutcome): readonly Row[] =>
  'rows' in outcome ? outcome.rows : fail(`it stopped with ${outcome.fault.code}: ${outcome.fault.message}`);

function expectRow(rows: readonly Row[], key: Row, expected: Row | null): void {
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

const sorted = (rows: readonly Row[]): readonly Row[] =>
  rows.map((row) => ({ ...row })).toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
const text = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));

function described({ script, crashes }: ProjectionScript): string {
  const record = ({ type, key, streamVersion }: SourceRecord): string =>
    `${type.split('.').at(-1)} ${key}#${streamVersion}`;
  const lanes = script.map((batches) => batches.map((batch) => `[${batch.map(record).join(', ')}]`).join(' '));
  const crashed = [...crashes].map(([at, when]) => `, crash ${when} commit ${at}`).join('');
  return `${lanes.join(' beside ')}${crashed}`;
}
