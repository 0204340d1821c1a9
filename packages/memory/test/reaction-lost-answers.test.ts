import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import type { StreamId, StreamVersion } from '@leftfold/core';
import { giveUp, park, reaction, redrive, relay } from '@leftfold/subscriptions';
import type { ModelTransaction, ParkedHead } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { refusingBroker, TOPIC } from './poison.ts';
import { following, recorder, sell } from './reaction-scene.ts';
import { paid } from './shop.ts';

// What an owner knows of its parked streams when it does not hear what became of a transaction, or somebody writes to what it is about to drop.

/** A storage that commits and does not say so, where `loses` says so of what the transaction does to what is parked. */
function unheard(storage: MemoryStorage, loses: (call: string) => boolean): MemoryStorage {
  const { readModels } = storage;
  const transaction: typeof readModels.transaction = async (claim, move, work) => {
    const calls: string[] = [];
    const noting = (tx: ModelTransaction): ModelTransaction => ({
      ...tx,
      parked: new Proxy(tx.parked, {
        get: (of, name) => {
          calls.push(String(name));
          const member: unknown = Reflect.get(of, name);
          return typeof member === 'function' ? (member.bind(of) as unknown) : member;
        },
      }),
    });
    const done = await readModels.transaction(claim, move, (tx) => work(noting(tx)));
    if (calls.some(loses)) throw Object.assign(new Error('cut'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
    return done;
  };
  return { ...storage, readModels: Object.assign(Object.create(readModels) as typeof readModels, { transaction }) };
}
const once = (name: string): ((call: string) => boolean) => {
  let isOver = false;
  return (call) => call === name && !isOver && (isOver = true);
};
const nothingParked = (storage: MemoryStorage) =>
  vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 0, { timeout: 20_000 });
const newer = (): Error => Object.assign(new Error('newer'), { code: 'LF_NEWER_EVENT', retryable: true });

test.each(['redriven', 'given up'] as const)(
  'C15 a stream whose withheld event was %s goes on, though the answer to that commit was lost',
  async (how) => {
    const storage = memory();
    const limit = { cents: 100 };
    const broker = refusingBroker(limit);
    const relaying = await relay({ storage, to: broker, service: 'shop' });
    onTestFinished(() => relaying.stop());
    const mail = recorder();
    const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, mail.on);
    await following(definition, { from: broker.source, storage: unheard(storage, once('arrived')) });
    await sell(storage, 'o1', 200);
    await vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 1, { timeout: 20_000 });
    const key = { topic: TOPIC, tenant: '', stream: 'shop.order-o1' as StreamId };
    if (how === 'redriven') {
      limit.cents = 1_000;
      await redrive(storage, key, { by: 'ops' });
    } else await giveUp(storage, { ...key, streamVersion: 1n as StreamVersion }, { by: 'ops', reason: 'too large' });
    await nothingParked(storage);
    await sell(storage, 'o1', 1);
    await vi.waitUntil(() => mail.seen.includes(1), { timeout: 20_000 });
    expect(mail.seen).toEqual(how === 'redriven' ? [200, 1] : [1]);
    expect(await storage.parked.list({ limit: 1 })).toEqual([]);
  },
);
test('C15 a stream that was parked, and its owner did not hear so, stays parked: nothing of it is run until somebody asks', async () => {
  const storage = memory();
  const mail = recorder();
  let isNewer = true;
  let failures = 1;
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: park() } }).on(
    paid,
    async (event, effect) => {
      // The lane cannot pass its batch: what is parked of it is so where the lane stands.
      if (event.data.cents === 11 && isNewer) throw newer();
      if (event.data.cents === 1 && failures-- > 0) throw new TypeError('no');
      await mail.on(event, effect);
    },
  );
  await sell(storage, 'o3', 21);
  const before = await following(definition, { from: storage.log, storage });
  await before.caughtUp();
  await before.stop();
  await sell(storage, 'o1', 1, 2);
  await sell(storage, 'o2', 11);
  const process = anotherProcess(unheard(storage, once('park')));
  const running = await following(definition, { from: storage.log, storage: process });
  await vi.waitUntil(() => running.status().lanes.some(({ state }) => state === 'waiting'), { timeout: 20_000 });
  isNewer = false;
  await sell(storage, 'o1', 3);
  await running.caughtUp();
  expect(mail.seen).toEqual([21, 11]);
  const [head] = await storage.parked.list({ limit: 1 });
  expect(head).toMatchObject({ events: 3 });
  await storage.parked.request(head as ParkedHead, { kind: 'retry', by: 'ops' });
  await nothingParked(storage);
  expect(mail.seen).toEqual([21, 11, 1, 2, 3]);
});
test('C15 a retry whose answer was lost is gone on with: nothing is lost or run out of order, and the stream is live in the end', async () => {
  const storage = memory();
  const mail = recorder();
  let isMended = false;
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: park() } }).on(
    paid,
    async (event, effect) => {
      if (!isMended) throw new TypeError('no');
      await mail.on(event, effect);
    },
  );
  let lost = 0;
  const process = unheard(storage, (call) => call === 'drop' && lost++ % 2 === 0);
  const running = await following(definition, { from: storage.log, storage: process });
  await sell(storage, 'o1', 1, 2, 3);
  await running.caughtUp();
  isMended = true;
  const [head] = await storage.parked.list({ limit: 1 });
  await storage.parked.request(head as ParkedHead, { kind: 'retry', by: 'ops' });
  await nothingParked(storage);
  await sell(storage, 'o1', 4);
  await running.caughtUp();
  expect(mail.seen).toEqual([1, 2, 3, 4]);
});
test('C6 a payload that is put in place of a parked one while its effect is under way is run, before those behind it', async () => {
  const storage = memory();
  const mail = recorder();
  let isMended = false;
  const { promise: edited, resolve: go } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begins } = Promise.withResolvers<void>();
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: park() } }).on(
    paid,
    async (event, effect) => {
      if (!isMended) throw new TypeError('no');
      if (event.data.cents === 1) {
        begins();
        await edited;
      }
      await mail.on(event, effect);
    },
  );
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2, 3);
  await running.caughtUp();
  isMended = true;
  const [head] = await storage.parked.list({ limit: 1 });
  await storage.parked.request(head as ParkedHead, { kind: 'retry', by: 'ops' });
  await begun;
  const [first] = await storage.parked.events(head as ParkedHead, { limit: 1 });
  const payload = { customer: 'ann', cents: '100' };
  expect(await storage.parked.edit(head as ParkedHead, first?.n ?? 0n, { payload, by: 'ops', reason: 'typo' })).toBe(
    true,
  );
  go();
  await nothingParked(storage);
  expect(mail.seen).toEqual([1, 100, 2, 3]);
});
