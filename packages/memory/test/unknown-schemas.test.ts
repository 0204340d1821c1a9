import { inspect } from 'node:util';
import { versionsOf } from '@leftfold/core';
import type { AnyEventType } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryBroker, MemoryStorage } from '@leftfold/memory';
import { follow, readSource, relay } from '@leftfold/subscriptions';
import type { LaneStatus, LogRecord, RecordUndecodable, Running } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { registryFault, ScriptedCodec } from './scripted-codec.ts';
import { append, orderList, paid, placed, shipped, stopping } from './shop.ts';

// What relay and projector do while a schema is not known, or its registry does not answer.

const RELAY = { name: 'relay', version: 1 };
const RETRYABLE = ['LF_SCHEMA_UNREGISTERED', 'LF_REGISTRY_UNAVAILABLE'];
const PLACED = { customer: 'ann' };

interface Scene {
  readonly storage: MemoryStorage;
  readonly codec: ScriptedCodec;
  readonly broker: MemoryBroker;
}
function scene({ partitions = 1, lanes = 1 } = {}): Scene {
  const codec = new ScriptedCodec();
  return { storage: memory({ lanes }), codec, broker: memoryBroker({ partitions, codec }) };
}
function ending(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
const relaying = async ({ storage, broker }: Scene): Promise<Running> =>
  ending(await relay({ storage, to: broker, service: 'shop' }));
const listing = async ({ storage, broker }: Scene): Promise<Running> =>
  ending(await follow(stopping(orderList), { from: broker.source, storage }));
const lanes = (running: Running): readonly LaneStatus[] => running.status().lanes;
const states = (running: Running): readonly string[] => lanes(running).map(({ state }) => state);
const sent = ({ broker }: Scene): readonly string[] =>
  broker.records('shop.order').flatMap((partition) => partition.map(({ headers }) => headers['ce_type'] ?? ''));
const rows = ({ storage }: Scene) => storage.readModels.reader([orderList.rowTable]).all('order_list');
const fingerprint = (type: AnyEventType): string => versionsOf(type).at(-1)?.writer.fingerprint ?? '';
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 10_000 });

test.each(RETRYABLE)(
  'A7 a relay that meets %s waits, visibly; nothing is saved or sent, and then it goes on by itself',
  async (code) => {
    const made = scene();
    const { storage, codec } = made;
    codec.fault = registryFault(code);
    await append(storage.store, 'o1', [placed(PLACED), paid({ customer: 'ann', cents: 1 })]);
    const running = await relaying(made);
    await until(() => expect(codec.asked).toBeGreaterThan(2));
    expect(lanes(running)).toMatchObject([{ state: 'retrying', fault: { code } }]);
    expect(await storage.checkpoints.list(RELAY)).toMatchObject([{ cursor: 'start', ledger: null }]);
    expect(sent(made)).toEqual([]);
    codec.fault = undefined;
    await running.caughtUp();
    expect(sent(made)).toEqual(['shop.order.placed', 'shop.order.paid']);
    expect(lanes(running)).toMatchObject([{ state: 'following' }]);
  },
);
test('A7 a relay goes on with what it knows while the registry is away, up to what it does not', async () => {
  const made = scene();
  const { storage, codec } = made;
  const running = await relaying(made);
  await append(storage.store, 'o1', [placed(PLACED)]);
  await running.caughtUp();
  codec.fault = registryFault('LF_REGISTRY_UNAVAILABLE');
  await append(storage.store, 'o2', [placed(PLACED)]);
  await running.caughtUp();
  expect(states(running)).toEqual(['following']);
  await append(storage.store, 'o2', [paid({ customer: 'ann', cents: 1 })]);
  await until(() => expect(states(running)).toEqual(['retrying']));
  await append(storage.store, 'o3', [placed(PLACED)]);
  codec.fault = undefined;
  await running.caughtUp();
  expect(sent(made)).toEqual(['placed', 'placed', 'paid', 'placed'].map((name) => `shop.order.${name}`));
});
test('A7 a lane that waits for its schema holds no other lane', async () => {
  const made = scene({ partitions: 2, lanes: 2 });
  const { storage, codec } = made;
  codec.faultOf.set(fingerprint(shipped), registryFault('LF_SCHEMA_UNREGISTERED'));
  const hashes = new Map<string, number>();
  const orders = ['o1', 'o2', 'o3', 'o4', 'o5', 'o6'];
  for (const order of orders) await append(storage.store, order, [placed(PLACED)]);
  for await (const { hash, key } of recordsOf(storage)) hashes.set(key, hash % 2);
  const [held = '', free = ''] = [0, 1].map((lane) => orders.find((order) => hashes.get(order) === lane));
  const running = await relaying(made);
  await running.caughtUp();
  await append(storage.store, held, [shipped({})]);
  await until(() => expect(states(running).toSorted()).toEqual(['following', 'retrying']));
  for (let n = 0; n < 5; n++) await append(storage.store, free, [placed(PLACED)]);
  await until(() => expect(sent(made)).toHaveLength(orders.length + 5));
  expect(states(running).toSorted()).toEqual(['following', 'retrying']);
  codec.faultOf.clear();
  await running.caughtUp();
  expect(sent(made)).toHaveLength(orders.length + 6);
});
async function* recordsOf({ log }: MemoryStorage): AsyncGenerator<LogRecord> {
  for await (const { records } of readSource(log, { until: await log.head() })) yield* records;
}
test('A7 a registry that refuses stops the relay’s lane, which says so; nothing is saved or sent', async () => {
  const made = scene();
  made.codec.fault = registryFault('LF_REGISTRY_REFUSED', false);
  await append(made.storage.store, 'o1', [placed(PLACED)]);
  const running = await relaying(made);
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_REGISTRY_REFUSED' } });
  expect(states(running)).toEqual(['stopped']);
  expect(sent(made)).toEqual([]);
  expect(await made.storage.checkpoints.list(RELAY)).toMatchObject([{ cursor: 'start', ledger: null }]);
});
test('A7 a stop gives up a question that the registry never answers', async () => {
  const made = scene();
  made.codec.isSilent = true;
  await append(made.storage.store, 'o1', [placed(PLACED)]);
  const running = await relaying(made);
  await until(() => expect(made.codec.asked).toBe(1));
  await running.stop();
  expect(made.codec.givenUp).toBe(1);
  expect(sent(made)).toEqual([]);
});
test('A7 a relay that loses its lane gives up its question, and its successor sends everything once', async () => {
  let now = 0;
  const codec = new ScriptedCodec();
  const storage = memory({ now: () => now });
  const made = { storage, codec, broker: memoryBroker({ partitions: 1, codec }) };
  codec.isSilent = true;
  await append(storage.store, 'o1', [placed(PLACED)]);
  const paused = ending(await relay({ storage, to: made.broker, service: 'shop', owner: 'paused', leaseMs: 1_000 }));
  await until(() => expect(codec.asked).toBe(1));
  now += 1_001;
  codec.isSilent = false;
  const successor = ending(
    await relay({
      storage: anotherProcess(storage),
      to: made.broker,
      service: 'shop',
      owner: 'heir',
      leaseMs: 300_000,
    }),
  );
  await successor.caughtUp();
  await until(() => expect(codec.givenUp).toBe(1));
  await paused.stop();
  expect(sent(made)).toEqual(['shop.order.placed']);
});
test('a payload that does not fit its schema stops the relay’s lane before it, naming event and stream; its text is not repeated', async () => {
  const made = scene();
  const { storage, codec, broker } = made;
  await append(storage.store, 'o1', [placed(PLACED), placed({ customer: 'the secret one' })]);
  // What a parser says of it quotes it.
  const encode = codec.encode.bind(codec);
  codec.encode = (payload) => encode(payload.includes('secret') ? 'secret' : payload);
  const running = ending(await relay({ storage, to: broker, service: 'shop' }));
  await expect(running.caughtUp()).rejects.toMatchObject({
    fault: { code: 'LF_PAYLOAD_UNENCODABLE', event: { type: 'shop.order.placed', streamVersion: 2n } },
  });
  const [{ fault } = {}] = lanes(running);
  expect(fault?.message).toContain('version 2 of shop.order-o1');
  expect(fault?.message).toContain('(SyntaxError)');
  expect(inspect(fault?.error, { depth: 9 })).not.toContain('secret');
  expect(sent(made)).toEqual([]);
  expect(await storage.checkpoints.list(RELAY)).toMatchObject([{ cursor: 'start', ledger: null }]);
});

/** What was sent, as a process has it that knows no schema yet. */
async function elsewhere({ storage, broker: from }: Scene): Promise<Scene> {
  const codec = new ScriptedCodec();
  const broker = memoryBroker({ partitions: from.records('shop.order').length, codec });
  const publisher = await broker.publisher();
  await publisher.publish(from.records('shop.order').flat());
  return { storage, codec, broker };
}

test.each(RETRYABLE)(
  'A7 a projector that meets %s waits, visibly, after what stands before it; then it goes on by itself',
  async (code) => {
    const made = scene();
    const { store } = made.storage;
    for (const order of ['o1', 'o2']) await append(store, order, [placed(PLACED)]);
    await append(store, 'o1', [paid({ customer: 'ann', cents: 5 })]);
    await append(store, 'o3', [placed(PLACED)]);
    await (await relaying(made)).caughtUp();
    const there = await elsewhere(made);
    const { codec } = there;
    codec.faultOf.set(fingerprint(paid), registryFault(code));
    const running = await listing(there);
    await until(() => expect(codec.asked).toBeGreaterThan(6));
    expect(rows(there)).toMatchObject([
      { order_id: 'o1', cents: 0 },
      { order_id: 'o2', cents: 0 },
    ]);
    // Also while it is asked again, not only in between.
    codec.isSilent = true;
    const asked = codec.asked;
    await until(() => expect(codec.asked).toBeGreaterThan(asked));
    expect(lanes(running)).toMatchObject([{ state: 'retrying', fault: { code } }]);
    await expect(running.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'LF_NOT_CAUGHT_UP',
      message: expect.stringContaining(`(retrying: ${code}, `) as unknown,
    });
    await running.stop();
    expect(codec.givenUp).toBe(1);

    codec.isSilent = false;
    const again = await listing(there);
    await until(() => expect(states(again)).toEqual(['retrying']));
    codec.faultOf.clear();
    await again.caughtUp();
    expect(rows(there)).toMatchObject([
      { order_id: 'o1', cents: 5 },
      { order_id: 'o2', cents: 0 },
      { order_id: 'o3', cents: 0 },
    ]);
    expect(states(again)).toEqual(['following']);
  },
);
test('A7 a projector that waits behind events it does not handle looks at them once, and asks ever more seldom', async () => {
  const made = scene();
  await append(made.storage.store, 'o1', [shipped({}), shipped({}), placed(PLACED)]);
  await (await relaying(made)).caughtUp();
  const there = await elsewhere(made);
  there.codec.faultOf.set(fingerprint(placed), registryFault('LF_SCHEMA_UNREGISTERED'));
  const running = await listing(there);
  await until(() => expect(there.codec.asked).toBeGreaterThan(8));
  expect(lanes(running)).toMatchObject([{ state: 'retrying', batches: 1, events: 2 }]);
  there.codec.faultOf.clear();
  await running.caughtUp();
  expect(rows(there)).toMatchObject([{ order_id: 'o1' }]);
});
test('A7 a projector needs no schema of events that it does not handle', async () => {
  const made = scene();
  const { store } = made.storage;
  await append(store, 'o1', [placed(PLACED), shipped({}), paid({ customer: 'ann', cents: 5 }), shipped({})]);
  await (await relaying(made)).caughtUp();
  const there = await elsewhere(made);
  there.codec.faultOf.set(fingerprint(shipped), registryFault('LF_REGISTRY_UNAVAILABLE'));
  await (await listing(there)).caughtUp();
  expect(rows(there)).toMatchObject([{ order_id: 'o1', cents: 5 }]);
});
test('A7 a projector goes on with what it knows while the registry is away', async () => {
  const made = scene();
  await relaying(made);
  const running = await listing(made);
  await append(made.storage.store, 'o1', [placed(PLACED)]);
  await until(() => expect(rows(made)).toHaveLength(1));
  made.codec.fault = registryFault('LF_REGISTRY_UNAVAILABLE');
  await append(made.storage.store, 'o2', [placed(PLACED)]);
  await until(() => expect(rows(made)).toHaveLength(2));
  expect(states(running)).toEqual(['following']);
});
test('A7 a registry that refuses stops the projector’s lane, after what stands before; other lanes go on', async () => {
  const made = scene({ partitions: 2 });
  const { store } = made.storage;
  const orders = ['o1', 'o2', 'o3', 'o4'];
  for (const order of orders) await append(store, order, [placed(PLACED)]);
  await append(store, 'o1', [paid({ customer: 'ann', cents: 5 })]);
  await (await relaying(made)).caughtUp();
  const there = await elsewhere(made);
  there.codec.faultOf.set(fingerprint(paid), registryFault('LF_REGISTRY_REFUSED', false));
  const running = await listing(there);
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_REGISTRY_REFUSED' } });
  await until(() => expect(rows(there)).toMatchObject(orders.map((order) => ({ order_id: order, cents: 0 }))));
  expect(states(running).toSorted()).toEqual(['following', 'stopped']);
});
test('A7 a record whose bytes are none stops its lane at it, where that is the policy; its bytes are kept, in no text', async () => {
  const made = scene();
  const { store } = made.storage;
  await append(store, 'o1', [placed({ customer: 'the secret one' })]);
  await (await relaying(made)).caughtUp();
  const there = await elsewhere(made);
  const [[record] = []] = there.broker.records('shop.order');
  there.codec.poison.add(record?.headers['ce_id'] ?? '');
  const running = await listing(there);
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_RECORD_UNDECODABLE' } });
  const [{ fault, cursor } = {}] = lanes(running);
  expect(fault).toMatchObject({
    message: expect.stringContaining('shop.order/0 at offset 0 cannot be read: its magic byte is 7') as unknown,
    event: { id: record?.headers['ce_id'], type: 'shop.order.placed', stream: 'shop.order-o1' },
  });
  expect(cursor).toBe('start');
  expect(rows(there)).toEqual([]);
  const error = fault?.error as RecordUndecodable | undefined;
  expect(error?.record).toMatchObject({ key: record?.key, value: record?.value, headers: record?.headers });
  expect(Object.keys(fault ?? {}).toSorted()).toEqual(['code', 'event', 'message']);
  expect(inspect(running.status(), { depth: 9 })).not.toMatch(/secret|Uint8Array/);
  expect(inspect(fault?.error, { depth: 9 })).not.toMatch(/secret|Uint8Array/);
});
