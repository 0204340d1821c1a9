import assert from 'node:assert/strict';
import type { AppendOutcome, Expectation, StreamVersion } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newEvents, newStream, readIds, readStream } from './encoded-events.ts';
import type { OpenStore } from './event-store-conformance.ts';

const K = 50;

/** Appends at the same moment. */
export const concurrencyCases = (open: OpenStore): readonly ConformanceCase[] => [
  {
    title: `L7 of ${K} concurrent appends at one version exactly one is appended, the others conflict`,
    run: () => oneOf(open, 3, 3n as StreamVersion),
  },
  {
    title: `L8 of ${K} concurrent appends that expect 'absent' exactly one is appended, the others conflict`,
    run: () => oneOf(open, 0, 'absent'),
  },
  {
    title: `L7 of ${K} concurrent appends at version 0 exactly one is appended, the others conflict`,
    run: () => oneOf(open, 0, 0n as StreamVersion),
  },
  {
    title: `L7 ${K} of ${K} concurrent appends that expect 'any' are appended, to an absent stream and to one with events`,
    run: async () => {
      await allOf(open, 0, 'any');
      await allOf(open, 3, 'any');
    },
  },
  {
    title: `L7 ${K} of ${K} concurrent appends that expect 'present' are appended`,
    run: () => allOf(open, 3, 'present'),
  },
  {
    title: 'L7 of concurrent appends to two streams at their versions, named in either order, exactly one is appended',
    run: async () => {
      const store = await open();
      const streams = [newStream(), newStream()];
      const attempts = Array.from({ length: K }, (_, index) =>
        (index % 2 ? streams : streams.toReversed()).map((stream) => ({
          stream,
          expect: 'absent' as const,
          events: [newEvent()],
        })),
      );
      const outcomes = await Promise.all(attempts.map((appends) => store.append(appends)));
      assert.deepEqual(tally(outcomes), { appended: 1, conflict: K - 1 });
      const winner = attempts[outcomes.findIndex(({ kind }) => kind === 'appended')];
      for (const { stream, events } of winner ?? []) {
        assert.deepEqual(
          await readIds(store, stream),
          events.map(({ id }) => id),
        );
      }
    },
  },
  {
    title: `all of ${K} concurrent appends to two streams, named in either order, are appended: none waits for the other for ever`,
    run: async () => {
      const store = await open();
      const streams = [newStream(), newStream()];
      const outcomes = await Promise.all(
        Array.from({ length: K }, (_, index) =>
          store.append(
            (index % 2 ? streams : streams.toReversed()).map((stream) => ({
              stream,
              expect: 'any',
              events: newEvents(2),
            })),
          ),
        ),
      );
      assert.deepEqual(tally(outcomes), { appended: K });
      for (const stream of streams) assert.deepEqual(versionsOf(await readStream(store, stream)), dense(2 * K));
    },
  },
  {
    title: 'a reader sees a prefix of the stream, dense from version 1, while others append',
    run: async () => {
      const store = await open();
      const stream = newStream();
      let isWriting = true;
      const writer = (async () => {
        for (let i = 0; i < 30; i++) await store.append([{ stream, expect: 'any', events: newEvents(1 + (i % 4)) }]);
        isWriting = false;
      })();
      let seen: readonly string[] = [];
      while (isWriting) {
        const events = await readStream(store, stream);
        assert.deepEqual(versionsOf(events), dense(events.length));
        const ids = events.map(({ id }) => id);
        assert.deepEqual(ids.slice(0, seen.length), seen, 'what was read before must stand there still');
        seen = ids;
      }
      await writer;
    },
  },
];

async function oneOf(open: OpenStore, before: number, expect: Expectation): Promise<void> {
  const { store, stream, attempts, outcomes } = await race(open, before, expect);
  assert.deepEqual(tally(outcomes), { appended: 1, conflict: K - 1 });
  for (const outcome of outcomes) {
    if (outcome.kind === 'conflict')
      assert.deepEqual(outcome.actual, BigInt(before + 1), 'where the winner left the stream');
  }
  const winner = attempts[outcomes.findIndex(({ kind }) => kind === 'appended')];
  const events = await readStream(store, stream);
  assert.deepEqual(versionsOf(events), dense(before + 1));
  assert.equal(events.at(-1)?.id, winner?.id, 'the event of the one that was told "appended"');
}

async function allOf(open: OpenStore, before: number, expect: Expectation): Promise<void> {
  const { store, stream, attempts, outcomes } = await race(open, before, expect);
  assert.deepEqual(tally(outcomes), { appended: K });
  const events = await readStream(store, stream);
  assert.deepEqual(versionsOf(events), dense(before + K));
  attempts.forEach(({ id }, index) => {
    const outcome = outcomes[index];
    const version = outcome?.kind === 'appended' ? outcome.versions[0] : undefined;
    assert.equal(events[Number(version) - 1]?.id, id, 'each event stands at the version that its append answered');
  });
}

async function race(open: OpenStore, before: number, expect: Expectation) {
  const store = await open();
  const stream = newStream();
  if (before > 0) await store.append([{ stream, expect: 'absent', events: newEvents(before) }]);
  const attempts = newEvents(K);
  const outcomes = await Promise.all(attempts.map((event) => store.append([{ stream, expect, events: [event] }])));
  return { store, stream, attempts, outcomes };
}

/** How many outcomes there are of each kind. */
export function tally(outcomes: readonly AppendOutcome[]): { readonly [kind: string]: number } {
  const counts: { [kind: string]: number } = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
const versionsOf = (events: readonly { readonly streamVersion: bigint }[]): readonly bigint[] =>
  events.map(({ streamVersion }) => streamVersion);
const dense = (count: number): readonly bigint[] => Array.from({ length: count }, (_, index) => BigInt(index + 1));
