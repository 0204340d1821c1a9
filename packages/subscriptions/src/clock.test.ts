import { expect, test } from 'vitest';
import { clockHere, elapsedMs, keepingClock, underClock, type Clock } from './clock.ts';

const clock: Clock = { now: () => 42, pause: async () => {} };

test('whatever is started under a clock waits by it, and nothing else does', async () => {
  expect(await underClock(clock, async () => (await Promise.resolve(), clockHere()))).toBe(clock);
  expect(underClock(clock, elapsedMs)).toBe(42);
  expect(clockHere()).toBeUndefined();
  expect(elapsedMs()).toBeLessThanOrEqual(performance.now());
});
test('who is called back from elsewhere keeps the clock it was made under', () => {
  const work = underClock(clock, () => keepingClock((n: number) => [n, clockHere()]));
  expect(work(1)).toEqual([1, clock]);
  const other: Clock = { ...clock };
  expect(underClock(other, () => work(2))[1]).toBe(clock);
});
