import { expect, test } from 'vitest';
import { closedLoop } from './closed-loop.ts';

const nothing = { begin: () => Promise.resolve(), end: () => Promise.resolve('done') };
const window = { warmMs: 5, countMs: 5 };
const tick = (): Promise<number> => new Promise((resolve) => void setImmediate(resolve, 1));

test('each worker does one thing at a time, until the window is over', async () => {
  const busy = new Set<number>();
  let overlaps = 0;
  const result = await closedLoop(
    3,
    async (worker) => {
      if (busy.has(worker)) overlaps += 1;
      busy.add(worker);
      await tick();
      busy.delete(worker);
      return 1;
    },
    window,
    nothing,
  );
  expect(result).toBe('done');
  expect(overlaps).toBe(0);
  expect(busy.size).toBe(0);
});

test('what ends before the first border or after the second one is not counted', async () => {
  let done = 0;
  const seen = { before: 0, after: 0 };
  const work = async (): Promise<number> => {
    await tick();
    done += 1;
    return 1;
  };
  const counted = await closedLoop(2, work, window, {
    begin: () => Promise.resolve(void (seen.before = done)),
    end: ({ events }) => {
      seen.after = done;
      return Promise.resolve(events);
    },
  });
  expect(seen.before).toBeGreaterThan(0);
  expect(counted).toBe(seen.after - seen.before);
});

test('a worker that fails ends all, and the measurement with it', async () => {
  let nth = 0;
  const failing = closedLoop(
    4,
    async () => {
      await tick();
      if (++nth === 20) throw new Error('conflict');
      return 1;
    },
    window,
    nothing,
  );
  await expect(failing).rejects.toThrow('conflict');
});
