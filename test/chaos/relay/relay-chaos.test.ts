import { expect, test } from 'vitest';
import { runRelay } from './run/run-relay.ts';

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`R1 R3 R4 R5 R6 R14 real relays under faults of every kind leave topics in which nothing is missing, doubled unseen or out of order (seed ${seed})`, async () => {
  const schedule: string[] = [];
  const run = { seed, minutes: 0, faults: 6, spacingMs: 300, pauseMs: 60, healMs: 45_000 };

  const verdict = await runRelay({ ...run, print: (line) => schedule.push(line) });

  expect(verdict.violations.slice(0, 10), `seed ${seed}\n${schedule.join('\n')}\n${verdict.folder}`).toEqual([]);
  expect(verdict.events).toBeGreaterThan(500);
  expect(verdict.records).toBe(verdict.events + verdict.resends);
}, 240_000);
