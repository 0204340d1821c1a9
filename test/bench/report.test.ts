import { expect, test } from 'vitest';
import { THROUGHPUT } from './metric.ts';
import { report } from './report.ts';
import type { Result } from './result.ts';
import { rowOf } from './rows.ts';
import { table } from './table.ts';

const peers = [
  { name: 'emmett', version: '1.2.3', correct: false, findings: ['L8: two were appended'], values: [30] },
  { name: 'pgbench', version: '15', correct: null, findings: [], values: [100] },
];
const about = { workload: 'W1', case: '16 writers', metric: THROUGHPUT } as const;
const row = rowOf(about, [50, 60], { name: 'L2', values: [100, 80] }, peers);
const result: Result = {
  environment: {
    cpu: 'A CPU',
    cores: 4,
    memoryGB: 8,
    system: 'Linux 6',
    node: 'v24.0.0',
    postgres: 'PostgreSQL 18.4',
    fsyncMicros: 140,
    roundTripMicros: 90,
    startedAt: '2026-01-02T03:04:05.000Z',
    loadBefore: 0.1,
    loadAfter: 3,
    seconds: 61,
  },
  settings: { mode: 'quick', seed: 4, rounds: 2, warmMs: 1, countMs: 2, postgres: { fsync: 'on' } },
  rows: [row],
  failures: [],
};

test('a failed probe is told beside the speed', () => {
  expect(table(result.rows)).toContain('emmett 30.0 (ours 1.83 ×, PROBE FAILED: L8: two were appended)');
  expect(report(result)).toContain('| emmett 1.2.3 | **failed**: L8: two were appended |');
  expect(report(result)).toContain('emmett 30.0 (ours 1.83 ×, probe failed)');
});

test('a run on a busy machine says so', () => {
  expect(report(result)).not.toContain('The machine was busy');
  const busy = { ...result, environment: { ...result.environment, loadBefore: 1.5 } };
  expect(report(busy)).toContain('**The machine was busy before the run (load 1.5 on 4 cores)');
});

test('each missed bar has a place for what the profile shows', () => {
  expect(table(result.rows)).toContain('MISS ≥ 0.90 of L2');
  expect(report(result)).toMatch(
    /- \*\*W1, 16 writers: 0\.61, ≥ 0\.90 of L2\.\*\* What the profile shows, and what it would take: \S/,
  );
});

test('the page says on what machine and with what seed, and how far the rounds lie apart', () => {
  const page = report(result);
  for (const part of ['A CPU, 4 cores', '`fsync=on`', '140 µs', 'seed 4', '**0.61** [0.50–0.75]'])
    expect(page).toContain(part);
});
