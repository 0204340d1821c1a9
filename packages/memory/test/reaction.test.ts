import { memory, memoryBroker } from '@leftfold/memory';
import type { StreamId, StreamVersion } from '@leftfold/core';
import { followReaction, giveUp, park, reaction, redrive, relay, replay, retry, stop } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess, frailProcess } from './another-process.ts';
import { refusingBroker, TOPIC } from './poison.ts';
import { following, laneStates, recorder, seenReplaying, sell, sendBack } from './reaction-scene.ts';
import { append, noted, paid, placed, shipped } from './shop.ts';

test('effects run once per event, in the order of their streams, from the log and from a broker', async () => {
  for (const by of ['log', 'broker']) {
    const storage = memory();
    const broker = memoryBroker();
    const relaying = await relay({ storage, to: broker, service: 'shop' });
    onTestFinished(() => relaying.stop());
    const mail = recorder();
    const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, mail.on);
    const from = by === 'log' ? storage.log : broker.source;
    const running = await following(definition, { from, storage });
    await sell(storage, 'o1', 1, 2, 3);
    await sell(storage, 'o2', 11, 12);
    await relaying.caughtUp();
    await running.caughtUp();
    expect(mail.seen.filter((cents) => cents < 10)).toEqual([1, 2, 3]);
    expect(mail.seen.filter((cents) => cents > 10)).toEqual([11, 12]);
    expect(mail.effects.map(({ replaying, attempt }) => [replaying, attempt])).toEqual(Array(5).fill([false, 1]));
    expect(new Set(mail.effects.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(5);
  }
});
test("a reaction from 'now' misses nothing that is recorded after its start, though it crashes before it has read anything", async () => {
  const storage = memory();
  await sell(storage, 'o1', 1);
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip' }).on(paid, mail.on);
  // It starts, and is killed before it can claim a lane.
  const first = frailProcess(storage);
  const never = new AbortController();
  const from = { ...storage.log, name: 'log', head: () => storage.log.head(), run: () => new Promise<void>(() => {}) };
  await followReaction(definition, { from, storage: first.storage, signal: never.signal });
  first.kill();
  await sell(storage, 'o1', 2);
  const running = await following(definition, { from: storage.log, storage: anotherProcess(storage) });
  await sell(storage, 'o1', 3);
  await running.caughtUp();
  expect(mail.seen).toEqual([2, 3]);
});
test('two processes that start at once agree on one beginning', async () => {
  const storage = memory({ lanes: 4 });
  await sell(storage, 'o1', 1);
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip' }).on(paid, mail.on);
  const both = await Promise.all(
    [anotherProcess(storage), anotherProcess(storage)].map((one) =>
      following(definition, { from: storage.log, storage: one }),
    ),
  );
  await Promise.all(['o1', 'o2', 'o3', 'o4'].map((order) => sell(storage, order, 2)));
  await Promise.all(both.map((running) => running.caughtUp()));
  expect(mail.seen).toEqual([2, 2, 2, 2]);
});

test('an effect that fails is tried again under the same key, while other streams go on', async () => {
  const storage = memory();
  const seen: [string, number, string][] = [];
  let fails = 3;
  const definition = reaction('mail', {
    replay: 'skip',
    from: 'start',
    recovery: { live: retry({ times: 5, backoffMs: 1000, then: 'stop' }) },
  }).on(paid, async ({ stream, data }, { idempotencyKey, attempt }) => {
    seen.push([`${stream.key} ${data.cents}`, attempt, idempotencyKey]);
    if (stream.key === 'o1' && fails-- > 0) throw new Error('the provider is away');
  });
  await sell(storage, 'o1', 1, 2);
  await sell(storage, 'o2', 1);
  const running = await following(definition, { from: storage.log, storage });
  await running.caughtUp();
  const ofFirst = seen.filter(([what]) => what === 'o1 1');
  expect(ofFirst.map(([, attempt]) => attempt)).toEqual([1, 2, 3, 4]);
  expect(new Set(ofFirst.map(([, , key]) => key)).size).toBe(1);
  expect(seen.map(([what]) => what).indexOf('o2 1')).toBeLessThan(3);
  expect(seen.at(-1)?.[0]).toBe('o1 2');
  expect(laneStates(running)).toEqual([['following', undefined]]);
});
test('C5 an effect that fails for good stops its lane, visibly, where that is the policy; what was done is not done again', async () => {
  const storage = memory();
  const mail = recorder();
  let isMended = false;
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: stop() } }).on(
    paid,
    async (event, effect) => {
      if (event.data.cents === 2 && !isMended) throw new TypeError('no');
      await mail.on(event, effect);
    },
  );
  await sell(storage, 'o1', 1, 2, 3);
  await sell(storage, 'o2', 11);
  const running = await following(definition, { from: storage.log, storage });
  await expect(running.caughtUp()).rejects.toMatchObject({ code: 'LF_FOLLOWER_STOPPED', fault: { code: 'TypeError' } });
  expect(mail.seen).toEqual([1, 11]);
  await running.stop();
  isMended = true;
  await (await following(definition, { from: storage.log, storage })).caughtUp();
  expect(mail.seen).toEqual([1, 11, 2, 3]);
});
test('C6 an effect that fails for good parks its stream: later events queue behind it, other streams go on; a retry runs them in order, under their keys', async () => {
  const storage = memory();
  const mail = recorder();
  let isMended = false;
  const failed: string[] = [];
  const definition = reaction('mail', {
    replay: 'skip',
    from: 'start',
    recovery: { live: retry({ times: 1, backoffMs: 10, then: 'park' }) },
  }).on(paid, async (event, effect) => {
    if (event.stream.key === 'o1' && !isMended) {
      failed.push(effect.idempotencyKey);
      throw new TypeError('no such address');
    }
    await mail.on(event, effect);
  });
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2);
  await sell(storage, 'o2', 11);
  await running.caughtUp();
  await sell(storage, 'o1', 3);
  await sell(storage, 'o2', 12);
  await running.caughtUp();
  expect(mail.seen).toEqual([11, 12]);
  const [head] = await storage.parked.list({ limit: 10 });
  expect(head).toMatchObject({ events: 3, attempts: 2, cause: { code: 'TypeError', text: 'no such address' } });
  // Another process goes on with it.
  await running.stop();
  const next = await following(definition, { from: storage.log, storage: anotherProcess(storage) });
  await sell(storage, 'o1', 4);
  await next.caughtUp();
  expect(mail.seen).toEqual([11, 12]);
  isMended = true;
  expect(await storage.parked.request(head as never, { kind: 'retry', by: 'ops' })).toBe(true);
  await vi.waitUntil(() => mail.seen.length === 6, { timeout: 20_000 });
  await vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 0, { timeout: 20_000 });
  await sell(storage, 'o1', 5);
  await next.caughtUp();
  expect(mail.seen).toEqual([11, 12, 1, 2, 3, 4, 5]);
  expect(mail.effects[2]?.idempotencyKey).toBe(failed[0]);
});
test('C6 a parked effect that is discarded is not run; those behind it are, and none of them overtakes it meanwhile', async () => {
  const storage = memory();
  const mail = recorder();
  const recovery = { live: park() };
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery }).on(paid, async (event, effect) => {
    if (event.data.cents === 1) throw new TypeError('no');
    await mail.on(event, effect);
  });
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2, 3);
  await running.caughtUp();
  await sell(storage, 'o1', 4);
  await running.caughtUp();
  expect(mail.seen).toEqual([]);
  const [head] = await storage.parked.list({ limit: 10 });
  await storage.parked.request(head as never, { kind: 'discard', by: 'ops', reason: 'a test order' });
  await vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 0, { timeout: 20_000 });
  expect(mail.seen).toEqual([2, 3, 4]);
});

test('C7 what cannot be parked is not passed: a storage that is away is asked again, one that refuses stops the lane', async () => {
  for (const retryable of [true, false]) {
    const storage = memory();
    const mail = recorder();
    let refusals = 2;
    const readModels = Object.assign(Object.create(storage.readModels) as typeof storage.readModels, {
      transaction: ((claim, move, work) => {
        if (refusals-- > 0) throw Object.assign(new Error('made up'), { code: 'LF_STORAGE_UNAVAILABLE', retryable });
        return storage.readModels.transaction(claim, move, work);
      }) satisfies typeof storage.readModels.transaction,
    });
    const recovery = { live: park() };
    const definition = reaction('mail', { replay: 'skip', from: 'start', recovery }).on(paid, async (event, effect) => {
      if (event.data.cents === 1) throw new TypeError('no');
      // The batch cannot be passed: what is parked of it is so where it stands.
      if (event.data.cents === 11) throw Object.assign(new Error('newer'), { code: 'LF_NEWER_EVENT', retryable: true });
      await mail.on(event, effect);
    });
    await sell(storage, 'o1', 1, 2);
    await sell(storage, 'o2', 11);
    const running = await following(definition, { from: storage.log, storage: { ...storage, readModels } });
    await vi.waitUntil(
      () => running.status().lanes.some(({ state }) => state === (retryable ? 'waiting' : 'stopped')),
      {
        timeout: 20_000,
      },
    );
    expect(await storage.parked.list({ limit: 10 })).toMatchObject(retryable ? [{ events: 2 }] : []);
    expect(mail.seen).toEqual([]);
  }
});
test('a crash between an effect and its checkpoint runs the effect again, and loses none', async () => {
  const storage = memory();
  const mail = recorder();
  const process = frailProcess(storage);
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, async (event, effect) => {
    await mail.on(event, effect);
    if (event.data.cents === 2 && mail.seen.length === 2) process.kill();
  });
  await sell(storage, 'o1', 1, 2, 3);
  const dying = await followReaction(definition, { from: storage.log, storage: process.storage, leaseMs: 1_000 });
  await vi.waitUntil(() => mail.seen.length >= 3, { timeout: 20_000 });
  await dying.stop();
  await (await following(definition, { from: storage.log, storage: anotherProcess(storage) })).caughtUp();
  expect(mail.seen).toEqual([1, 2, 3, 1, 2, 3]);
  expect(mail.effects[3]?.idempotencyKey).toBe(mail.effects[0]?.idempotencyKey);
});
test('R15 a withheld event parks its stream, and by itself it goes on when the event is redriven or given up, in order', async () => {
  const storage = memory();
  const limit = { cents: 100 };
  const broker = refusingBroker(limit);
  const relaying = await relay({ storage, to: broker, service: 'shop' });
  onTestFinished(() => relaying.stop());
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, mail.on);
  const running = await following(definition, { from: broker.source, storage });
  await sell(storage, 'o1', 1, 200, 3);
  await sell(storage, 'o2', 11, 300, 13);
  await relaying.caughtUp();
  await running.caughtUp();
  expect(mail.seen.toSorted((a, b) => a - b)).toEqual([1, 11]);
  expect(running.status().lanes.reduce((sum, { parkedKeys = 0 }) => sum + parkedKeys, 0)).toBe(2);
  limit.cents = 1_000;
  const keyOf = (order: string) => ({ topic: TOPIC, tenant: '', stream: `shop.order-${order}` as StreamId });
  await redrive(storage, keyOf('o1'), { by: 'ops' });
  const second = { ...keyOf('o2'), streamVersion: 2n as StreamVersion };
  await giveUp(storage, second, { by: 'ops', reason: 'too large' });
  await vi.waitUntil(() => mail.seen.includes(3) && mail.seen.includes(13), { timeout: 20_000 });
  await sell(storage, 'o1', 4);
  await sell(storage, 'o2', 14);
  await relaying.caughtUp();
  await vi.waitUntil(() => mail.seen.includes(4) && mail.seen.includes(14), { timeout: 20_000 });
  const of = (more: boolean) => mail.seen.filter((cents) => (cents > 10 && cents < 100) === more);
  expect([of(false), of(true)]).toEqual([
    [1, 200, 3, 4],
    [11, 13, 14],
  ]);
  expect(await storage.parked.list({ limit: 1 })).toEqual([]);
});
test('a stop aborts the effects under way; they are run again, and what was done is not', async () => {
  const storage = memory();
  const mail = recorder();
  const { promise: isHanging, resolve: hangs } = Promise.withResolvers<void>();
  let isFirst = true;
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, async (event, effect) => {
    if (event.data.cents === 2 && isFirst) {
      isFirst = false;
      hangs();
      await new Promise((_, reject) =>
        effect.signal.addEventListener('abort', () => reject(effect.signal.reason as Error)),
      );
    }
    await mail.on(event, effect);
  });
  await sell(storage, 'o1', 1, 2, 3);
  await sell(storage, 'o2', 11);
  const running = await following(definition, { from: storage.log, storage });
  await isHanging;
  await vi.waitUntil(() => mail.seen.includes(11), { timeout: 20_000 });
  await running.stop();
  expect(mail.seen).toEqual([1, 11]);
  await (await following(definition, { from: storage.log, storage })).caughtUp();
  expect(mail.seen).toEqual([1, 11, 2, 3]);
});

test("C9 a log read again from its start runs no effect of a reaction that says 'skip'; what is new runs once", async () => {
  const storage = memory({ lanes: 2 });
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, mail.on);
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2);
  await sell(storage, 'o2', 3);
  await running.caughtUp();
  expect(await sendBack(definition, anotherProcess(storage))).toHaveLength(2);
  // While it is running and has not heard of it, after a restart, and by another process.
  await sell(storage, 'o1', 4);
  await running.caughtUp();
  await running.stop();
  await sendBack(definition, storage);
  await sell(storage, 'o2', 5);
  const next = await following(definition, { from: storage.log, storage: anotherProcess(storage) });
  await next.caughtUp();
  expect(mail.seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  expect(mail.effects.every(({ replaying }) => !replaying)).toBe(true);
});
test("C9 'run' runs them again and says so, under the same keys, up to the place that was reached and no further", async () => {
  const storage = memory();
  const mail = recorder();
  const definition = reaction('mail', { replay: 'run', from: 'start' }).on(paid, mail.on);
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2);
  await running.caughtUp();
  await running.stop();
  await sell(storage, 'o1', 3);
  await sendBack(definition, storage);
  await (await following(definition, { from: storage.log, storage: anotherProcess(storage) })).caughtUp();
  expect(seenReplaying(mail)).toEqual([
    [1, false],
    [2, false],
    [1, true],
    [2, true],
    [3, false],
  ]);
  expect(mail.effects[2]?.idempotencyKey).toBe(mail.effects[0]?.idempotencyKey);
});
test('C9 a replay that is interrupted, by a crash or by a second one, still ends where the first began', async () => {
  const storage = memory();
  const mail = recorder();
  let dieAt = 0;
  let process = frailProcess(storage);
  const definition = reaction('mail', { replay: 'run', from: 'start' }).on(paid, async (event, effect) => {
    await mail.on(event, effect);
    if (event.data.cents === dieAt) process.kill();
  });
  const before = await following(definition, { from: storage.log, storage });
  for (let n = 1; n <= 4; n++) await sell(storage, `o${n}`, n);
  await before.caughtUp();
  await before.stop();
  await sendBack(definition, storage);
  dieAt = 2;
  const dying = await followReaction(definition, { from: storage.log, storage: process.storage, leaseMs: 1_000 });
  await vi.waitUntil(() => mail.seen.length >= 6, { timeout: 20_000 });
  await sendBack(definition, storage);
  dieAt = 0;
  process = frailProcess(storage);
  await sell(storage, 'o5', 5);
  mail.seen.length = mail.effects.length = 0;
  await (await following(definition, { from: storage.log, storage: anotherProcess(storage) })).caughtUp();
  await dying.stop();
  expect(seenReplaying(mail).toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [1, true],
    [2, true],
    [3, true],
    [4, true],
    [5, false],
  ]);
});
test('C9 a second replay, begun in the middle of a first one, does not take that place for the highest', async () => {
  const storage = memory();
  const mail = recorder();
  let hangsAt = 0;
  const definition = reaction('mail', { replay: 'run', from: 'start' }).on(paid, async (event, effect) => {
    const { signal } = effect;
    if (event.data.cents === hangsAt)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    await mail.on(event, effect);
  });
  // More than a batch, so that the replay has a place in its midst.
  const all = Array.from({ length: 600 }, (_, i) => i + 1);
  await sell(storage, 'o1', ...all);
  const first = await following(definition, { from: storage.log, storage });
  await first.caughtUp();
  await first.stop();
  await sendBack(definition, storage);
  hangsAt = 550;
  const second = await following(definition, { from: storage.log, storage });
  await vi.waitUntil(() => mail.seen.length === 600 + 549, { timeout: 20_000 });
  await second.stop();
  hangsAt = 0;
  mail.seen.length = mail.effects.length = 0;
  await sendBack(definition, storage);
  await (await following(definition, { from: storage.log, storage })).caughtUp();
  expect(seenReplaying(mail)).toEqual(all.map((n) => [n, true]));
});
test("C9 'collect' keeps them for a person, in order, and holds up nothing; a retry runs them as replays", async () => {
  const storage = memory();
  const mail = recorder();
  const definition = reaction('mail', { replay: 'collect', from: 'start' }).on(paid, mail.on);
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2);
  await sell(storage, 'o2', 11);
  await running.caughtUp();
  await sendBack(definition, storage);
  await sendBack(definition, storage);
  await sell(storage, 'o1', 3);
  await running.caughtUp();
  expect(mail.seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 11]);
  expect(mail.effects.some(({ replaying }) => replaying)).toBe(false);
  const heads = await storage.parked.list({ limit: 10 });
  expect(heads.map(({ key, events, cause }) => [key, events, cause.code])).toEqual([
    ['replay/shop.order-o1', 2, 'LF_REPLAY_COLLECTED'],
    ['replay/shop.order-o2', 1, 'LF_REPLAY_COLLECTED'],
  ]);
  await storage.parked.request(heads[0] as never, { kind: 'retry', by: 'ops' });
  await vi.waitUntil(async () => (await storage.parked.list({ limit: 5 })).length === 1, { timeout: 20_000 });
  expect(seenReplaying(mail).slice(4)).toEqual([
    [1, true],
    [2, true],
  ]);
});
test('C9 a replay that a reaction does not declare is refused, and nothing is done', async () => {
  const storage = memory();
  const mail = recorder();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(paid, mail.on);
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1);
  await running.caughtUp();
  for (const as of ['run', 'collect', undefined] as const)
    await expect(replay(definition, { from: storage.log, storage, as: as as never })).rejects.toMatchObject({
      code: 'LF_REPLAY_NOT_DECLARED',
    });
  expect(() => reaction('mail', {} as never)).toThrow(expect.objectContaining({ code: 'LF_REPLAY_NOT_DECLARED' }));
});
test('a reaction is not moved to another source, which would run every effect again', async () => {
  const storage = memory();
  const broker = memoryBroker();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(shipped, async () => {});
  const running = await following(definition, { from: storage.log, storage });
  await append(storage.store, 'o1', [placed({ customer: 'ann' }), shipped({})]);
  await running.caughtUp();
  await running.stop();
  await expect(replay(definition, { from: broker.source, storage, as: 'skip' })).rejects.toMatchObject({
    code: 'LF_SOURCE_CHANGED',
  });
});
test('a private event is handled from the log, and refused from a broker', async () => {
  const storage = memory();
  const definition = reaction('mail', { replay: 'skip', from: 'start' }).on(noted, async () => {});
  await expect(followReaction(definition, { from: memoryBroker().source, storage })).rejects.toMatchObject({
    code: 'LF_EVENT_PRIVATE',
  });
  await (await following(definition, { from: storage.log, storage })).caughtUp();
});
