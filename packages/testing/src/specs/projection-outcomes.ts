import { uuidV7 } from '@leftfold/core';
import type { NewEvent } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { isFolded, isOwn } from '@leftfold/subscriptions';
import type {
  AnyProjection,
  OwnProjection,
  OwnTables,
  ParkedHead,
  RecoveryPolicy,
  SourceRecord,
  Storage,
} from '@leftfold/subscriptions';
import { expectEqual, fail } from './expect-equal.ts';
import { over } from './over.ts';
import { drawFrom, permutation } from './permutation.ts';
import { runProjection } from './projection-run.ts';
import type { ProjectionOutcome, ProjectionScript } from './projection-run.ts';
import { specRecords } from './spec-records.ts';
import type { EventsOfStream } from './spec-records.ts';

/** How a spec's `permuted()` searches. */
export interface PermutedOptions {
  /** How many ways are tried. Default 50 in memory, 10 `on` a storage. */
  readonly runs?: number;
  /** Of what is drawn: the same seed gives the same ways. Default: another one each time; a failure names it. */
  readonly seed?: number;
}

/** What a spec is about. */
export interface ProjectionGiven {
  readonly projection: AnyProjection;
  readonly given: readonly (NewEvent | EventsOfStream<NewEvent>)[];
  readonly on?: Storage;
  readonly permuted?: PermutedOptions;
}
/** What became of the events in the order given, and in other ways, each in words. */
export interface ProjectionOutcomes {
  readonly first: ProjectionOutcome;
  readonly others: readonly { readonly way: string; readonly outcome: ProjectionOutcome }[];
}

/**
 * Runs a projection over given events, in their order and in drawn ones.
 * @throws `AssertionError` where another way stops, parks other keys, or makes other rows. What was parked on the way depends on what came before, and so do rows that
 * many streams feed: there only the keys of streams are compared.
 */
export async function projectionOutcomes({
  projection,
  given,
  on,
  permuted,
}: ProjectionGiven): Promise<ProjectionOutcomes> {
  const records = specRecords(projection, given);
  const run = (script: ProjectionScript): Promise<ProjectionOutcome> =>
    on
      ? runProjection(unused(impatient(projection)), script, on)
      : runProjection(impatient(projection), script, memory());
  const first = await run({ script: [[records]], crashes: new Map() });
  if (permuted === undefined || first.fault !== undefined) return { first, others: [] };
  const isComparable = first.parked.length === 0 || projection.order === 'stream';
  const { runs = on ? 10 : 50, seed = Math.floor(Math.random() * 2 ** 31) } = permuted;
  const others: ProjectionOutcomes['others'][number][] = [];
  for (let index = 0; index < runs; index++) {
    const script = permutation(records, projection.order, drawFrom(seed + index));
    const outcome = await run(script);
    const way = `with permuted({ seed: ${seed + index}, runs: 1 }), as ${described(script)}`;
    const { fault } = outcome;
    if (fault !== undefined) fail(`it stopped ${way}:\n${fault.code}: ${fault.message}`);
    if (isComparable) {
      expectEqual(parkedCodes(outcome), parkedCodes(first), `other keys are parked ${way}`);
      expectEqual(outcome.rows, first.rows, `other rows ${way}`);
      others.push({ way, outcome });
    }
  }
  return { first, others };
}

/** The key as a spec names it: of a stream, or of a row. */
export const nameOfParked = ({ key, first }: ParkedHead): string =>
  key.startsWith('row/') ? key.slice('row/'.length) : first.key;
const parkedCodes = ({ parked }: ProjectionOutcome): readonly string[] =>
  parked.map((head) => `${nameOfParked(head)}: ${head.cause.code}`).toSorted();

/** The projection with names that nobody has used in the storage. */
function unused(projection: AnyProjection): AnyProjection {
  const name = `spec-${uuidV7().slice(-12)}`;
  if (isOwn(projection)) {
    const tables: OwnTables = { ...projection.tables, projection: name };
    const apply: OwnProjection['apply'] = (tx, events) =>
      projection.apply(over(tx, { own: () => tx.own(tables) }), events);
    return Object.assign({ ...projection, name, tables }, { apply });
  }
  if (!isFolded(projection)) return { ...projection, name };
  const rowTable = { ...projection.rowTable, projection: name, name: name.replace('-', '_') };
  return Object.assign({ ...projection, name, tables: rowTable }, { rowTable });
}

/** In a spec nothing heals by being waited for. */
function impatient(projection: AnyProjection): AnyProjection {
  const { live } = projection.recovery;
  if (live?.kind !== 'retry') return projection;
  const recovery: RecoveryPolicy = { ...projection.recovery, live: live.then };
  return { ...projection, recovery };
}

function described({ script, crashes }: ProjectionScript): string {
  const record = ({ type, key, streamVersion }: SourceRecord): string =>
    `${type.split('.').at(-1)} ${key}#${streamVersion}`;
  const lanes = script.map((batches) => batches.map((batch) => `[${batch.map(record).join(', ')}]`).join(' '));
  const crashed = [...crashes].map(([at, step]) => `, transaction ${at} ends ${step}`).join('');
  return `${lanes.join(' beside ')}${crashed}`;
}
