import { expect, test } from 'vitest';
import { COMMANDS, COSTS, latency, ratio, THROUGHPUT } from './metric.ts';

test('a ratio above 1 is better than the other, for throughputs, latencies and costs alike', () => {
  expect(ratio(THROUGHPUT, 200, 100)).toBe(2);
  expect(ratio(COMMANDS, 50, 100)).toBe(0.5);
  expect(ratio(latency('p99'), 2, 4)).toBe(2);
  expect(ratio(latency('p50'), 4, 2)).toBe(0.5);
  for (const cost of Object.values(COSTS)) expect(ratio(cost, 10, 5)).toBe(0.5);
});
