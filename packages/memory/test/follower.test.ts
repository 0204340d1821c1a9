import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, relay } from '@leftfold/subscriptions';
import type { Checkpoints, Claim, Cursor, Lane, LaneStatus, Reader, Running, Source } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { append, orderList, placed, shipped } from './shop.ts';

// What both loops share: claims, leases, saving, status, stop.

const LANE = '0' as Lane;
const LIST = { name: 'order-list', version: 1 };
const RELAY = { name: 'relay', version: 1 };
const away = (): Error => Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });

function ending(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
const listing = async (storage: MemoryStorage, from: Source = storage.log): Promise<Running> =>
  ending(await follow(orderList, { from, storage, owner: 'ours', leaseMs: 300_000 }));
const lane = (running: Running): LaneStatus | undefined => running.status().lanes[0];
const saved = async ({ checkpoints }: MemoryStorage, of = LIST): Promise<Cursor | 'start' | undefined> =>
  (await checkpoints.list(of))[0]?.cursor;
/** The same storage, with other checkpoints. */
const withCheckpoints = (storage: MemoryStorage, more: Partial<Checkpoints>): MemoryStorage => ({
  ...storage,
  checkpoints: {
    claim: (...args) => storage.checkpoints.claim(...args),
    renew: (...args) => storage.checkpoints.renew(...args),
    save: (...args) => storage.checkpoints.save(...args),
    release: (...args) => storage.checkpoints.release(...args),
    leave: (...args) => storage.checkpoints.leave(...args),
    list: (...args) => storage.checkpoints.list(...args),
    ...more,
  },
});
/** Time stands still for the timers of the loops; what waits for a state waits all the same. */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
}
/** A source that does what it is told to. */
function sourceOf(run: (reader: Reader, signal: AbortSignal) => Promise<void>): Source {
  return {
    name: 'log of a test',
    ownership: 'leased',
    run,
    head: async () => new Map(),
    hasPassed: () => true,
    restore: async () => [],
  };
}
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test('R9 what is passed is saved a while after the first of it, however fast more comes by', async () => {
  const storage = memory();
  await listing(storage);
  await vi.waitFor(
    async () => {
      // Never handled, so nothing saves at once; were each to begin a quiet period anew, it would never end.
      await append(storage.store, 'o1', [shipped({})]);
      // A lane that is not claimed yet has no place at all.
      expect((await saved(storage)) ?? 'start').not.toBe('start');
    },
    { timeout: 10_000, interval: 20 },
  );
});
test('whoever waits is not kept waiting for what is only not saved yet, and a stop leaves no timer behind', async () => {
  holdTimers();
  const storage = memory();
  const projector = await listing(storage);
  const relayed = ending(await relay({ storage, to: memoryBroker(), service: 'shop' }));
  await append(storage.store, 'o1', [shipped({})]);
  await Promise.all([projector.caughtUp({ timeoutMs: 5_000 }), relayed.caughtUp({ timeoutMs: 5_000 })]);
  expect(await saved(storage)).toBe('start');
  // The leases of both, what each has still to save, the relay's milestone, and that the lane of each is well.
  expect(vi.getTimerCount()).toBe(6);
  await Promise.all([projector.stop(), relayed.stop()]);
  expect(vi.getTimerCount()).toBe(0);
  const head = (await storage.log.head()).get(LANE);
  expect([await saved(storage), await saved(storage, RELAY)]).toEqual([head, head]);
});
test('a save that finds no server is tried again by itself', async () => {
  const storage = memory();
  let tries = 0;
  const shaky = withCheckpoints(storage, {
    save: async (...args) => {
      if (tries++ < 2) throw away();
      await storage.checkpoints.save(...args);
    },
  });
  holdTimers();
  const running = await listing(shaky);
  await append(storage.store, 'o1', [shipped({})]);
  await running.caughtUp();
  for (const expected of ['start', 'start', (await storage.log.head()).get(LANE)]) {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await saved(storage)).toBe(expected);
  }
  expect(tries).toBe(3);
});
test('a save that fails for good gives up the lane, which is claimed again for the next batch', async () => {
  const storage = memory();
  let isBroken = true;
  let claims = 0;
  const broken = withCheckpoints(storage, {
    claim: (...args) => ((claims += 1), storage.checkpoints.claim(...args)),
    save: async (...args) => {
      if (isBroken) throw new TypeError('made up');
      await storage.checkpoints.save(...args);
    },
  });
  holdTimers();
  const running = await listing(broken);
  await append(storage.store, 'o1', [shipped({})]);
  await running.caughtUp();
  await vi.advanceTimersByTimeAsync(1_000);
  isBroken = false;
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await running.caughtUp();
  expect(claims).toBe(2);
  expect(storage.readModels.reader([orderList.rowTable]).one('order_list', 'o1')).toMatchObject({ customer: 'ann' });
});
test('a lane that its source cannot read is given back, so that another process may try', async () => {
  const storage = memory();
  const options = { owner: 'before', leaseMs: 1_000, respectLease: false };
  const claim = await storage.checkpoints.claim(LIST, LANE, options);
  if (!claim) throw new Error('not claimed');
  await storage.checkpoints.save(claim, { from: 'start', to: 'm1/another/1' as Cursor });
  await storage.checkpoints.release(claim);
  const running = await listing(storage);
  await vi.waitFor(() => expect(lane(running)).toMatchObject({ state: 'stopped', fault: { code: 'LF_OTHER_LOG' } }), {
    timeout: 20_000,
  });
  const others = { owner: 'another', leaseMs: 1_000, respectLease: true };
  await vi.waitFor(async () => expect(await storage.checkpoints.claim(LIST, LANE, others)).toBeDefined(), {
    timeout: 20_000,
  });
});
test('what a source says of a lane shows until it takes it back', async () => {
  const said = Promise.withResolvers<Reader>();
  const source = sourceOf(async (reader, signal) => {
    await reader.from(LANE, signal);
    said.resolve(reader);
    await untilAborted(signal);
  });
  const running = await listing(memory(), source);
  const reader = await said.promise;
  reader.faulted(LANE, away(), 100);
  expect(lane(running)).toMatchObject({ state: 'retrying', fault: { code: 'LF_STORAGE_UNAVAILABLE' } });
  reader.recovered?.(LANE);
  expect(lane(running)).toMatchObject({ state: 'following' });
  expect(lane(running)).not.toHaveProperty('fault');
  reader.faulted(undefined, away(), 100);
  expect(running.status().fault).toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
  reader.recovered?.(undefined);
  expect(running.status()).not.toHaveProperty('fault');
});
test('what a source says of a lane shows also while the lane is claimed anew, until a batch goes well', async () => {
  const [said, goesOn] = [Promise.withResolvers<Reader>(), Promise.withResolvers<void>()];
  const source = sourceOf(async (reader, signal) => {
    await reader.from(LANE, signal);
    reader.faulted(LANE, away(), 100);
    const from = await reader.from(LANE, signal);
    said.resolve(reader);
    await goesOn.promise;
    await reader.handle({ lane: LANE, records: [], from, at: 'a' as Cursor, to: 'b' as Cursor }, signal);
    await untilAborted(signal);
  });
  const running = await listing(memory(), source);
  await said.promise;
  expect(lane(running)).toMatchObject({ state: 'retrying', fault: { code: 'LF_STORAGE_UNAVAILABLE' } });
  goesOn.resolve();
  await vi.waitFor(() => expect(lane(running)).toMatchObject({ state: 'following', batches: 1 }), { timeout: 20_000 });
  expect(lane(running)).not.toHaveProperty('fault');
});
test('C5 a source that gives up ends its follower, which says why', async () => {
  const source = sourceOf(async () => Promise.reject(new RangeError('made up')));
  const running = await listing(memory(), source);
  await vi.waitFor(
    () =>
      expect(running.status()).toMatchObject({ isRunning: false, fault: { code: 'RangeError', message: 'made up' } }),
    { timeout: 20_000 },
  );
});
test('waiting for a source that is away goes on; what will not heal ends it', async () => {
  const storage = memory();
  let error: Error | undefined = away();
  const source: Source = {
    ...sourceOf((_, signal) => untilAborted(signal)),
    head: async () => {
      if (error) throw error;
      return new Map();
    },
  };
  const running = await listing(storage, source);
  const caughtUp = running.caughtUp();
  await expect(running.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP', lanes: [] });
  error = undefined;
  await caughtUp;
  error = new TypeError('made up');
  await expect(running.caughtUp()).rejects.toBe(error);
});
test('a relay keeps its publisher when it claims its lane anew, and closes it when it stops', async () => {
  const storage = memory();
  const broker = memoryBroker();
  let opened = 0;
  let closed = 0;
  const counting = {
    ...broker,
    publisher: async () => {
      const publisher = await broker.publisher();
      opened += 1;
      return {
        partitions: (topic: string) => publisher.partitions(topic),
        publish: (...args: Parameters<typeof publisher.publish>) => publisher.publish(...args),
        close: async () => ((closed += 1), publisher.close()),
      };
    },
  };
  const running = ending(await relay({ storage, to: counting, service: 'shop', owner: 'ours' }));
  await vi.waitFor(() => expect(lane(running)?.state).toBe('following'), { timeout: 20_000 });
  const other = { owner: 'other', leaseMs: 300_000, respectLease: false };
  const claim = await storage.checkpoints.claim(RELAY, LANE, other);
  if (!claim) throw new Error('not claimed');
  await storage.checkpoints.release(claim);
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await running.caughtUp();
  expect(broker.records('shop.order').flat()).toHaveLength(1);
  expect((await storage.checkpoints.list(RELAY))[0]?.epoch).toBe(3n);
  expect([opened, closed]).toEqual([1, 0]);
  await running.stop();
  expect([opened, closed]).toEqual([1, 1]);
});

/** Another process has the lane, and stands still. */
async function claimed({ checkpoints }: MemoryStorage): Promise<Claim> {
  const claim = await checkpoints.claim(LIST, LANE, { owner: 'theirs', leaseMs: 300_000, respectLease: true });
  if (claim === undefined) throw new Error('somebody else has it');
  return claim;
}
/** A log of which nobody can tell whether anything stands behind a place without looking over a gap of so many positions. */
const withGap = (storage: MemoryStorage, gap: number): Source => {
  const { log } = storage;
  const behind: NonNullable<Source['behind']> = async (places, { atMost = 10_000 } = {}) => {
    const all = [...(await log.behind(places, { atMost }))];
    const unseen = { events: 0, publicEvents: 0, isMore: true };
    return new Map(all.map(([of, one]) => [of, one.events > 0 && atMost <= gap ? unseen : one]));
  };
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'behind') return behind;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
};

test('a follower of another process has not caught up where nothing was found within a gap, but more stands behind it', async () => {
  const storage = memory();
  const { checkpoints, log } = storage;
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  const theirs = await claimed(storage);
  const waiting = await listing(storage, withGap(storage, 500));
  await expect(waiting.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP', lanes: [LANE] });
  await checkpoints.save(theirs, { from: 'start', to: (await log.head()).get(LANE) as Cursor, ledger: null });
  await waiting.caughtUp();
});

test('L16 that a place is refused once, since its log has gone on in a later generation, is no reason not to wait', async () => {
  const storage = memory();
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await claimed(storage);
  const refused = Object.assign(new Error('made up'), { code: 'LF_OTHER_LOG', retryable: false });
  const refusals = [refused];
  const from = new Proxy(storage.log, {
    get: (target, name) => {
      if (name === 'behind')
        return async (...args: Parameters<typeof target.behind>) => {
          const refusal = refusals.pop();
          if (refusal !== undefined) throw refusal;
          return target.behind(...args);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const waiting = await listing(storage, from);
  await expect(waiting.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP' });
  refusals.push(refused, refused);
  await expect(waiting.caughtUp()).rejects.toBe(refused);
});

test('L16 a lane that was taken while nobody asked for it is handed over with the place that is saved then', async () => {
  const storage = memory();
  const { checkpoints } = storage;
  let place = 'before' as Cursor;
  let claims = 0;
  const claim: Checkpoints['claim'] = async (...args) => {
    const claimedNow = await checkpoints.claim(...args);
    claims += 1;
    return claimedNow && { ...claimedNow, cursor: place };
  };
  const [again, told] = [Promise.withResolvers<void>(), Promise.withResolvers<Cursor | 'start'>()];
  const from = sourceOf(async (reader, signal) => {
    await reader.from(LANE, signal);
    await again.promise;
    told.resolve(await reader.from(LANE, signal));
    await untilAborted(signal);
  });
  const running = ending(
    await follow(orderList, { from, storage: withCheckpoints(storage, { claim }), owner: 'ours', leaseMs: 1_000 }),
  );
  await vi.waitFor(() => expect(claims).toBe(1), { timeout: 20_000 });
  const theirs = await checkpoints.claim(LIST, LANE, { owner: 'theirs', leaseMs: 1_000, respectLease: false });
  await checkpoints.release(theirs as Claim);
  // The renewal finds it lost, and takes it anew.
  await vi.waitFor(() => expect(claims).toBe(2), { timeout: 20_000 });
  await vi.waitFor(() => expect(lane(running)?.state).toBe('following'), { timeout: 20_000 });
  place = 'carried over' as Cursor;
  again.resolve();
  expect(await told.promise).toBe('carried over');
});
