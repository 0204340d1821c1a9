import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, parseRecord, relay } from '@leftfold/subscriptions';
import type { Cursor, Lane, Running } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

const RELAY = { name: 'relay', version: 1 };
const ORDERS = Array.from({ length: 12 }, (_, i) => `o${i}`);

function stopped(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
const placeAll = async ({ store }: MemoryStorage): Promise<void> => {
  for (const order of ORDERS)
    await append(store, order, [placed({ customer: 'ann' }), paid({ customer: 'ann', cents: 1 })]);
};
const states = (running: Running) => running.status().lanes.map(({ state, fault }) => fault?.code ?? state);

test('a projection follows a log of several lanes: each event once, whoever feeds the row', async () => {
  const storage = memory({ lanes: 4 });
  await placeAll(storage);
  const running = stopped(await follow(customerTotals, { from: storage.log, storage }));
  const list = stopped(await follow(orderList, { from: storage.log, storage }));
  await running.caughtUp();
  await list.caughtUp();
  await append(storage.store, 'o3', [paid({ customer: 'ann', cents: 5 })]);
  await running.caughtUp();
  expect(running.status().lanes.map(({ lane }) => lane)).toEqual(['0', '1', '2', '3']);
  const rows = storage.readModels.reader([customerTotals.rowTable, orderList.rowTable]);
  expect(rows.all('customer_totals')).toEqual([{ customer: 'ann', orders: 12, cents: 17 }]);
  await list.caughtUp();
  expect(rows.one('order_list', 'o3')).toMatchObject({ steps: 'placed 1 5' });
});

test('several processes share the lanes of a follower, and take over from each other', async () => {
  let now = 1;
  const storage = memory({ lanes: 4, now: () => now });
  await placeAll(storage);
  const first = stopped(await follow(customerTotals, { from: storage.log, storage, owner: 'a' }));
  await first.caughtUp();
  await first.stop();
  await append(storage.store, 'o1', [paid({ customer: 'ann', cents: 10 })]);
  now += 100_000;
  const second = stopped(await follow(customerTotals, { from: storage.log, storage, owner: 'b' }));
  await second.caughtUp();
  const rows = storage.readModels.reader([customerTotals.rowTable]);
  expect(rows.all('customer_totals')).toEqual([{ customer: 'ann', orders: 12, cents: 22 }]);
});

test('a relay of several lanes gives each partition gapless numbers, since each partition is fed by one lane', async () => {
  const storage = memory({ lanes: 4 });
  const broker = memoryBroker({ partitions: 8 });
  await placeAll(storage);
  const running = stopped(await relay({ storage, to: broker, service: 'shop' }));
  await running.caughtUp();
  const sequences = broker.records('shop.order').map((of) => of.map((record) => parseRecord(record).stamp.sequence));
  expect(sequences.flat()).toHaveLength(24);
  for (const of of sequences) expect(of).toEqual(of.map((_, i) => i + 1));
});

test.each([
  [6, 4],
  [1, 2],
  [8, 16],
])('a relay refuses %i partitions with %i lanes before anything is sent', async (partitions, lanes) => {
  const storage = memory({ lanes });
  const broker = memoryBroker({ partitions });
  await placeAll(storage);
  const running = stopped(await relay({ storage, to: broker, service: 'shop' }));
  await expect(running.caughtUp()).rejects.toMatchObject({
    code: 'LF_FOLLOWER_STOPPED',
    fault: { code: 'LF_PARTITION_SHARED' },
  });
  expect(broker.records('shop.order').flat()).toEqual([]);
});

test('a relay whose saved numbers are of topics that do not fit its lanes stops at its start, before it reads', async () => {
  const storage = memory({ lanes: 2 });
  const broker = memoryBroker({ partitions: 2 });
  const lane = '1' as Lane;
  const claim = await storage.checkpoints.claim(RELAY, lane, { owner: 'x', leaseMs: 1_000, respectLease: false });
  const to = (await storage.log.division?.beginning(lane)) as Cursor;
  const { id, generation } = await storage.log.identity();
  const ledger = { v: 1, log: id, generation, topics: { 'shop.order': { began: [1, 1, 1], next: [1, 1, 1] } } };
  if (claim) await storage.checkpoints.save(claim, { from: 'start', to, ledger });
  if (claim) await storage.checkpoints.release(claim);
  const running = stopped(await relay({ storage, to: broker, service: 'shop' }));
  await vi.waitUntil(() => states(running).includes('LF_PARTITION_SHARED'), { timeout: 10_000 });
});

test('the lanes of a follower begin when its first lane says how many there are, and no sooner', async () => {
  const storage = memory({ lanes: 2 });
  await placeAll(storage);
  const id = { name: customerTotals.name, version: 1 };
  const other = await storage.checkpoints.claim(id, '0' as Lane, { owner: 'x', leaseMs: 300_000, respectLease: true });
  const running = stopped(await follow(customerTotals, { from: storage.log, storage }));
  const row = async (lane: string) => (await storage.checkpoints.list(id)).find((one) => one.lane === lane);
  await vi.waitUntil(async () => (await row('1')) !== undefined, { timeout: 10_000 });
  await new Promise((resolve) => setImmediate(resolve));
  expect((await row('1'))?.cursor).toBe('start');
  if (other) await storage.checkpoints.release(other);
  await running.caughtUp();
  expect(running.status().lanes.map(({ state }) => state)).toEqual(['following', 'following']);
});
