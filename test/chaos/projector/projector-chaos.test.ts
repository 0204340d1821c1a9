import { expect, test } from 'vitest';
import { runProjector } from './run/run-projector.ts';

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`C1 C2 C4 C6 C15 real projectors under faults of every kind leave read models that are a fold of the log, each event applied once, nothing parked (seed ${seed})`, async () => {
  const schedule: string[] = [];
  const run = { seed, minutes: 0, faults: 4, events: 3_000, spacingMs: 300, pauseMs: 40, healMs: 60_000 };

  const verdict = await runProjector({ ...run, print: (line) => schedule.push(line) });

  expect(verdict.violations.slice(0, 10), `seed ${seed}\n${schedule.join('\n')}\n${verdict.folder}`).toEqual([]);
  expect(verdict.events).toBeGreaterThan(2_500);
  expect(verdict.parkedKeys).toBeGreaterThan(0);
}, 240_000);
