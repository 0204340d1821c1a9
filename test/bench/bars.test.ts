import { expect, test } from 'vitest';
import { barsOf } from './bars.ts';
import { latency, THROUGHPUT } from './metric.ts';
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

test('a latency and a recovery have a ceiling, whatever the limit is', () => {
  const at = (ours: number, name = 'kafkajs, half load, same process') =>
    barsOf(rowOf({ workload: 'W7', case: name, metric: latency('p50') }, [ours], { name: 'L6', values: [1] }));
  expect(at(5)).toEqual([{ text: '≤ 5 ms', value: 5, met: true }]);
  expect(at(5.1)[0]?.met).toBe(false);
  expect(at(5, 'peak')).toEqual([]);
});
