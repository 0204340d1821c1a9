import { expect, test } from 'vitest';
import { baselineOf, compared, fallen } from './baseline.ts';
import { COSTS, THROUGHPUT } from './metric.ts';
import { rowOf } from './rows.ts';

const row = (ours: number, name = '4 writers') =>
  rowOf({ workload: 'W1', case: name, metric: THROUGHPUT }, [ours], { name: 'L2', values: [100] });

test('a ratio falls when it is below the stored one by more than the tolerance', () => {
  const baseline = { ...baselineOf([row(100)]), tolerance: 0.15 };
  expect(fallen([row(85)], baseline)).toEqual([]);
  expect(fallen([row(84)], baseline)).toEqual(['W1 · 4 writers · throughput · L2: 0.84, was 1.00']);
});

test('what only one of both has is not compared', () => {
  const baseline = baselineOf([row(100)]);
  expect(fallen([row(10, 'another case')], baseline)).toEqual([]);
  expect(compared([row(10, 'another case'), row(99)], baseline)).toBe(1);
});

test('costs are no part of a baseline', () => {
  const cost = rowOf({ workload: 'W1', case: 'x', metric: COSTS.wal }, [1], { name: 'L2', values: [1] });
  expect(baselineOf([cost]).ratios).toEqual({});
});
