import { expect, test } from 'vitest';
import { underClock } from '../clock.ts';
import { batchTime, TimeAllowance } from './time-allowance.ts';

test.each([0, -1, 1.5, 60_001, Number.NaN])('a batch cannot have %s ms', (ms) => {
  expect(() => batchTime(ms)).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
});

test('it runs from the first event on, by the clock that the follower was started under', () => {
  let now = 5;
  const pause = (): Promise<void> => Promise.resolve();
  underClock({ now: () => now, pause }, () => {
    const allowance = new TimeAllowance(batchTime(), new AbortController().signal);
    now += 10_000;
    expect(allowance.isSpent).toBe(false);
    allowance.begin();
    now += 999;
    allowance.begin();
    expect(allowance.isSpent).toBe(false);
    now += 1;
    expect(allowance.isSpent).toBe(true);
    allowance.renew();
    expect(allowance.isSpent).toBe(false);
  });
});

test('an interruption ends it without spending it', () => {
  const stop = new AbortController();
  const allowance = new TimeAllowance(batchTime(), stop.signal);
  allowance.begin();
  expect([allowance.isOver, allowance.isSpent]).toEqual([false, false]);
  stop.abort();
  expect([allowance.isOver, allowance.isSpent]).toEqual([true, false]);
});

test('a batch without places within has all the time there is', () => {
  const allowance = TimeAllowance.unlimited();
  allowance.begin();
  expect([allowance.isOver, allowance.isSpent]).toEqual([false, false]);
});
