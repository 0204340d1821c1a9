import { expect, test } from 'vitest';
import { fullJitter } from './backoff.ts';

const BOUNDS = { baseMs: 50, capMs: 5_000 };
const most = (attempt: number): number => fullJitter(attempt, BOUNDS, () => 1);

test('the bound doubles with each attempt, up to the cap', () => {
  expect([1, 2, 3, 7, 8, 9, 5_000].map(most)).toEqual([50, 100, 200, 3_200, 5_000, 5_000, 5_000]);
});
test('the whole range down to nothing is drawn from, in whole milliseconds', () => {
  expect(fullJitter(4, BOUNDS, () => 0)).toBe(0);
  expect(fullJitter(1, BOUNDS, () => 0.999)).toBe(49);
  expect(fullJitter(4, BOUNDS)).toBeLessThanOrEqual(400);
});
