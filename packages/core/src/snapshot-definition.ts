import { DefinitionError } from './errors.ts';
import type { AnyEventType } from './event.ts';
import { versionsOf } from './event-version.ts';
import { kindOf } from './schema/kind.ts';
import type { AnySchema, Mark, Schema } from './schema/schema.ts';
import { sha256 } from './sha256.ts';

const MAX_EVERY = 100_000;
const MAX_VERSION = 2 ** 31 - 1;

/**
 * Keeps the folded state of long streams beside them, so that a load reads what came after and not all of it. Nothing else depends on it: whatever
 * is wrong with a snapshot, it is ignored and the stream read whole; as it is inside a transaction of the caller's, where there are none.
 */
export interface SnapshotOptions<State> {
  /** A snapshot is taken each time a stream passes a multiple of this many events. 1 to 100,000; 100 is a good start. */
  readonly every: number;
  /**
   * Of the fold: raise it whenever `evolve` or an upcaster comes to another state for the same events, and where two aggregates fold one category into
   * states of one schema. `snapshotSpec` of `@leftfold/testing` notices a fold that has changed without it. From 1.
   */
  readonly version: number;
  /** How the state is stored: all of it, since what a snapshot leaves out is gone. Maps come back in the order of their keys. */
  readonly state: Schema<NoInfer<State>, Mark>;
}

/** A {@link SnapshotOptions} that was checked, as an aggregate has it. */
export interface SnapshotDefinition {
  readonly every: number;
  readonly version: number;
  readonly state: AnySchema;
  /**
   * Names the fold: a hash of the snapshot's version, the state's schema, and the schemas of all versions of all events. Another fold has another key and never
   * meets this one's states, also while the old and the new release run side by side.
   */
  readonly key: string;
}

/** Checks the snapshots of an aggregate. @throws {@link DefinitionError} `LF_SNAPSHOT_INVALID`, `LF_SCHEMA_INVALID` when `state` is no schema */
export function snapshotDefinition(
  category: string,
  { every, version, state }: Pick<SnapshotDefinition, 'every' | 'version' | 'state'>,
  types: readonly AnyEventType[],
): SnapshotDefinition {
  checkWhole(category, 'every', every, MAX_EVERY);
  checkWhole(category, 'version', version, MAX_VERSION);
  kindOf(state);
  const events = types
    .flatMap((type) => versionsOf(type).map(({ writer }) => `${writer.type} ${writer.version} ${writer.fingerprint}`))
    .toSorted();
  const key = sha256(JSON.stringify([version, JSON.stringify(state.avro), ...events]));
  return Object.freeze({ every, version, state, key });
}

function checkWhole(category: string, name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw invalid(category, `${name} is ${value}; it is a whole number from 1 to ${most}`);
}

const invalid = (category: string, why: string): DefinitionError =>
  new DefinitionError('LF_SNAPSHOT_INVALID', `${category}, snapshot: ${why}`);
