import { createHash } from 'node:crypto';
import { AssertionError } from 'node:assert/strict';
import { decodePayload, encodePayload, eventTypesByName, versionsOf } from '@leftfold/core';
import type { AnyAggregate, AnyEventType, EventSet, NewEvent, SnapshotDefinition } from '@leftfold/core';
import { expectEqual, fail } from './expect-equal.ts';
import { foldPurely } from './fold-purely.ts';
import { givenEvent } from './given-event.ts';
import type { AnyVersionOf } from './given-event.ts';

/** What the fold of some events came to. */
export interface FoldThen {
  /**
   * It comes to the states it came to when this hash was committed, or its snapshots have another key by now. Begin with `thenHash('')`: the failure says the hash.
   * @throws `AssertionError` with both hashes, and what to do
   */
  thenHash(hash: string): void;
}

/**
 * Holds a fold to its snapshots: whoever changes what `evolve` or an upcaster makes of old events, and leaves `snapshot.version` as it is, would have old
 * states taken for new ones, for ever. So a hash of the states after each of these events is committed with the code:
 *
 * ```ts
 * snapshotSpec(order, { given: [placedV1, placed, paid, shipped] }).thenHash('5d41402a-bc4b2a76b9719d91');
 * ```
 *
 * The hash has two parts: of the snapshots' key (version, schema of the state, schemas of the events), and of the states. Also checks that each state fits
 * `snapshot.state`, comes back as it went in, and goes on from there as it would have; and that the fold changes no state in place.
 *
 * @param options.given events that come to telling states: every event of the aggregate, in every version that was ever released, at least once.
 * @throws `AssertionError` where one of these does not hold, and for an aggregate without snapshots
 */
export function snapshotSpec<A extends AnyAggregate>(
  aggregate: A,
  options: { readonly given: readonly AnyVersionOf<A['events'][keyof A['events']]>[] },
): FoldThen {
  const { snapshot } = aggregate;
  if (snapshot === undefined) return fail(`${aggregate.category} declares no snapshot`);
  const given = options.given as readonly NewEvent[];
  const owned = Object.values<AnyEventType>(aggregate.events as EventSet);
  const types = eventTypesByName(owned);
  refuseMissing(aggregate.category, owned, given);
  const history = (): readonly NewEvent[] => given.map((event) => givenEvent(types, event).latest);
  foldPurely(aggregate, history);
  const hash = `${snapshot.key.slice(0, 8)}-${sha256(storedStates(aggregate, snapshot, history()).join('\n')).slice(0, 16)}`;
  return { thenHash: (expected) => expectHash(aggregate.category, snapshot, hash, expected) };
}

/** The stored form of the state after each event. */
function storedStates(
  aggregate: AnyAggregate,
  { state: schema }: SnapshotDefinition,
  events: readonly NewEvent[],
): readonly string[] {
  let state: unknown = aggregate.initial();
  let restored: unknown = state;
  return events.map((event, index) => {
    const after = `the state after event ${index + 1}, ${event.type},`;
    state = aggregate.evolve(state, event as never);
    restored = aggregate.evolve(restored, event as never);
    expectEqual(restored, state, `${after} depends on whether the one before came from a snapshot`);
    const encoded = encodePayload(schema, state, false);
    if ('issues' in encoded) {
      const [issue] = encoded.issues;
      return fail(`${after} does not fit snapshot.state: ${[...(issue?.path ?? [])].join('.')} ${issue?.message}`);
    }
    const decoded = decodePayload(schema, encoded.text);
    restored = 'value' in decoded ? decoded.value : fail(`${after} cannot be read back`);
    expectEqual(restored, state, `${after} comes back from a snapshot different`);
    return encoded.text;
  });
}

function refuseMissing(category: string, types: readonly AnyEventType[], given: readonly NewEvent[]): void {
  const missing = types.flatMap((type) =>
    versionsOf(type)
      .filter(({ version }) => !given.some((event) => type.is(event) && event.version === version))
      .map(({ version }) => `${type.type} version ${version}`),
  );
  if (missing.length > 0) fail(`${category}: given lacks ${missing.join(', ')}, whose fold could change unseen`);
}

function expectHash(category: string, { version }: SnapshotDefinition, actual: string, expected: string): void {
  if (actual === expected) return;
  const isSameKey = expected.startsWith(actual.slice(0, 9));
  const advice = isSameKey
    ? `it folds into other states than it did, and its snapshots have the same key: raise snapshot.version from ${version} to ${version + 1}, then commit the hash that this says`
    : 'its snapshots have a key of their own, so older ones are ignored: commit this hash';
  throw new AssertionError({
    message: `the fold of ${category} has the hash ${actual}, not ${expected === '' ? 'yet committed' : expected}; ${advice}`,
    actual,
    expected,
    operator: 'thenHash',
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
