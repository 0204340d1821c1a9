import { getEventListeners } from 'node:events';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryBroker, MemoryStorage } from '@leftfold/memory';
import { event, t } from '@leftfold/core';
import { follow, projection, relay, RowRaced } from '@leftfold/subscriptions';
import type {
  AnyProjection,
  Cursor,
  FoldedProjection,
  FollowOptions,
  Lane,
  LaneStatus,
  Running,
  Source,
  Storage,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { append, customerTotals, noted, orderList, paid, placed, placedLater, shipped, stopping } from './shop.ts';

/** Starts a projector that the end of the test stops. */
async function following(definition: AnyProjection, options: FollowOptions): Promise<Running> {
  const running = await follow(definition, options);
  onTestFinished(() => running.stop());
  return running;
}
async function relaying(storage: MemoryStorage, to: MemoryBroker): Promise<Running> {
  const running = await relay({ storage, to, service: 'shop' });
  onTestFinished(() => running.stop());
  return running;
}
const rows = ({ readModels }: MemoryStorage, { rowTable }: FoldedProjection, tenant?: string) =>
  readModels.reader([rowTable]).all(rowTable.name, tenant);
const row = ({ readModels }: MemoryStorage, { rowTable }: FoldedProjection, key: string) =>
  readModels.reader([rowTable]).one(rowTable.name, key);
const lanes = (running: Running): readonly LaneStatus[] => running.status().lanes;
/** The same storage, with other read models. */
const withReadModels = (storage: Storage, readModels: Partial<Storage['readModels']>): Storage => ({
  ...storage,
  readModels: new Proxy(storage.readModels, {
    get: (target, name: keyof Storage['readModels']) => readModels[name] ?? target[name].bind(target),
  }),
});
const unavailable = (): Error =>
  Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });

/** Some orders of two customers. */
async function sell({ store }: MemoryStorage, orders: readonly string[]): Promise<void> {
  for (const order of orders) {
    const customer = order < 'o3' ? 'ann' : 'bob';
    await append(store, order, [placed({ customer }), noted({ note: 'x' }), paid({ customer, cents: 5 }), shipped({})]);
    await append(store, order, [paid({ customer, cents: 2 })]);
  }
}
const ORDERS = ['o1', 'o2', 'o3', 'o4', 'o5'];
const LIST = ORDERS.map((order) => ({
  order_id: order,
  customer: order < 'o3' ? 'ann' : 'bob',
  cents: 7,
  steps: 'placed 5 2',
}));
const TOTALS = [
  { customer: 'ann', orders: 2, cents: 14 },
  { customer: 'bob', orders: 3, cents: 21 },
];

test('one definition gives the same rows from the log and from a broker', async () => {
  for (const by of ['log', 'broker']) {
    const storage = memory();
    const broker = memoryBroker();
    const from = by === 'log' ? storage.log : broker.source;
    const list = await following(orderList, { from, storage });
    const totals = await following(customerTotals, { from, storage });
    await sell(storage, ORDERS);
    await (await relaying(storage, broker)).caughtUp();
    await Promise.all([list.caughtUp(), totals.caughtUp()]);
    expect(rows(storage, orderList)).toEqual(LIST);
    expect(rows(storage, customerTotals)).toEqual(TOTALS);
  }
});
test('a projector that starts again goes on where its rows stand', async () => {
  const storage = memory();
  for (const order of ORDERS) {
    const running = await following(customerTotals, { from: storage.log, storage });
    await sell(storage, [order]);
    await running.caughtUp();
    await running.stop();
  }
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('the rows of two tenants are apart', async () => {
  const storage = memory();
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await append(storage.store, 'o1', [placed({ customer: 'zoe' })], { tenant: 'acme' });
  await (await following(orderList, { from: storage.log, storage })).caughtUp();
  expect(rows(storage, orderList)).toMatchObject([{ customer: 'ann' }]);
  expect(rows(storage, orderList, 'acme')).toMatchObject([{ customer: 'zoe' }]);
});
test('what goes along with an event is the same from every source', async () => {
  const kept: unknown[] = [];
  for (const by of ['log', 'broker']) {
    const storage = memory();
    const broker = memoryBroker();
    const metadata = projection('metadata', { version: 1, key: 'id', row: { id: t.string() } }).insert(
      placed,
      ({ stream, metadata: of, version, writtenVersion, position }) => {
        kept.push({ stream, of, version, writtenVersion, position });
        return { id: stream.key };
      },
    );
    await append(storage.store, 'o1', [placed({ customer: 'ann' })], { tenant: 'acme' });
    await append(storage.store, 'o2', [placed({ customer: 'ann' })], { headers: {} });
    await append(storage.store, 'o3', [placed({ customer: 'ann' })], { headers: { 'x-source': 'web' } });
    await (await relaying(storage, broker)).caughtUp();
    const from = by === 'log' ? storage.log : broker.source;
    await (await following(metadata, { from, storage })).caughtUp();
  }
  const key = (of: unknown): string => (of as { stream: { key: string } }).stream.key;
  const byKey = [...Map.groupBy(kept, key).values()];
  expect(byKey.map(([log, broker]) => [log, broker].map((of) => (of as { of: object }).of))).toStrictEqual([
    [
      { correlationId: 'test', tenant: 'acme' },
      { correlationId: 'test', tenant: 'acme' },
    ],
    [{ correlationId: 'test' }, { correlationId: 'test' }],
    [
      { correlationId: 'test', headers: { 'x-source': 'web' } },
      { correlationId: 'test', headers: { 'x-source': 'web' } },
    ],
  ]);
  for (const [log, broker] of byKey) expect(broker).toStrictEqual(log);
});
test('a new version is built beside the old', async () => {
  const storage = memory();
  await sell(storage, ['o1']);
  const newer = projection('order-list', { version: 2, key: 'id', row: { id: t.string() } }).upsert(
    placed,
    (_, { stream }) => ({ id: stream.key }),
  );
  await (await following(orderList, { from: storage.log, storage })).caughtUp();
  await (await following(newer, { from: storage.log, storage })).caughtUp();
  expect(rows(storage, newer)).toEqual([{ id: 'o1' }]);
  expect(row(storage, orderList, 'o1')).toEqual(LIST[0]);
});
test('two versions beside each other each get every lane of a broker', async () => {
  const storage = memory();
  const broker = memoryBroker();
  await sell(storage, ORDERS);
  await (await relaying(storage, broker)).caughtUp();
  const columns = { ...customerTotals.row, vip: t.boolean() };
  const newer = projection('customer-totals', { version: 2, key: 'customer', row: columns, order: 'any' }).delete(
    shipped,
    { by: () => [] },
  );
  const other = await following(newer, { from: broker.source, storage });
  const running = await following(customerTotals, { from: broker.source, storage });
  await Promise.all([running.caughtUp(), other.caughtUp()]);
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('C8 old events are upcast, from every source', async () => {
  const seen = projection('channels', { version: 1, key: 'id', row: { id: t.string(), channel: t.string() } }).insert(
    placedLater,
    ({ data, stream, writtenVersion }) => ({ id: stream.key, channel: `${data.channel} ${writtenVersion}` }),
  );
  for (const by of ['log', 'broker']) {
    const storage = memory();
    const broker = memoryBroker();
    await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
    await append(storage.store, 'o2', [placedLater({ customer: 'ann', channel: 'web' })], { types: [placedLater] });
    await (await relaying(storage, broker)).caughtUp();
    const from = by === 'log' ? storage.log : broker.source;
    await (await following(seen, { from, storage })).caughtUp();
    expect(rows(storage, seen)).toEqual([
      { id: 'o1', channel: 'shop 1' },
      { id: 'o2', channel: 'web 2' },
    ]);
  }
});

test('C5 an event that cannot be folded stops its lane, where that is the policy; it says why, and other lanes go on', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const strict = orderList.update(shipped, (_, { stream }) => {
    if (stream.key === 'bad') throw new RangeError('no carrier');
    return { steps: 'shipped' };
  });
  await sell(storage, ORDERS);
  await append(storage.store, 'bad', [placed({ customer: 'c' }), shipped({})]);
  await (await relaying(storage, broker)).caughtUp();
  const running = await following(stopping(strict), { from: broker.source, storage });
  await expect(running.caughtUp()).rejects.toMatchObject({
    code: 'LF_FOLLOWER_STOPPED',
    fault: { code: 'LF_FOLD_FAILED' },
  });
  await vi.waitFor(
    () =>
      expect(
        lanes(running)
          .map(({ state }) => state)
          .sort(),
      ).toEqual(['following', 'stopped']),
    { timeout: 20_000 },
  );
  const stopped = lanes(running).find(({ state }) => state === 'stopped');
  expect(stopped?.fault).toMatchObject({
    code: 'LF_FOLD_FAILED',
    message: expect.stringContaining('RangeError: no carrier') as unknown,
    event: { type: 'shop.order.shipped', stream: 'shop.order-bad', streamVersion: 2n },
  });
  const goingOn = lanes(running).find(({ state }) => state === 'following')?.lane;
  const partition = Number(goingOn?.split('/')[1]);
  const onIt = new Set(broker.records('shop.order')[partition]?.map(({ key }) => key.slice('shop.order-'.length)));
  expect(rows(storage, strict).map(({ order_id: id }) => id)).toEqual(ORDERS.filter((order) => onIt.has(order)));
});
test('a stopped lane has applied nothing of its batch, and goes on when repaired code follows', async () => {
  const storage = memory();
  await append(storage.store, 'o1', [placed({ customer: 'ann' }), shipped({}), paid({ customer: 'ann', cents: 7 })]);
  const broken = orderList.update(shipped, () => ({ cents: 1.5 }));
  const running = await following(stopping(broken), { from: storage.log, storage, owner: 'broken' });
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_ROW_INVALID' } });
  expect(rows(storage, orderList)).toEqual([]);
  // The broken one still runs: it has given back the lane.
  await (await following(orderList, { from: storage.log, storage, owner: 'repaired' })).caughtUp();
  expect(row(storage, orderList, 'o1')).toMatchObject({ cents: 7 });
});
test('rows of one stream that two categories would feed stop their lane, also after a restart: else events were taken for old ones', async () => {
  const earned = event('loyalty.card.earned', { points: t.int() });
  const cards = projection('cards', { version: 1, key: 'id', row: { id: t.string(), points: t.int() } })
    .insert(placed, ({ stream }) => ({ id: stream.key, points: 0 }))
    .update(earned, (before, { data }) => ({ points: before.points + data.points }));
  for (const by of ['log', 'broker']) {
    const storage = memory();
    const broker = memoryBroker({ partitions: 1 });
    const from = by === 'log' ? storage.log : broker.source;
    const relayed = await relaying(storage, broker);
    await append(storage.store, 'c1', [placed({ customer: 'c' }), shipped({})]);
    await relayed.caughtUp();
    const before = await following(cards, { from, storage });
    await before.caughtUp();
    await before.stop();
    await append(storage.store, 'c1', [earned({ points: 5 })], { category: 'loyalty.card', types: [earned] });
    await relayed.caughtUp();
    const running = await following(cards, { from, storage });
    await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_PROJECTION_INVALID' } });
    const stopped = lanes(running).find(({ state }) => state === 'stopped');
    expect(stopped?.fault?.event).toMatchObject({ type: 'loyalty.card.earned', streamVersion: 1n });
  }
});
test('a fold that changes the event it is given stops its lane: the next reader would see the change', async () => {
  const storage = memory();
  const careless = orderList.update(shipped, (_, { data }) => {
    Object.assign(data, { carrier: 'DHL' });
    return { steps: 'shipped' };
  });
  await append(storage.store, 'o1', [placed({ customer: 'ann' }), shipped({})]);
  const running = await following(stopping(careless), { from: storage.log, storage });
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_FOLD_FAILED' } });
});
test('a record that is none stops its lane', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  const publisher = await broker.publisher();
  const value = new TextEncoder().encode('{}');
  await publisher.publish([{ topic: 'shop.order', partition: 0, key: 'k', value, headers: {} }]);
  const running = await following(orderList, { from: broker.source, storage });
  await expect(running.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_RECORD_UNDECODABLE' } });
});
test.each(['log', 'broker'])(
  'C16 from the %s, an event newer than the code waits, visibly; neither skipped nor parked, until newer code takes over',
  async (by) => {
    const storage = memory();
    const broker = memoryBroker({ partitions: 1 });
    const from = by === 'log' ? storage.log : broker.source;
    const inLater = { types: [placedLater, paid] };
    await append(storage.store, 'o1', [placedLater({ customer: 'ann', channel: 'web' })], inLater);
    await append(storage.store, 'o1', [paid({ customer: 'ann', cents: 7 })]);
    await (await relaying(storage, broker)).caughtUp();
    const old = await following(orderList, { from, storage, owner: 'old' });
    await vi.waitFor(
      () =>
        expect(lanes(old)).toMatchObject([
          {
            state: 'waiting',
            fault: { code: 'LF_NEWER_EVENT', event: { type: 'shop.order.placed', streamVersion: 1n } },
          },
        ]),
      { timeout: 20_000 },
    );
    expect(rows(storage, orderList)).toEqual([]);
    await expect(old.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP' });

    const { row: columns } = orderList;
    const newer = projection('order-list', { version: 1, key: 'order_id', row: columns })
      .insert(placedLater, ({ data, stream }) => ({
        order_id: stream.key,
        customer: data.customer,
        cents: 0,
        steps: data.channel,
      }))
      .update(paid, (before, { data }) => ({ cents: before.cents + data.cents }));
    const later = await following(newer, { from, storage, owner: 'new' });
    // With a broker that assigns lanes the old process has to go first, as in a rolling deploy.
    if (by === 'broker') await old.stop();
    await later.caughtUp();
    expect(row(storage, orderList, 'o1')).toMatchObject({ cents: 7, steps: 'web' });
  },
);

test('what a storage does not answer for a while is tried again, visibly, and applied once', async () => {
  const storage = memory();
  let isDown = true;
  const shaky = withReadModels(storage, {
    transaction: async (...args) => {
      if (isDown) throw unavailable();
      return storage.readModels.transaction(...args);
    },
  });
  await sell(storage, ORDERS);
  const running = await following(customerTotals, { from: storage.log, storage: shaky });
  await vi.waitFor(
    () => expect(lanes(running)).toMatchObject([{ state: 'retrying', fault: { code: 'LF_STORAGE_UNAVAILABLE' } }]),
    { timeout: 20_000 },
  );
  isDown = false;
  await running.caughtUp();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
  expect(lanes(running)).toMatchObject([{ state: 'following' }]);
});
test('a storage that is away at the start is waited for', async () => {
  const storage = memory();
  let isDown = true;
  const away = withReadModels(storage, {
    prepare: async (table) => {
      if (isDown) throw unavailable();
      await storage.readModels.prepare(table);
    },
  });
  await sell(storage, ORDERS);
  const running = await following(customerTotals, { from: storage.log, storage: away });
  await vi.waitFor(() => expect(lanes(running)).toMatchObject([{ state: 'retrying' }]), { timeout: 20_000 });
  isDown = false;
  await running.caughtUp();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('C4 a commit whose answer is lost is found in the checkpoint, and not applied again', async () => {
  const storage = memory();
  let lost = 0;
  const cut = withReadModels(storage, {
    transaction: async (...args) => {
      const answer = await storage.readModels.transaction(...args);
      if (lost++ === 0) throw unavailable();
      return answer;
    },
  });
  await sell(storage, ORDERS);
  const running = await following(customerTotals, { from: storage.log, storage: cut });
  await running.caughtUp();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('C13 a batch that lost a race for an absent row is run again, however often it takes', async () => {
  const storage = memory();
  let races = 0;
  const raced = withReadModels(storage, {
    transaction: (claim, move, work) =>
      storage.readModels.transaction(claim, move, async (tx) => {
        const answer = await work(tx);
        if (races++ < 12) throw new RowRaced('customer_totals');
        return answer;
      }),
  });
  await sell(storage, ORDERS);
  const running = await following(customerTotals, { from: storage.log, storage: raced });
  await running.caughtUp();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('C1 C4 the transaction of an owner that was succeeded does not commit', async () => {
  let now = 0;
  const storage = memory({ now: () => now });
  let wake: () => void = () => {};
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  let isAsleep = false;
  const sleepy = withReadModels(storage, {
    transaction: async (...args) => {
      isAsleep = true;
      await asleep;
      return storage.readModels.transaction(...args);
    },
  });
  await sell(storage, ORDERS);
  const paused = await following(customerTotals, {
    from: storage.log,
    storage: sleepy,
    owner: 'paused',
    leaseMs: 300_000,
  });
  await vi.waitFor(() => expect(isAsleep).toBe(true), { timeout: 20_000 });
  now += 300_001;
  const successor = await following(customerTotals, {
    from: storage.log,
    storage: anotherProcess(storage),
    owner: 'successor',
    leaseMs: 300_000,
  });
  await successor.caughtUp();
  wake();
  await vi.waitFor(() => expect(lanes(paused)).toMatchObject([{ state: 'claiming' }]), { timeout: 20_000 });
  await paused.stop();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('C1 partitions that move between processes while events come are each applied once', async () => {
  const storage = memory();
  const broker = memoryBroker();
  await relaying(storage, broker);
  const first = await following(customerTotals, { from: broker.source, storage });
  await sell(storage, ['o1', 'o2']);
  const second = await following(customerTotals, { from: broker.source, storage });
  await sell(storage, ['o3', 'o4']);
  await first.stop();
  await sell(storage, ['o5']);
  await vi.waitFor(() => expect(broker.records('shop.order').flat()).toHaveLength(20), { timeout: 10_000 });
  await second.caughtUp();
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});

test('batches without handled events hold nobody up, and are saved at a stop', async () => {
  const storage = memory();
  const running = await following(orderList, { from: storage.log, storage });
  await append(storage.store, 'o9', [shipped({})]);
  await running.caughtUp();
  await running.stop();
  const [checkpoint] = await storage.checkpoints.list({ name: 'order-list', version: 1 });
  expect(checkpoint?.cursor).toBe((await storage.log.head()).get('0' as Lane));
  expect(lanes(running)).toMatchObject([{ batches: 1, events: 0 }]);
});
test('batches without handled events are saved by themselves after a while, for other processes to see', async () => {
  const storage = memory();
  await following(orderList, { from: storage.log, storage });
  await append(storage.store, 'o9', [shipped({})]);
  await vi.waitFor(
    async () => {
      const [checkpoint] = await storage.checkpoints.list({ name: 'order-list', version: 1 });
      expect(checkpoint?.cursor).toBe((await storage.log.head()).get('0' as Lane));
    },
    { timeout: 10_000 },
  );
});
test('a lane that was lost while its batch was dealt with is not shown as ours', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const { promise: isAwake, resolve: wake } = Promise.withResolvers<void>();
  let commits = 0;
  const sleepy = withReadModels(storage, {
    transaction: async (...args) => {
      const answer = await storage.readModels.transaction(...args);
      commits += 1;
      await isAwake;
      return answer;
    },
  });
  await sell(storage, ORDERS);
  await (await relaying(storage, broker)).caughtUp();
  const first = await following(customerTotals, { from: broker.source, storage: sleepy });
  await vi.waitFor(() => expect(commits).toBe(2), { timeout: 20_000 });
  const second = await following(customerTotals, { from: broker.source, storage });
  await second.caughtUp();
  wake();
  await vi.waitFor(() => expect(lanes(first)).toMatchObject([{ lane: 'shop.order/0', batches: 1 }]), {
    timeout: 20_000,
  });
  expect(lanes(second)).toMatchObject([{ lane: 'shop.order/1' }]);
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('a follower that has stopped holds on to no signal', async () => {
  const storage = memory();
  const { signal } = new AbortController();
  for (let times = 0; times < 3; times++) {
    const running = await following(orderList, { from: storage.log, storage, signal });
    await running.stop();
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
test('a stop ends what a lane waits for', async () => {
  const storage = memory();
  const down = withReadModels(storage, { transaction: () => Promise.reject(unavailable()) });
  await sell(storage, ['o1']);
  const aborting = new AbortController();
  const running = await following(orderList, { from: storage.log, storage: down, signal: aborting.signal });
  await vi.waitFor(() => expect(lanes(running)).toMatchObject([{ state: 'retrying' }]), { timeout: 20_000 });
  aborting.abort();
  await running.stop();
  expect(running.status().isRunning).toBe(false);
});

test('a private type cannot be followed from a broker, which never sees it', async () => {
  const storage = memory();
  const notes = projection('notes', { version: 1, key: 'id', row: { id: t.string() } }).upsert(
    noted,
    (_, { stream }) => ({
      id: stream.key,
    }),
  );
  await expect(follow(notes, { from: memoryBroker().source, storage })).rejects.toMatchObject({
    code: 'LF_EVENT_PRIVATE',
  });
  await append(storage.store, 'o1', [noted({ note: 'x' })]);
  await (await following(notes, { from: storage.log, storage })).caughtUp();
  expect(rows(storage, notes)).toEqual([{ id: 'o1' }]);
});
test('a table of this version with other columns is refused at the start', async () => {
  const storage = memory();
  await following(orderList, { from: storage.log, storage });
  const other = projection('order-list', { version: 1, key: 'id', row: { id: t.string() } });
  await expect(follow(other, { from: storage.log, storage })).rejects.toMatchObject({ code: 'LF_ROW_TABLE_CHANGED' });
});
test('rows that many streams feed are not fed from a second source; rows of one stream may be moved', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await sell(storage, ORDERS);
  await (await relaying(storage, broker)).caughtUp();
  for (const definition of [customerTotals, orderList]) {
    const before = await following(definition, { from: storage.log, storage });
    await before.caughtUp();
    await before.stop();
  }
  const moved = await following(orderList, { from: broker.source, storage });
  await sell(storage, ['o6']);
  await (await relaying(storage, broker)).caughtUp();
  await moved.caughtUp();
  expect(rows(storage, orderList)).toHaveLength(6);
  expect(rows(storage, orderList).slice(0, 5)).toEqual(LIST);

  const refused = await following(customerTotals, { from: broker.source, storage });
  await expect(refused.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_SOURCE_CHANGED' } });
  expect(rows(storage, customerTotals)).toEqual(TOTALS);
});
test('events of types that nobody here knows are left alone', async () => {
  const storage = memory();
  const unknown = event('shop.order.rated', { stars: t.int() });
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await append(storage.store, 'o1', [unknown({ stars: 5 })], { types: [unknown] });
  await (await following(orderList, { from: storage.log, storage })).caughtUp();
  expect(rows(storage, orderList)).toHaveLength(1);
});

test('a batch that does not begin where the last one ended is not taken: what lies between would be skipped in silence', async () => {
  const storage = memory();
  const lane = 'orders/0' as Lane;
  const refused = Promise.withResolvers<unknown>();
  const skipping: Source = {
    name: 'script that skips',
    ownership: 'assigned',
    head: async () => new Map(),
    restore: async () => [],
    hasPassed: () => true,
    run: async (reader, signal) => {
      const from = await reader.from(lane, signal);
      const batch = { lane, records: [], at: 'b' as Cursor, to: 'c' as Cursor };
      await reader.handle({ ...batch, from, to: 'a' as Cursor }, signal);
      await reader.handle({ ...batch, from: 'b' as Cursor }, signal).catch(refused.resolve);
      refused.resolve('it was taken');
    },
  };
  await following(orderList, { from: skipping, storage });
  expect(await refused.promise).toMatchObject({ code: 'LF_LANE_LOST' });
});
