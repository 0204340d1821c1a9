import { memory, memoryBroker } from '@leftfold/memory';
import type { MadeUpOutcome, MemoryBroker, MemoryStorage } from '@leftfold/memory';
import { parseRecord, recognise, relay } from '@leftfold/subscriptions';
import type { Lane, Log, PublishRecord, RecordPlace, Running } from '@leftfold/subscriptions';
import { onTestFinished, test, expect, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { append, noted, paid, placed } from './shop.ts';

const TOPIC = 'shop.order';
const RELAY = { name: 'relay', version: 1 };

/** Starts a relay that the end of the test stops. */
async function relaying(storage: MemoryStorage, to: MemoryBroker, more: object = {}): Promise<Running> {
  const running = await relay({ storage, to, service: 'shop', ...more });
  onTestFinished(() => running.stop());
  return running;
}
/** What consumers make of a topic: per partition the stamps of what is applied, re-sends left out. */
function applied(broker: MemoryBroker): readonly (readonly ReturnType<typeof parseRecord>[])[] {
  return broker.records(TOPIC).map((partition) => {
    let place: RecordPlace | 'start' = 'start';
    return partition.map(parseRecord).filter(({ stamp }) => {
      const recognition = recognise(place, stamp);
      if (recognition.kind === 'fault') throw recognition.fault;
      if (recognition.kind === 'next') place = recognition.place;
      return recognition.kind === 'next';
    });
  });
}
const ids = (broker: MemoryBroker): string[] =>
  applied(broker).flatMap((partition) => partition.map(({ envelope }) => `${envelope.key}@${envelope.streamVersion}`));
const lane = (running: Running) => running.status().lanes[0];
/** Fails the first sends, as told, one after the other. */
const failing =
  (outcomes: (Partial<MadeUpOutcome> | undefined)[]) =>
  ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
    const outcome = outcomes.shift();
    const { topic, partition } = record as PublishRecord;
    return outcome && ({ topic, partition, cause: new Error('made up'), ...outcome } as MadeUpOutcome);
  };

test('every public event arrives once, per key in version order, and private ones do not', async () => {
  const storage = memory();
  const broker = memoryBroker();
  await append(storage.store, 'o1', [
    placed({ customer: 'c' }),
    noted({ note: 'x' }),
    paid({ customer: 'c', cents: 1 }),
  ]);
  const running = await relaying(storage, broker);
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  await running.caughtUp();
  expect(ids(broker).sort()).toEqual(['o1@1', 'o1@3', 'o2@1']);
  const keys = broker.records(TOPIC).flatMap((partition) => [...new Set(partition.map(({ key }) => key))]);
  expect(keys.sort()).toEqual(['shop.order-o1', 'shop.order-o2']);
});
test('a record says of its event all there is, and its value is the stored text', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 5 })], { tenant: 'acme' });
  await (await relaying(storage, broker)).caughtUp();
  const [[record] = []] = broker.records(TOPIC);
  expect(new TextDecoder().decode(record?.value)).toBe('{"customer":"c","cents":"5"}');
  const { envelope, stamp } = parseRecord(record as PublishRecord);
  expect(envelope).toMatchObject({ tenant: 'acme', key: 'o1', streamVersion: 1n, type: 'shop.order.paid', version: 1 });
  expect(stamp).toEqual({ log: (await storage.log.identity()).id, generation: 1, began: 1, sequence: 1 });
});
test('R3 the place and the numbers are saved before the first record is sent', async () => {
  const storage = memory();
  const saved: unknown[] = [];
  const broker = memoryBroker({
    partitions: 1,
    fail: async () => {
      saved.push(...(await storage.checkpoints.list(RELAY)).map(({ cursor, ledger }) => ({ cursor, ledger })));
      return undefined;
    },
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await (await relaying(storage, broker)).caughtUp();
  expect(saved).toEqual([
    {
      cursor: expect.stringMatching(/0\.\.1$/) as unknown,
      ledger: expect.objectContaining({ topics: { [TOPIC]: { began: [1], next: [1] } } }) as unknown,
    },
  ]);
});

test.each([
  ['unknown, nothing written', { kind: 'unknown' as const }],
  ['unknown, some written', { kind: 'unknown' as const, wrote: 1 }],
  ['not written, but not refused', { kind: 'notWritten' as const, refused: false }],
])('R5 an outcome that is %s is sent again under the same numbers', async (_, outcome) => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1, fail: failing([outcome, outcome]) });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  const running = await relaying(storage, broker);
  await running.caughtUp();
  expect(ids(broker)).toEqual(['o1@1', 'o1@2']);
  expect(lane(running)).toMatchObject({ state: 'following', batches: 1, events: 2 });
});
test('R13 what was opened before the generation rose is sent again as it was, so that who has a part of it goes on; the new one begins after it', async () => {
  const storage = memory();
  let isBroken = true;
  const broker = memoryBroker({
    partitions: 1,
    fail: ([record]) =>
      isBroken
        ? { topic: TOPIC, partition: record?.partition ?? 0, cause: new Error('made up'), kind: 'unknown', wrote: 1 }
        : undefined,
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  const before = await relaying(storage, broker);
  await vi.waitFor(() => expect(broker.records(TOPIC).flat().length).toBeGreaterThan(0), { timeout: 20_000 });
  await before.stop();
  isBroken = false;

  const { log } = storage;
  const failedOver: Log = {
    name: log.name,
    ownership: log.ownership,
    lanes: log.lanes,
    identity: async () => ({ ...(await log.identity()), generation: 2 }),
    run: (reader, signal) => log.run(reader, signal),
    head: () => log.head(),
    at: (time) => log.at(time),
    restore: (kept, signal) => log.restore(kept, signal),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    behind: (places, options) => log.behind(places, options),
  };
  const after = await relaying({ ...storage, log: failedOver }, broker);
  await after.caughtUp();
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 2 })]);
  await after.caughtUp();

  expect(applied(broker).flatMap((partition) => partition.map(({ stamp }) => stamp))).toMatchObject([
    { sequence: 1, generation: 1, began: 1 },
    { sequence: 2, generation: 1, began: 1 },
    { sequence: 3, generation: 2, began: 3 },
  ]);
});
test('R5 a partition that the answer leaves out is not taken for written', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  let answers = 0;
  const forgetful: MemoryBroker = {
    ...broker,
    publisher: async () => {
      const publisher = await broker.publisher();
      return {
        partitions: (topic) => publisher.partitions(topic),
        publish: async (records) => (answers++ === 0 ? [] : publisher.publish(records)),
        close: () => publisher.close(),
      };
    },
  };
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await (await relaying(storage, forgetful)).caughtUp();
  expect(ids(broker)).toEqual(['o1@1']);
});
test('R3 a fault between two attempts gives the records no new numbers', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1, fail: failing([{ kind: 'unknown', wrote: 1 }]) });
  let asked = 0;
  const shaky: MemoryBroker = {
    ...broker,
    publisher: async () => {
      const publisher = await broker.publisher();
      return {
        partitions: async (topic) => {
          if (asked++ !== 1) return publisher.partitions(topic);
          throw Object.assign(new Error('made up'), { code: 'LF_BROKER_UNAVAILABLE', retryable: true });
        },
        publish: (...args) => publisher.publish(...args),
        close: () => publisher.close(),
      };
    },
  };
  await append(storage.store, 'o1', [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  await (await relaying(storage, shaky)).caughtUp();
  expect(ids(broker)).toEqual(['o1@1', 'o1@2']);
  expect(asked).toBeGreaterThan(1);
});
test('what the broker does not confirm shows in the status while it is tried again', async () => {
  const storage = memory();
  let isDown = true;
  const down = { topic: TOPIC, partition: 0, kind: 'unknown', cause: new Error('made up') } as const;
  const broker = memoryBroker({ partitions: 1, fail: () => (isDown ? down : undefined) });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  const running = await relaying(storage, broker);
  await vi.waitFor(
    () => expect(lane(running)).toMatchObject({ state: 'retrying', fault: { code: 'LF_RECORDS_UNCONFIRMED' } }),
    { timeout: 20_000 },
  );
  await expect(running.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP', lanes: ['0'] });
  isDown = false;
  await running.caughtUp();
  expect(lane(running)).toMatchObject({ state: 'following' });
  expect(lane(running)?.fault).toBeUndefined();
});
test('R15 records that the broker refuses whatever they are, as for a missing right, stop their lane, and whoever waits is told at once', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1, fail: failing([{ kind: 'notWritten', refused: true }]) });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  const running = await relaying(storage, broker);
  await expect(running.caughtUp()).rejects.toMatchObject({
    code: 'LF_FOLLOWER_STOPPED',
    fault: { code: 'LF_RECORD_REFUSED' },
  });
  expect(lane(running)).toMatchObject({ state: 'stopped', fault: { code: 'LF_RECORD_REFUSED' } });
  expect(ids(broker)).toEqual([]);
});
test('R10 a topic with another number of partitions stops the lane, nothing is sent', async () => {
  const storage = memory();
  const before = await relaying(storage, memoryBroker({ partitions: 2 }));
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await before.caughtUp();
  await before.stop();
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 1 })]);
  const grown = memoryBroker({ partitions: 3 });
  const after = await relaying(storage, grown);
  await expect(after.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_PARTITION_COUNT_CHANGED' } });
  expect(ids(grown)).toEqual([]);
});

test('a batch is saved by itself after a short quiet, also when all of it is private', async () => {
  const storage = memory();
  const broker = memoryBroker();
  const running = await relaying(storage, broker);
  const savedAll = async (): Promise<boolean> => {
    const head = (await storage.log.head()).get('0' as never);
    const [checkpoint] = await storage.checkpoints.list(RELAY);
    return head !== undefined && storage.log.hasPassed(checkpoint?.cursor ?? 'start', head);
  };
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await running.caughtUp();
  await vi.waitFor(async () => expect(await savedAll()).toBe(true), { timeout: 10_000 });
  await append(storage.store, 'o1', [noted({ note: 'x' })]);
  await running.caughtUp();
  await vi.waitFor(async () => expect(await savedAll()).toBe(true), { timeout: 10_000 });
});
test('a relay that stops saves what it has done, so the next one sends nothing again', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  for (const order of ['o1', 'o2']) {
    const running = await relaying(storage, broker);
    await append(storage.store, order, [placed({ customer: 'c' })]);
    await running.caughtUp();
    await running.stop();
  }
  expect(broker.records(TOPIC)[0]).toHaveLength(2);
});
test('one relay sends at a time; another waits for the lease and goes on at once when it is given back', async () => {
  const storage = memory();
  const broker = memoryBroker();
  const first = await relaying(storage, broker, { owner: 'first', leaseMs: 300_000 });
  await vi.waitFor(() => expect(lane(first)?.state).toBe('following'), { timeout: 20_000 });
  const second = await relaying(anotherProcess(storage), broker, { owner: 'second', leaseMs: 1_000 });
  await vi.waitFor(() => expect(lane(second)?.state).toBe('claiming'), { timeout: 20_000 });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await second.caughtUp();
  expect(lane(second)?.state).toBe('claiming');
  await vi.waitFor(async () => expect((await storage.checkpoints.list(RELAY))[0]?.cursor).toMatch(/\/1$/), {
    timeout: 20_000,
  });
  await first.stop();
  await vi.waitFor(() => expect(lane(second)?.state).toBe('following'), { timeout: 10_000 });
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 1 })]);
  await second.caughtUp();
  expect(ids(broker)).toEqual(['o1@1', 'o1@2']);
});
test('R4 an owner that wakes after its lease passed on cannot move the cursor, and its late records are known', async () => {
  let now = 0;
  const storage = memory({ now: () => now });
  let wake: () => void = () => {};
  const asleep = new Promise<undefined>((resolve) => (wake = () => resolve(undefined)));
  const topics = memoryBroker({ partitions: 1, fail: () => (sends++ === 0 ? asleep : undefined) });
  let sends = 0;
  await append(storage.store, 'o1', [placed({ customer: 'c' }), paid({ customer: 'c', cents: 1 })]);
  const paused = await relaying(storage, topics, { owner: 'paused', leaseMs: 300_000 });
  await vi.waitFor(() => expect(sends).toBe(1), { timeout: 20_000 });
  now += 300_001;
  const successor = await relaying(anotherProcess(storage), topics, { owner: 'successor', leaseMs: 300_000 });
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 2 })]);
  await successor.caughtUp();
  wake();
  await append(storage.store, 'o1', [paid({ customer: 'c', cents: 3 })]);
  await successor.caughtUp();
  await vi.waitFor(() => expect(lane(paused)?.state).toBe('claiming'), { timeout: 20_000 });
  await paused.stop();
  expect(ids(topics)).toEqual(['o1@1', 'o1@2', 'o1@3', 'o1@4']);
  const [records = []] = topics.records(TOPIC);
  const bySequence = Map.groupBy(records.map(parseRecord), ({ stamp }) => stamp.sequence);
  expect([...bySequence.values()].map((same) => new Set(same.map(({ envelope }) => envelope.id)).size)).toEqual([
    1, 1, 1, 1,
  ]);
  expect(records.length).toBeGreaterThan(4);
});
test('R4 an owner that was succeeded cannot move the cursor even where its successor has not moved it yet, and sends nothing', async () => {
  const storage = memory();
  const broker = memoryBroker();
  let isSaving = false;
  const succeeded: MemoryStorage = {
    ...storage,
    checkpoints: {
      claim: (...args) => storage.checkpoints.claim(...args),
      renew: (...args) => storage.checkpoints.renew(...args),
      save: async (claim, move) => {
        const options = { owner: 'successor', leaseMs: 300_000, respectLease: false };
        if (!isSaving) await storage.checkpoints.claim(RELAY, claim.lane, options);
        isSaving = true;
        await storage.checkpoints.save(claim, move);
      },
      release: (claim) => storage.checkpoints.release(claim),
      leave: (...args) => storage.checkpoints.leave(...args),
      list: (follower) => storage.checkpoints.list(follower),
    },
  };
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  const running = await relaying(succeeded, broker, { owner: 'succeeded' });
  await vi.waitFor(() => expect(isSaving && lane(running)?.state).toBe('claiming'), { timeout: 20_000 });
  await running.stop();
  expect(broker.records(TOPIC).flat()).toEqual([]);
  expect(await storage.checkpoints.list(RELAY)).toMatchObject([{ cursor: 'start', owner: 'successor' }]);
});
test('an owner learns by its lease that it was succeeded, before any event comes', async () => {
  const storage = memory();
  const running = await relaying(storage, memoryBroker(), { owner: 'succeeded', leaseMs: 1_000 });
  await vi.waitFor(() => expect(lane(running)?.state).toBe('following'), { timeout: 20_000 });
  const [{ lane: its } = { lane: '' as Lane }] = await storage.checkpoints.list(RELAY);
  await storage.checkpoints.claim(RELAY, its, { owner: 'successor', leaseMs: 300_000, respectLease: false });
  await vi.waitFor(() => expect(lane(running)?.state).toBe('claiming'), { timeout: 10_000 });
});
test('a lease that is given back while it is being renewed is free at once', async () => {
  const storage = memory();
  const { promise: isSent, resolve: sent } = Promise.withResolvers<void>();
  const { promise: mayArrive, resolve: arrive } = Promise.withResolvers<void>();
  const slow: MemoryStorage = {
    ...storage,
    checkpoints: {
      claim: (...args) => storage.checkpoints.claim(...args),
      renew: async (...args) => {
        // The first one finds the lane free.
        if (args[0][0]?.claims.length === 0) return storage.checkpoints.renew(...args);
        sent();
        await mayArrive;
        return storage.checkpoints.renew(...args);
      },
      save: (...args) => storage.checkpoints.save(...args),
      release: (...args) => storage.checkpoints.release(...args),
      leave: (...args) => storage.checkpoints.leave(...args),
      list: (...args) => storage.checkpoints.list(...args),
    },
  };
  const running = await relaying(slow, memoryBroker(), { owner: 'first', leaseMs: 1_000 });
  await isSent;
  const stopped = running.stop();
  // All that a stop does without waiting for a server has been done when the next macrotask begins.
  await new Promise((resolve) => setImmediate(resolve));
  arrive();
  await stopped;
  const [{ lane: its } = { lane: '' as Lane }] = await storage.checkpoints.list(RELAY);
  const options = { owner: 'second', leaseMs: 1_000, respectLease: true };
  expect(await storage.checkpoints.claim(RELAY, its, options)).toBeDefined();
});
test('a stopped relay says so to whoever waits for it', async () => {
  const storage = memory();
  const running = await relaying(storage, memoryBroker());
  await running.stop();
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  await expect(running.caughtUp()).rejects.toMatchObject({ code: 'LF_FOLLOWER_STOPPED', fault: undefined });
  expect(running.status().isRunning).toBe(false);
});
test('waiting can be given up', async () => {
  const storage = memory();
  const broker = memoryBroker({ fail: failing(Array.from({ length: 50 }, () => ({ kind: 'unknown' }))) });
  await append(storage.store, 'o1', [placed({ customer: 'c' })]);
  const running = await relaying(storage, broker);
  const reason = new Error('enough');
  await expect(running.caughtUp({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
test.each(['', 'Shop', 'the shop', 'shop/', 'sh\u00f6p'])('the service name %j is refused', async (service) => {
  await expect(relay({ storage: memory(), to: memoryBroker(), service })).rejects.toMatchObject({
    code: 'LF_SERVICE_INVALID',
  });
});
