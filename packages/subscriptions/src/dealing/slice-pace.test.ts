import { expect, test } from 'vitest';
import { SlicePace } from './slice-pace.ts';

/** Calls that take as long as they say. */
function pacing(first: number) {
  let now = 0;
  const pace = new SlicePace({ ms: 1_000, now: () => now }, first);
  return { pace, call: (count: number, ms: number) => pace.learn(count, async () => void (now += ms)) };
}

test('while calls are quick each gets twice as many as the one before, until a batch is one call', async () => {
  const { pace, call } = pacing(100);
  const sizes: number[] = [];
  while (pace.size < 1_000) {
    sizes.push(pace.size);
    await call(pace.size, 10);
  }
  expect(sizes).toEqual([100, 200, 400, 800]);
});

test('a call that was too long makes the next one as large as takes half of the time', async () => {
  const { pace, call } = pacing(100);
  await call(100, 20_000);
  expect(pace.size).toBe(2);
  await call(1, 5_000);
  expect(pace.size).toBe(1);
});

test('what was small by itself says nothing of larger ones, and neither does one that failed', async () => {
  const { pace, call } = pacing(100);
  await call(3, 1);
  await expect(pace.learn(100, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(pace.size).toBe(100);
});
