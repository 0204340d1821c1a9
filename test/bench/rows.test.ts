import { expect, test } from 'vitest';
import { latency, THROUGHPUT } from './metric.ts';
import { rowOf } from './rows.ts';

const peer = {
  name: 'emmett',
  version: '1.2.3',
  correct: false,
  findings: ['L8: two were appended'],
  values: [30, 20, 40],
};

test('a row has medians, the ratio to its limit, each peer with its probe, and every sample', () => {
  const about = { workload: 'W1', case: '16 writers', metric: THROUGHPUT } as const;
  const row = rowOf(about, [90, 60, 120], { name: 'L2', values: [100, 80, 300] }, [peer]);
  expect(JSON.parse(JSON.stringify(row))).toEqual({
    workload: 'W1',
    case: '16 writers',
    metric: 'throughput',
    unit: 'events/s',
    ours: 90,
    limit: { name: 'L2', value: 100 },
    ratio: 0.9,
    peers: [
      { name: 'emmett', version: '1.2.3', value: 30, ratio: 3, correct: false, findings: ['L8: two were appended'] },
    ],
    samples: { ours: [90, 60, 120], limit: [100, 80, 300], peers: { emmett: [30, 20, 40] } },
    bars: [
      { text: '≥ 0.90 of L2', value: 0.9, met: true },
      { text: '≥ 3 × emmett', value: 3, met: true },
    ],
  });
});

test('a latency that is longer than the limit has a ratio below 1', () => {
  const about = { workload: 'W1', case: 'half load', metric: latency('p99') } as const;
  expect(rowOf(about, [4], { name: 'L2', values: [2] }).ratio).toBe(0.5);
});
