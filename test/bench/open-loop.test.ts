import { expect, test } from 'vitest';
import { openLoop, type Clock } from './open-loop.ts';
import { Turns } from './turns.ts';

/** Time that goes on only when one waits, or when the work says so. */
function handClock(): Clock & { spend(ms: number): void } {
  let now = 0;
  return {
    now: () => now,
    until: async (at) => {
      // What has ended by now has its time taken first.
      await Promise.resolve();
      now = Math.max(now, at);
    },
    spend: (ms) => void (now += ms),
  };
}

test('what should have started during a stall is timed from then', async () => {
  const clock = handClock();
  let nth = 0;
  // 100 a second: one each 10 ms. The first one blocks everything for 35 ms, the others take no time.
  const work = (): Promise<void> => {
    if (nth++ === 0) clock.spend(35);
    return Promise.resolve();
  };
  const latencies = await openLoop(work, 100, { warm: 0, counted: 5 }, clock);
  expect([...latencies]).toEqual([0, 5, 15, 25, 35]);
});

test('the first ones are not counted', async () => {
  const clock = handClock();
  let nth = 0;
  const work = (): Promise<void> => {
    clock.spend(nth++ < 2 ? 9 : 1);
    return Promise.resolve();
  };
  expect([...(await openLoop(work, 100, { warm: 2, counted: 2 }, clock))]).toEqual([1, 1]);
});

test('a failure of the work is a failure of the measurement', async () => {
  const failing = openLoop(() => Promise.reject(new Error('refused')), 100, { warm: 0, counted: 2 }, handClock());
  await expect(failing).rejects.toThrow('refused');
});

test('turns let as many run as there are places, the others in their order', async () => {
  const turns = new Turns(2);
  const ends: (() => void)[] = [];
  const began: number[] = [];
  const runs = [0, 1, 2, 3].map((nth) =>
    turns.run(() => {
      began.push(nth);
      return new Promise<void>((resolve) => void ends.push(resolve));
    }),
  );
  await Promise.resolve();
  expect(began).toEqual([0, 1]);
  ends[1]?.();
  await runs[1];
  expect(began).toEqual([0, 1, 2]);
  ends[0]?.();
  await runs[0];
  expect(began).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  ends[3]?.();
  await Promise.all(runs);
});
