import { expect, test } from 'vitest';
import { barsOf } from './bars.ts';
import { THROUGHPUT } from './metric.ts';
import { rowOf } from './rows.ts';

const row = (name: string, ours: number, limit = 'L2') =>
  rowOf({ workload: 'W1', case: name, metric: THROUGHPUT }, [ours], { name: limit, values: [100] });

test('a bar is reached at its value and missed below it', () => {
  expect(barsOf(row('4 writers', 90))).toEqual([{ text: '≥ 0.90 of L2', value: 0.9, met: true }]);
  expect(barsOf(row('4 writers', 89))[0]?.met).toBe(false);
  expect(barsOf(row('64 writers', 149))[0]).toEqual({ text: '≥ 1.5 × L2', value: 1.49, met: false });
});

test('a bar holds for its limit, its metric and its headline case only', () => {
  expect(barsOf(row('4 writers', 10, 'L2b'))).toEqual([]);
  expect(barsOf(row('16 writers, pool of 10', 10))).toEqual([]);
  expect(barsOf({ ...row('4 writers', 10), metric: 'WAL' })).toEqual([]);
});
