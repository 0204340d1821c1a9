import type { AppendOutcome, EncodedEvent, Expectation, StreamRef, StreamVersion } from '@leftfold/core';
import { newEvents, newStream, readIds } from '@leftfold/testing';
import { postgres } from '@leftfold/postgres';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';

const K = 50;

/**
 * Appends of as many processes, as far as the log can tell: each has a storage of its own, so that they meet in the database and nowhere before. In one process
 * they would queue up for their stream, and whoever loses would be told so without ever being sent.
 */
async function race(
  before: number,
  expectation: Expectation,
): Promise<{
  readonly outcomes: readonly AppendOutcome[];
  readonly ids: readonly string[];
  readonly events: readonly EncodedEvent[];
}> {
  const { storage, pool } = await testLog({ pool: { max: 20 } });
  const stream: StreamRef = newStream();
  if (before > 0) await storage.store.append([{ stream, expect: 'absent', events: newEvents(before) }]);
  const stores = Array.from({ length: K }, () => postgres({ ...poolerOptions, pool }).store);
  // What only the first call of a process asks for would send them one after the other.
  await Promise.all(
    stores.map((store) => store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }])),
  );
  const events = newEvents(K);
  const outcomes = await Promise.all(
    events.map((event, i) =>
      (stores[i] as typeof storage.store).append([{ stream, expect: expectation, events: [event] }]),
    ),
  );
  return { outcomes, ids: await readIds(storage.store, stream), events };
}

test.each<[number, Expectation]>([
  [3, 3n as StreamVersion],
  [0, 0n as StreamVersion],
  [0, 'absent'],
])(
  'L7 L8 of 50 processes that append to a stream of %d events and expect %s exactly one is appended',
  async (before, at) => {
    const { outcomes, ids, events } = await race(before, at);

    const winners = outcomes.flatMap(({ kind }, i) => (kind === 'appended' ? [events[i]?.id] : []));
    expect(winners).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'conflict')).toHaveLength(K - 1);
    expect(ids).toHaveLength(before + 1);
    expect(ids.at(-1)).toBe(winners[0]);
  },
);

test.each<[number, Expectation]>([
  [0, 'any'],
  [3, 'any'],
  [3, 'present'],
])(
  'L7 of 50 processes that append to a stream of %d events and expect %s each has the place that it is told',
  async (before, at) => {
    const { outcomes, ids, events } = await race(before, at);

    expect(ids).toHaveLength(before + K);
    for (const [i, outcome] of outcomes.entries()) {
      const version = outcome.kind === 'appended' ? outcome.versions[0] : undefined;
      expect(ids[Number(version) - 1]).toBe(events[i]?.id);
    }
  },
);

test('L10 of several streams in one append one that is expected further than it stands refuses all of them', async () => {
  const { storage } = await testLog();
  const [short, other] = [newStream(), newStream()];
  await storage.store.append([{ stream: short, expect: 'absent', events: newEvents(2) }]);

  const outcome = await storage.store.append([
    { stream: other, expect: 'any', events: newEvents(1) },
    { stream: short, expect: 3n as StreamVersion, events: newEvents(1) },
  ]);

  expect(outcome).toEqual({ kind: 'conflict', stream: short.id, actual: 2n });
  expect(await readIds(storage.store, short)).toHaveLength(2);
  expect(await readIds(storage.store, other)).toEqual([]);
});
