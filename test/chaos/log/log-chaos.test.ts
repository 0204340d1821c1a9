import { expect, test } from 'vitest';
import { runLog } from './run/run-log.ts';

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const CALLS = 1_200;

test(`L1 L3 L4 L5 L7 L8 L12 L17 L18 P2 real writers and readers under faults of every kind leave a history without a violation (seed ${seed})`, async () => {
  const schedule: string[] = [];
  const run = { seed, minutes: 0, calls: CALLS, spacing: 68, patienceMs: 20_000 };

  const verdict = await runLog({ ...run, print: (line) => schedule.push(line) });

  expect(verdict.violations.slice(0, 10), `seed ${seed}\n${schedule.join('\n')}\n${verdict.folder}`).toEqual([]);
  expect(verdict.transactions).toBeGreaterThan(CALLS / 3);
  expect(verdict.events).toBeGreaterThan(CALLS / 3);
}, 180_000);
