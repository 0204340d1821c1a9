import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Lane } from '@leftfold/subscriptions';
import { LazyCommits } from './lazy-commits.ts';
import type { OffsetToCommit } from './lazy-commits.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function told(fails: () => boolean = () => false) {
  const calls: (readonly OffsetToCommit[])[] = [];
  const faults: unknown[] = [];
  const commits = new LazyCommits(
    async (offsets) => {
      if (fails()) throw new Error('made up');
      calls.push(offsets);
    },
    (error) => void faults.push(error),
  );
  return { calls, faults, commits };
}
const [first, second] = [0, 1].map((partition) => ({ topic: 'orders', partition }));

test('what is dealt with is told in one call, of each lane the last, and nothing where nothing is new', async () => {
  const { calls, commits } = told();
  for (const offset of [1n, 2n, 3n]) commits.handled(first!, offset);
  commits.handled(second!, 7n);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(calls).toEqual([
    [
      { ...first, offset: 3n },
      { ...second, offset: 7n },
    ],
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  await commits.tell();
  expect(calls).toHaveLength(1);
});

test('a steady stream is told all the same: nothing new puts it off', async () => {
  const { calls, commits } = told();
  for (let offset = 1n; offset <= 100n; offset++) {
    commits.handled(first!, offset);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(calls.length).toBeGreaterThanOrEqual(2);
});

test('what could not be told is told with what comes next, unless that is further', async () => {
  let fails = true;
  const { calls, faults, commits } = told(() => fails);
  commits.handled(first!, 3n);
  commits.handled(second!, 7n);
  await commits.tell();
  expect([calls, faults.length]).toEqual([[], 1]);
  fails = false;
  commits.handled(second!, 8n);
  await commits.tell();
  expect(calls[0]?.toSorted((a, b) => a.partition - b.partition)).toEqual([
    { ...first, offset: 3n },
    { ...second, offset: 8n },
  ]);
});

test('of a lane that was taken away nothing more is told', async () => {
  const { calls, commits } = told();
  commits.handled(first!, 3n);
  commits.handled(second!, 7n);
  commits.forget('orders/0' as Lane);
  await commits.tell();
  expect(calls).toEqual([[{ ...second, offset: 7n }]]);
});
