import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, relay } from '@leftfold/subscriptions';
import type { Batch, Checkpoints, Cursor, Lane, Log, LogReader, LogRecord, Running } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

// How often the loops ask: by counts, since what a call costs is the adapter's.

const LANE = '0' as Lane;

function counted(storage: MemoryStorage): { readonly of: MemoryStorage; readonly calls: string[] } {
  const calls: string[] = [];
  const of = anotherProcess(storage);
  const noted = Object.entries(of.checkpoints).map(([name, call]) => [
    name,
    (...args: readonly unknown[]) => {
      calls.push(name);
      return (call as (...of: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return { of: { ...of, checkpoints: Object.fromEntries(noted) as Checkpoints }, calls };
}
const times = (calls: readonly string[], name: string): number => calls.filter((one) => one === name).length;
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
}
function stopped(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}

/** A log that hands over what it is told to, as places of one lane. */
function scripted(storage: MemoryStorage): { readonly log: Log; readonly hand: (batch: number[]) => Promise<void> } {
  const { log } = storage;
  const given = Promise.withResolvers<{ readonly reader: LogReader; readonly signal: AbortSignal }>();
  let place: Cursor | 'start' = 'start';
  let records: readonly LogRecord[] = [];
  const run: Log['run'] = async (reader, signal) => {
    place = await reader.from(LANE, signal);
    given.resolve({ reader, signal });
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  };
  const hand = async (batch: number[]): Promise<void> => {
    const { reader, signal } = await given.promise;
    if (records.length === 0) records = await recordsOf(log);
    const from = place;
    const to = `${from}.` as Cursor;
    const handed: Batch<LogRecord> = {
      lane: LANE,
      records: batch.map((n) => records[n] as LogRecord),
      from,
      at: `${from}+` as Cursor,
      to,
    };
    await reader.handle(handed, signal);
    place = to;
  };
  const one: Log = {
    name: log.name,
    ownership: 'leased',
    lanes: 1,
    run,
    identity: () => log.identity(),
    head: () => log.head(),
    at: (time) => log.at(time),
    behind: (places, options) => log.behind(places, options),
    restore: (kept, signal) => log.restore(kept, signal),
    hasPassed: () => true,
  };
  return { log: one, hand };
}
async function recordsOf(log: Log): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const ended = new AbortController();
  await log.run(
    {
      name: 'collector',
      from: async () => 'start',
      handle: async (batch) => {
        records.push(...batch.records);
        ended.abort();
      },
      faulted: () => {},
    },
    ended.signal,
  );
  return records;
}

test('a relay saves once for each batch, before it sends; nothing for an empty window; the last one alone after a short quiet', async () => {
  holdTimers();
  const storage = memory();
  const { of, calls } = counted(storage);
  for (let n = 0; n < 20; n++) await append(storage.store, `o${n}`, [placed({ customer: 'c' })]);
  const { log, hand } = scripted(storage);
  let savesAtSend: number[] = [];
  const broker = memoryBroker({
    partitions: 1,
    fail: () => {
      savesAtSend = [...savesAtSend, times(calls, 'save')];
      return undefined;
    },
  });
  stopped(await relay({ storage: { ...of, log }, to: broker, service: 'shop' }));
  for (let n = 0; n < 10; n++) await hand([n]);
  expect(savesAtSend).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(times(calls, 'save')).toBe(10);

  for (let n = 0; n < 100; n++) await hand([]);
  expect(times(calls, 'save')).toBe(10);
  await vi.advanceTimersByTimeAsync(1_000);
  // The window that was sent last, with the empty ones after it.
  expect(times(calls, 'save')).toBe(11);
  for (let n = 0; n < 100; n++) await hand([]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(times(calls, 'save')).toBe(11);

  await hand([10, 11, 12]);
  await hand([]);
  await hand([13]);
  expect(times(calls, 'save')).toBe(13);
});

test('a process renews all leases of all its followers, and looks for lanes, in one statement for each half of a lease', async () => {
  holdTimers();
  const storage = memory({ lanes: 16 });
  // Somebody else has all lanes of one follower, so this process waits for its share.
  const full = stopped(await follow(orderList, { from: storage.log, storage, owner: 'other', leaseMs: 300_000 }));
  await vi.waitFor(() => expect(full.status().lanes.filter(({ state }) => state === 'following')).toHaveLength(16), {
    timeout: 20_000,
  });
  const { of, calls } = counted(storage);
  const to = memoryBroker({ partitions: 16 });
  const running = [
    stopped(await relay({ storage: of, to, service: 'shop' })),
    stopped(await follow(customerTotals, { from: of.log, storage: of })),
    stopped(await follow(orderList, { from: of.log, storage: of })),
  ];
  await append(storage.store, 'o1', [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  await vi.advanceTimersByTimeAsync(10_000);
  await vi.waitFor(
    () =>
      expect(running.map((one) => one.status().lanes.filter(({ state }) => state === 'following').length)).toEqual([
        16, 16, 8,
      ]),
    { timeout: 20_000 },
  );
  await Promise.all(running.map((one) => one.caughtUp()));
  await vi.advanceTimersByTimeAsync(60_000);
  calls.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  // 60 s, by halves of 5 s.
  expect(times(calls, 'renew')).toBeGreaterThanOrEqual(23);
  expect(times(calls, 'renew')).toBeLessThanOrEqual(24);
  expect(calls.filter((name) => name !== 'renew')).toEqual([]);
});
