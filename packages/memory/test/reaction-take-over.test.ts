import { memory } from '@leftfold/memory';
import { park, reaction } from '@leftfold/subscriptions';
import { expect, test, vi } from 'vitest';
import { anotherProcess } from './another-process.ts';
import { following, recorder, sell } from './reaction-scene.ts';
import { paid } from './shop.ts';

test('C15 a lane that was of another process for a while, and comes back while nothing new comes on it, is tended: what is asked of its parked effects is done', async () => {
  const storage = memory({ lanes: 4 });
  const mail = recorder();
  let isMended = false;
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: park() } }).on(
    paid,
    async (event, effect) => {
      if (!isMended) throw new TypeError('no');
      await mail.on(event, effect);
    },
  );
  const orders = Array.from({ length: 12 }, (_, i) => `o${i}`);
  for (const order of orders) await sell(storage, order, 1);
  const options = { from: storage.log, leaseMs: 1_000 };
  const first = await following(definition, { ...options, storage: anotherProcess(storage) });
  await first.caughtUp();
  const lanesOf = (running: typeof first) => running.status().lanes.filter(({ state }) => state === 'following').length;
  const second = await following(definition, { ...options, storage: anotherProcess(storage) });
  await vi.waitUntil(() => lanesOf(second) === 2 && lanesOf(first) === 2, { timeout: 10_000 });
  await second.stop();
  await vi.waitUntil(() => lanesOf(first) === 4, { timeout: 10_000 });
  isMended = true;
  for (const head of await storage.parked.list({ limit: 100 }))
    await storage.parked.request(head, { kind: 'retry', by: 'ops' });
  await vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 0, { timeout: 10_000 });
  expect(mail.seen).toHaveLength(orders.length);
});
