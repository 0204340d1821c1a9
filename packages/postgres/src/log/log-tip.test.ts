import { eventually } from '@leftfold/testing';
import { expect, test, vi } from 'vitest';
import type { Boundary } from './log-pages.ts';
import { LogTip } from './log-tip.ts';
import type { Snapshot } from './snapshot.ts';
import { Wake } from './wake.ts';

const at = (xmax: number, ...running: number[]): Snapshot => ({ xmax: BigInt(xmax), running: running.map(BigInt) });
const never = new AbortController().signal;

/** A log, as far as polls of it go: what each poll is answered, and how many there were. */
function scene(first: Snapshot) {
  const wake = new Wake();
  const log = { end: first, polls: 0, underWay: 0, most: 0, fault: undefined as Error | undefined };
  const ask = async (seen: Snapshot): Promise<Boundary> => {
    log.polls += 1;
    log.underWay += 1;
    log.most = Math.max(log.most, log.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    log.underWay -= 1;
    if (log.fault !== undefined) throw log.fault;
    const hasEvents = log.end.xmax > seen.xmax;
    return { to: hasEvents ? log.end : { ...seen, running: log.end.running }, fresh: 1, hasEvents, generation: 1 };
  };
  return { tip: new LogTip(ask, wake), wake, log };
}

test('however many readers stand at the end, one poll asks for all of them, and all get the same boundary', async () => {
  const { tip, wake, log } = scene(at(10));
  await tip.after(at(5), never);
  const before = log.polls;
  const stop = new AbortController();
  const waiting = Array.from({ length: 5 }, () => tip.after(at(10), stop.signal));
  await eventually(() => log.polls >= before + 6);
  expect(log.most).toBe(1);
  const polled = log.polls;
  log.end = at(20);
  wake.signal();
  const boundaries = await Promise.all(waiting);
  expect(boundaries).toEqual(waiting.map(() => ({ to: at(20), fresh: 1, hasEvents: true, generation: 1 })));
  expect(log.polls).toBeLessThanOrEqual(polled + 2);
});

test('who is behind reads to where the others stand, not to an end of its own', async () => {
  const { tip, log } = scene(at(10));
  await tip.after(at(5), never);
  log.end = at(30);
  expect((await tip.after(at(7), never))?.to).toEqual(at(10));
});

test('who comes a little late to where the others stood reads what they read, without asking', async () => {
  const { tip, wake, log } = scene(at(10));
  await tip.after(at(5), never);
  const waiting = tip.after(at(10), never);
  log.end = at(20);
  wake.signal();
  const boundary = await waiting;
  const { polls } = log;
  expect(await tip.after(at(10), never)).toEqual(boundary);
  expect(log.polls).toBe(polls);
});

test('who stands where nothing has come is not handed that nothing again and again, but waits for something', async () => {
  const { tip, wake, log } = scene(at(3));
  let isHanded = false;
  const waiting = tip.after(at(3), never).finally(() => (isHanded = true));
  await eventually(() => log.polls >= 3);
  expect(isHanded).toBe(false);
  log.end = at(8);
  wake.signal();
  expect((await waiting)?.to).toEqual(at(8));
});

test('L16 who comes late in a later generation is not handed an end of the one before, which may lie beyond the log', async () => {
  let generation = 1;
  let end = at(20);
  const ask = async (): Promise<Boundary> => ({ to: end, fresh: 1, hasEvents: true, generation });
  const tip = new LogTip(ask, new Wake(), undefined, (boundary) => boundary.generation === generation);
  expect((await tip.after(at(5), never))?.to).toEqual(at(20));
  [generation, end] = [2, at(12)];
  expect((await tip.after(at(5), never))?.to).toEqual(at(12));
});

test('a reader for which nothing is new from the first is told nothing', async () => {
  const { tip, log } = scene(at(10));
  const stop = new AbortController();
  const waiting = tip.after(at(10), stop.signal);
  await eventually(() => log.polls > 2);
  stop.abort();
  expect(await waiting).toBeUndefined();
});

test('who is ahead of all others sets the tip, and who waits elsewhere reads on from there', async () => {
  const { tip, log } = scene(at(10));
  await tip.after(at(5), never);
  const waiting = tip.after(at(10), never);
  log.end = at(40);
  expect((await tip.after(at(25), never))?.to).toEqual(at(40));
  expect((await waiting)?.to).toEqual(at(40));
});

test('transactions that have ended without events are told after a while', async () => {
  const { tip, log } = scene(at(10, 7));
  await tip.after(at(5), never);
  const waiting = tip.after(at(10, 7), never);
  log.end = at(10);
  expect(await waiting).toMatchObject({ to: at(10), hasEvents: false });
});

test('nobody is asked for when nobody waits any more', async () => {
  const { tip, log } = scene(at(10));
  await tip.after(at(5), never);
  const stop = new AbortController();
  const waiting = tip.after(at(10), stop.signal);
  stop.abort();
  expect(await waiting).toBeUndefined();
  await eventually(() => log.underWay === 0);
  const { polls } = log;
  expect(await tip.after(at(10), AbortSignal.abort())).toBeUndefined();
  expect(log.polls).toBe(polls);
});

test('a fault is everybody’s; afterwards the tip is drawn anew from where each stands', async () => {
  const { tip, log } = scene(at(10));
  await tip.after(at(5), never);
  log.fault = new Error('away');
  const waiting = [tip.after(at(10), never), tip.after(at(10), never)];
  for (const one of waiting) await expect(one).rejects.toThrow('away');
  // The log lost its end meanwhile: what was drawn before is of no use to who has not seen it.
  log.fault = undefined;
  log.end = at(8);
  expect((await tip.after(at(5), never))?.to).toEqual(at(8));
});

test('an end beyond the log is refused, not waited for', async () => {
  const { tip } = scene(at(10));
  expect((await tip.upTo(at(8), at(5))).to).toEqual(at(8));
  await expect(tip.upTo(at(11), at(5))).rejects.toMatchObject({ code: 'LF_AHEAD_OF_LOG' });
});

test('after a fault whoever waits at the end of a quiet log is told that it is reached again, before anything new comes', async () => {
  const { tip, log } = scene(at(10));
  await tip.after(at(5), never);
  const stop = new AbortController();
  const told = [0, 0];
  const wait = (reader: 0 | 1) => tip.after(at(10), stop.signal, () => void (told[reader] = (told[reader] ?? 0) + 1));
  const cutOff = [wait(0), wait(1)];
  log.fault = new Error('connection lost');
  for (const one of cutOff) await expect(one).rejects.toThrow('connection lost');
  await expect(wait(0)).rejects.toThrow('connection lost');
  told.fill(0);
  log.fault = undefined;
  // The first asks itself, the second waits for what the first one's poll is answered.
  const first = wait(0);
  await eventually(() => (told[0] ?? 0) > 0);
  const second = wait(1);
  await eventually(() => (told[1] ?? 0) > 0);
  stop.abort();
  expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
});

test('where appends of others are heard of, an idle reader looks ever less often; a hint makes it look at once, and then as often as at first', async () => {
  const waits: number[] = [];
  const wake = new Wake();
  const wait = wake.wait.bind(wake);
  let hint = 0;
  vi.spyOn(wake, 'wait').mockImplementation((ms, seen, signal) => {
    waits.push(ms);
    if (waits.length === hint) wake.signal();
    return wait(0, seen, signal);
  });
  const ask = async (seen: Snapshot): Promise<Boundary> => ({ to: seen, fresh: 0, hasEvents: false, generation: 1 });
  const idle = async (isHearing: boolean, polls: number): Promise<readonly number[]> => {
    const from = waits.length;
    const leave = new AbortController();
    const waiting = new LogTip(ask, wake, () => isHearing).after(at(10), leave.signal);
    await eventually(() => waits.length >= from + polls);
    leave.abort();
    await waiting;
    return waits.slice(from, from + polls);
  };
  expect(await idle(true, 10)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  expect(await idle(false, 6)).toEqual([5, 10, 20, 40, 50, 50]);
  hint = waits.length + 4;
  expect(await idle(true, 6)).toEqual([5, 10, 20, 40, 5, 10]);
});
