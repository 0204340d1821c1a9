import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FollowerId } from '../checkpoints.ts';
import type { Conditions } from '../conditions.ts';
import type { LaneState } from '../following/status.ts';
import type { Lane } from '../source.ts';
import { NotedConditions } from './noted-conditions.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lane = '0' as Lane;
const follower: FollowerId = { name: 'things', version: 1 };

/** A store that does a write when it is told to, and may lose the answer; what it holds is what it has written, in the order in which it did. */
function slowStore() {
  const pending: { readonly said: string; readonly write: () => void; readonly lose: () => void }[] = [];
  let stands: string | undefined;
  const write = (said: string | undefined): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = (): void => ((stands = said), resolve());
    pending.push({
      said: said ?? 'well',
      write: done,
      lose: () => ((stands = said), reject(new Error('the connection was lost'))),
    });
    return promise;
  };
  const conditions: Conditions = {
    note: (_, noted) => write(noted[0]?.state),
    // That the source is well is said besides, once.
    clear: async (_, lanes) => (lanes.includes(lane) ? write(undefined) : undefined),
    of: async () => [],
  };
  return {
    conditions,
    stands: () => stands,
    asked: () => pending.map(({ said }) => said),
    /** The write that was asked for first and is not answered yet. */
    next: () => pending.shift(),
  };
}

function noting(conditions: Conditions) {
  const noted = new NotedConditions(conditions, follower, 'here');
  const is = (state: LaneState, failures = 1): void => {
    const fault = state === 'following' ? {} : { fault: { code: 'LF_GAP', message: '' } };
    const trouble = { trouble: { since: new Date(0), failures } };
    const status = { lane, state, since: new Date(0), batches: 0, events: 0, ...fault, ...trouble };
    noted.on({ kind: 'lane', lane, status, before: undefined });
  };
  return { noted, is };
}

test('of two writes the later has the last word, however long the first takes', async () => {
  const store = slowStore();
  const { is } = noting(store.conditions);
  is('retrying');
  await vi.advanceTimersByTimeAsync(1_000);
  is('following');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(store.asked(), 'nothing else while one is under way').toEqual(['retrying']);
  store.next()?.write();
  await vi.advanceTimersByTimeAsync(1_000);
  store.next()?.write();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([store.stands(), store.asked()]).toEqual([undefined, []]);
});

test('what may have been noted, though the answer was lost, is taken back once the lane is well', async () => {
  const store = slowStore();
  const { is } = noting(store.conditions);
  is('following');
  await vi.advanceTimersByTimeAsync(1_000);
  store.next()?.write();
  is('retrying');
  await vi.advanceTimersByTimeAsync(1_000);
  store.next()?.lose();
  is('following');
  expect(store.stands()).toBe('retrying');
  await vi.advanceTimersByTimeAsync(60_000);
  store.next()?.write();
  expect(store.stands()).toBeUndefined();
});

test('a lane that is claimed anew while a write is under way is written again: its owner in between may have noted something', async () => {
  const store = slowStore();
  const { noted, is } = noting(store.conditions);
  is('following');
  await vi.advanceTimersByTimeAsync(1_000);
  noted.on({ kind: 'claimed', lane });
  is('following');
  store.next()?.write();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(store.asked()).toEqual(['well']);
});

test('while the same lasts it is noted about each half minute, however many attempts fail', async () => {
  const store = slowStore();
  const { is } = noting(store.conditions);
  let writes = 0;
  for (let failures = 1; failures <= 600; failures++) {
    is('retrying', failures);
    await vi.advanceTimersByTimeAsync(200);
    const write = store.next();
    write?.write();
    if (write) writes += 1;
  }
  expect(writes).toBe(4);
});
