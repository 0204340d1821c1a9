import type { Json, StreamId, StreamVersion } from '@leftfold/core';
import { memory, type MemoryBroker, type MemoryStorage } from '@leftfold/memory';
import { follow, giveUp, parseRecord, redrive, relay, withheldEvents, withheldKeys } from '@leftfold/subscriptions';
import type { Cursor, Lane, Log, RelayOptions, Running, Storage, WithheldKey } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { refusingBroker, story, TOPIC } from './poison.ts';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

// What is withheld, where the log lost its last commits, an older release runs again, or somebody asks in the very moment of an answer.

const RELAY = { name: 'relay', version: 1 };
const key: WithheldKey = { topic: TOPIC, tenant: '', stream: 'shop.order-o1' as StreamId };
const by = { by: 'ops' };
const until = <T>(isSo: () => T | Promise<T>) => vi.waitFor(isSo, { timeout: 20_000, interval: 20 });
const pay = (cents: number) => paid({ customer: 'c', cents });
const lane = (running: Running) => running.status().lanes[0];

async function relaying(storage: Storage, to: MemoryBroker, more: Partial<RelayOptions> = {}): Promise<Running> {
  const running = await relay({ storage, to, service: 'shop', owner: 'relay', ...more });
  onTestFinished(() => running.stop());
  return running;
}
/** The same storage after a fail-over that lost commits. */
function failedOver(storage: MemoryStorage): Storage {
  const { log } = storage;
  const after: Log = {
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
  return { ...storage, log: after };
}

test('R15 the ledger is in version 2 before anything is noted or said, so that older code stops at it instead of sending the event', async () => {
  const storage = memory();
  const ledgers: Promise<Json | undefined>[] = [];
  const saved = async () => (await storage.checkpoints.list(RELAY))[0]?.ledger;
  const { withheld } = storage;
  const noting = new Proxy(withheld, {
    get: (target, name: keyof typeof withheld) =>
      name === 'withhold'
        ? async (...given: Parameters<typeof withheld.withhold>) => {
            ledgers.push(Promise.resolve(await saved()));
            await target.withhold(...given);
          }
        : target[name].bind(target),
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  const broker = refusingBroker({ cents: 100 });
  await (await relaying({ ...storage, withheld: noting }, broker)).caughtUp();
  expect(await Promise.all(ledgers)).toMatchObject([{ v: 2, window: 'open', topics: { [TOPIC]: { next: [1] } } }]);
  expect(story(broker)).toEqual(['o1@1', 'o1@2 withheld']);
});
test('R15 what is asked for in the moment in which a redrive is refused again is carried out next', async () => {
  const storage = memory({ now: () => (now += 10) });
  let now = 0;
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  let isAsked = false;
  const asking: MemoryBroker = {
    ...broker,
    publisher: async () => {
      const publisher = await broker.publisher();
      return {
        partitions: (topic) => publisher.partitions(topic),
        publish: async (records, options) => {
          if (!isAsked && records.some(({ headers }) => headers['lf']?.includes('"redriven"'))) {
            isAsked = true;
            await giveUp(storage, { ...key, streamVersion: 1n as StreamVersion }, { ...by, reason: 'why' });
          }
          return publisher.publish(records, options);
        },
        close: () => publisher.close(),
      };
    },
  };
  const running = await relaying(storage, asking);
  await append(storage.store, 'o1', [pay(999), pay(1)]);
  await running.caughtUp();
  await redrive(storage, key, by);
  await until(async () => expect(await Array.fromAsync(withheldKeys(storage))).toEqual([]));
  expect(story(broker).slice(2)).toEqual(['o1@1 withheld', 'o1@2 withheld', 'o1@1 given-up', 'o1@2 redriven']);
  const rows = await Array.fromAsync(withheldEvents(storage, key));
  expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual([
    ['given-up', 2],
    ['redriven', 2],
  ]);
});
test('R13 R15 where keys are withheld a new generation begins also at the end of a page: a redrive from there may be lost', async () => {
  const storage = memory();
  const broker = refusingBroker({ cents: 100 });
  const before = await relaying(storage, broker);
  await append(storage.store, 'o1', [pay(999)]);
  await before.caughtUp();
  await before.stop();
  await append(storage.store, 'o2', [placed({ customer: 'c' })]);
  // As where a page of a window ends: its next page is pinned by that place already.
  const [at] = await storage.checkpoints.list(RELAY);
  const from = at?.cursor as Cursor;
  const options = { owner: 'relay', leaseMs: 1_000, respectLease: false };
  const claim = await storage.checkpoints.claim(RELAY, at?.lane as Lane, options);
  if (claim === undefined) throw new Error('without respectLease a claim is never refused');
  await storage.checkpoints.save(claim, { from, to: `${from}..2` as Cursor, ledger: claim.ledger });

  const after = await relaying(failedOver(storage), broker);
  await after.caughtUp();
  const [records = []] = broker.records(TOPIC);
  expect(records.map((record) => parseRecord(record).stamp)).toMatchObject([
    { sequence: 1, generation: 1, began: 1 },
    { sequence: 2, generation: 2, began: 2 },
  ]);
});
test('R13 R15 where the log lost the note of a small record, who handles the event keeps its key parked: it is not passed in silence', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  let [isSent, isBefore] = [false, true];
  const broker = refusingBroker(limit, 1, (records) => {
    isSent ||= records.some(({ headers }) => headers['lf']?.includes('"withheld"'));
    return isSent && isBefore
      ? { topic: TOPIC, partition: 0, kind: 'unknown', wrote: 1, cause: new Error('made up') }
      : undefined;
  });
  await append(storage.store, 'o1', [placed({ customer: 'c' }), pay(999)]);
  const { withheld } = storage;
  const lossy = new Proxy(withheld, {
    get: (target, name: keyof typeof withheld) =>
      name === 'withhold' ? () => Promise.resolve() : target[name].bind(target),
  });
  const before = await relaying({ ...storage, withheld: lossy }, broker);
  await until(() => expect(broker.records(TOPIC).flat().length).toBeGreaterThan(1));
  await before.stop();
  [isBefore, limit.cents] = [false, 1_000];
  const after = await relaying(failedOver(storage), broker);
  await append(storage.store, 'o1', [pay(1)]);
  await after.caughtUp();
  // The small record and the event stand under one number: nobody is beyond where the generation begins, and the first counts.
  const parsed = broker.records(TOPIC).flat().map(parseRecord);
  const first = parsed.filter(({ stamp }, n) => parsed.findIndex((one) => one.stamp.sequence === stamp.sequence) === n);
  expect(first.map(({ stamp, mark }) => [stamp.sequence, stamp.generation, mark?.kind])).toEqual([
    [1, 1, undefined],
    [2, 1, 'withheld'],
    [3, 2, undefined],
  ]);
  expect(parsed.some(({ stamp, mark }) => stamp.sequence === 2 && mark === undefined)).toBe(true);
  expect(await Array.fromAsync(withheldKeys(storage))).toEqual([]);
  for (const projection of [orderList, customerTotals]) {
    const consumer = await follow(projection, { from: broker.source, storage });
    onTestFinished(() => consumer.stop());
    await consumer.caughtUp();
    expect(lane(consumer)).toMatchObject({ state: 'following', parkedKeys: 1 });
    expect(await storage.parked.list({ follower: consumer.status(), limit: 10 })).toMatchObject([
      { key: 'stream/shop.order-o1', events: 2, cause: { code: 'LF_RECORD_WITHHELD' } },
    ]);
  }
});
