import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { park, reaction, relay, replay } from '@leftfold/subscriptions';
import type { AnyReaction, ParkedHead, ReplayPolicy } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { following, recorder, seenReplaying, sell, sendBack } from './reaction-scene.ts';
import type { Recorder } from './reaction-scene.ts';
import { paid } from './shop.ts';

// Replays that fail, and replays of what is parked.

/** Its effects fail while `fails` says so. */
const frail = (
  replay: ReplayPolicy,
  mail: Recorder,
  fails: (cents: number, replaying: boolean) => boolean,
): AnyReaction =>
  reaction('mail', { replay, from: 'start', recovery: { live: park() } }).on(paid, async (event, effect) => {
    if (fails(event.data.cents, effect.replaying)) throw new TypeError('no');
    await mail.on(event, effect);
  });
const parkedIn = async ({ parked }: MemoryStorage) =>
  (await parked.list({ limit: 10 })).map(({ key, events, cause }) => [key, events, cause.code]);
async function retried({ parked }: MemoryStorage): Promise<void> {
  const [head] = await parked.list({ limit: 1 });
  await parked.request(head as ParkedHead, { kind: 'retry', by: 'ops' });
  await vi.waitUntil(async () => (await parked.list({ limit: 1 })).length === 0, { timeout: 20_000 });
}

test('C9 what fails in a replay stays one: it waits beside what is new of its stream, which goes on, and a retry says that it is a replay', async () => {
  const storage = memory();
  const mail = recorder();
  let isAway = true;
  const definition = frail('run', mail, (cents, replaying) => replaying && isAway && cents === 2);
  const running = await following(definition, { from: storage.log, storage });
  await sell(storage, 'o1', 1, 2, 3);
  await running.caughtUp();
  await sendBack(definition, storage);
  await sell(storage, 'o1', 4);
  await running.caughtUp();
  expect(await parkedIn(storage)).toEqual([['replay/shop.order-o1', 2, 'TypeError']]);
  await sendBack(definition, storage);
  await running.caughtUp();
  expect(await parkedIn(storage), 'the second one comes upon 4, too').toEqual([
    ['replay/shop.order-o1', 3, 'TypeError'],
  ]);
  isAway = false;
  await retried(storage);
  await sell(storage, 'o1', 5);
  await running.caughtUp();
  expect(seenReplaying(mail)).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [1, true],
    [4, false],
    [1, true],
    [2, true],
    [3, true],
    [4, true],
    [5, false],
  ]);
});
test.each(['log', 'broker'] as const)(
  'C9 a replay that another process has asked for begins by itself, though nothing new comes from the %s',
  async (by) => {
    const storage = memory({ lanes: 2 });
    const broker = memoryBroker({ partitions: 2 });
    const relaying = await relay({ storage, to: broker, service: 'shop' });
    onTestFinished(() => relaying.stop());
    const mail = recorder();
    const definition = reaction('mail', { replay: 'run', from: 'start' }).on(paid, mail.on);
    const from = by === 'log' ? storage.log : broker.source;
    // A thousand times as fast, so that it looks often.
    const running = await following(definition, { from, storage, leaseMs: 1_000 }, () => Date.now() * 1_000);
    await sell(storage, 'o1', 1, 2);
    await sell(storage, 'o2', 3);
    await relaying.caughtUp();
    await running.caughtUp();
    await replay(definition, { from, storage: anotherProcess(storage), as: 'run' });
    await vi.waitUntil(() => mail.seen.length === 6, { timeout: 20_000 });
    await sell(storage, 'o1', 4);
    await relaying.caughtUp();
    await running.caughtUp();
    expect(mail.seen.filter((_, i) => mail.effects[i]?.replaying).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(mail.seen.filter((_, i) => !mail.effects[i]?.replaying).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  },
);
test.each(['run', 'collect'] as const)(
  "C9 a replay of a reaction that says '%s' leaves alone what is parked: it was never run, so it comes to no second time",
  async (policy) => {
    const storage = memory();
    const mail = recorder();
    let isAway = true;
    const definition = frail(policy, mail, (cents) => isAway && cents === 2);
    const running = await following(definition, { from: storage.log, storage });
    await sell(storage, 'o1', 1, 2, 3);
    await running.caughtUp();
    isAway = false;
    await sendBack(definition, storage);
    await running.caughtUp();
    const stream = ['stream/shop.order-o1', 2, 'TypeError'];
    const collected = ['replay/shop.order-o1', 1, 'LF_REPLAY_COLLECTED'];
    expect(await parkedIn(storage)).toEqual(policy === 'run' ? [stream] : [collected, stream]);
    if (policy === 'run') {
      await retried(storage);
      expect(seenReplaying(mail)).toEqual([
        [1, false],
        [1, true],
        [2, false],
        [3, false],
      ]);
    }
  },
);
