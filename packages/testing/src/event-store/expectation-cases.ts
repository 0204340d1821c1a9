import assert from 'node:assert/strict';
import type { Expectation, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvents, newStream, readIds } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const BIGGEST = 2n ** 63n - 1n;
/** Hazard or none, what is expected, and at which versions of the stream that holds; it must be refused at the others. */
const MODES: readonly (readonly [string, Expectation, readonly number[]])[] = [
  ['L8 ', 'absent', [0]],
  ['L8 ', 'present', [1, 2]],
  ['', 'any', [0, 1, 2]],
  ['', 0n as StreamVersion, [0]],
  ['', 1n as StreamVersion, [1]],
  ['', 2n as StreamVersion, [2]],
  ['L10 ', 3n as StreamVersion, []],
  ['L10 ', BIGGEST as StreamVersion, []],
  ['', -1n as StreamVersion, []],
];

/** Every expectation against an absent stream, and streams of one and of two events. */
export const expectationCases = (open: OpenStore): readonly ConformanceCase[] =>
  MODES.flatMap(([hazard, expect, holdsAt]) =>
    [0, 1, 2].map((actual) => ({
      title: `${hazard}${named(expect)} ${holdsAt.includes(actual) ? 'appends to' : 'is refused by'} ${standing(actual)}`,
      run: async () => {
        const store = await open();
        const stream = newStream();
        const before = newEvents(actual);
        if (actual > 0) await store.append([{ stream, expect: 'absent', events: before }]);
        const events = newEvents(2);

        const outcome = await store.append([{ stream, expect, events }]);

        if (holdsAt.includes(actual)) {
          assert.equal(outcome.kind, 'appended');
          assert.deepEqual('versions' in outcome && outcome.versions, [BigInt(actual) + 2n]);
          assert.deepEqual(
            await readIds(store, stream),
            [...before, ...events].map(({ id }) => id),
          );
        } else {
          assert.deepEqual(outcome, { kind: 'conflict', stream: stream.id, actual: BigInt(actual) });
          assert.deepEqual(
            await readIds(store, stream),
            before.map(({ id }) => id),
          );
        }
      },
    })),
  );

const named = (expect: Expectation): string =>
  typeof expect === 'string' ? `'${expect}'` : expect === BIGGEST ? 'the largest version' : `version ${expect}`;
const standing = (version: number): string => (version === 0 ? 'an absent stream' : `a stream at version ${version}`);
