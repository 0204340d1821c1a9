import { expect, onTestFinished, test, vi } from 'vitest';
import { playSchedule } from './schedules/play-schedule.ts';
import { virtualTime, type Timer } from './schedules/virtual-time.ts';

vi.mock(import('node:timers/promises'), async (original) => ({
  ...(await original()),
  setTimeout: ((ms: number, value: unknown, options: object) => virtualTime.wait(ms, value, options)) as never,
}));

const SCHEDULES = Number(process.env['LEFTFOLD_SCHEDULES'] ?? 10_000);
const SEED = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 30));

test(`C1 C4 C6 C15 in ${SCHEDULES} random schedules, with crashes between any two steps, every event counts once and in its turn, and nothing stays parked (from seed ${SEED})`, async () => {
  vi.stubGlobal('setTimeout', (due: () => void, ms: number) => virtualTime.setTimeout(due, ms));
  vi.stubGlobal('clearTimeout', (timer?: Timer) => virtualTime.clearTimeout(timer));
  vi.spyOn(Date, 'now').mockImplementation(() => virtualTime.now);
  vi.spyOn(performance, 'now').mockImplementation(() => virtualTime.now);
  // Half of the time would go into the stacks of errors that nobody looks at.
  const { stackTraceLimit } = Error;
  onTestFinished(() => void (Error.stackTraceLimit = stackTraceLimit));
  Error.stackTraceLimit = 0;
  const seen = { killed: 0, interrupted: 0, frozen: 0, refused: 0, parked: 0, drained: 0, cut: 0 };
  for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
    const { rows, expected, parked, orphans, fates } = await playSchedule(seed);
    expect({ parked, orphans }, `seed ${seed}`).toEqual({ parked: [], orphans: [] });
    expect(rows, `seed ${seed}`).toEqual(expected);
    for (const [fate, times] of Object.entries(fates)) seen[fate as keyof typeof seen] += times;
  }
  // Schedules that never come to where things go wrong would prove nothing.
  for (const [fate, times] of Object.entries(seen)) expect([fate, times > SCHEDULES / 10]).toEqual([fate, true]);
}, 600_000);
