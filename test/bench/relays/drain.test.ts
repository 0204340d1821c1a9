import { afterEach, expect, test, vi } from 'vitest';
import { takeDrain, type Drain } from './drain.ts';

const NOBODY = { pid: undefined };

afterEach(() => void vi.restoreAllMocks());

/** Batches of ten, each with the time that it takes. */
function inBatches(milliseconds: readonly number[]): Drain {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return {
    name: 'a side',
    drain: async (_, progress) => {
      for (const ms of milliseconds) {
        now += ms;
        progress(10);
      }
      return milliseconds.length * 10;
    },
  };
}

test('a drain counts from its first tenth on: the way up to speed is left out, and what comes beyond the backlog', async () => {
  const times = [5_000, 100, 100, 100, 100, 100, 100, 100, 100, 200, 9_000];
  expect(await takeDrain(NOBODY, NOBODY, inBatches(times), 100)).toMatchObject({ said: 110, perSecond: 90 });
});

test('a side that deals with too little, or all at once, is no measurement', async () => {
  const none: Drain = { name: 'none', drain: async () => 0 };
  await expect(takeDrain(NOBODY, NOBODY, none, 100)).rejects.toThrow('none dealt with 0 of 100 events');
  await expect(takeDrain(NOBODY, NOBODY, inBatches([1]), 10)).rejects.toThrow('too few to measure');
});
