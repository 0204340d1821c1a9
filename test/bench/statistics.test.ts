import { expect, test } from 'vitest';
import { median, percentile, slope } from './statistics.ts';

test('the median of an odd number is the middle one, of an even number the mean of both, whatever their order', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 1, 2])).toBe(5.5);
  expect(median([])).toBeNaN();
});

test('a percentile is a value that occurred: the smallest that this share does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0.999)).toBe(100);
  expect(percentile([7], 0.5)).toBe(7);
});

test('the slope is that of the line through the points', () => {
  expect(
    slope([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toBe(2);
  expect(slope([[1, 4]])).toBe(0);
});
