import { memory, memoryBroker } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import { event, streamRef, t, versionsOf } from '@leftfold/core';
import { expect, test } from 'vitest';
import { caughtUp } from './caught-up.ts';
import { newEvent } from './event-store/encoded-events.ts';

const counted = event('shop.visit.counted', { shopId: t.string() });
const visits = projection('visits', {
  version: 1,
  key: 'shop_id',
  row: { shop_id: t.string(), visits: t.int() },
  order: 'any',
}).upsert(counted, { by: 'shopId' }, (row, { data }) => ({ shop_id: data.shopId, visits: (row?.visits ?? 0) + 1 }));

test('waits for the relay, then for those who read what it published', async () => {
  const storage = memory();
  const broker = memoryBroker();
  const running = [
    await follow(visits, { from: broker.source, storage }),
    await relay({ storage, to: broker, service: 'shop' }),
  ];
  const [schema] = versionsOf(counted).map(({ writer }) => writer);
  for (let n = 1; n <= 20; n++) {
    const events = [newEvent({ ...(schema && { schema }), payload: '{"shopId":"a"}' })];
    await storage.store.append([{ stream: streamRef('shop.visit', `${n}`), expect: 'absent', events }]);
    await caughtUp(running);
    expect(storage.readModels.reader([visits.rowTable]).one('visits', 'a')).toEqual({ shop_id: 'a', visits: n });
  }
  await Promise.all(running.map((one) => one.stop()));
});

test('refuses to wait for nothing', async () => {
  await expect(caughtUp([])).rejects.toMatchObject({ code: 'LF_NOTHING_FOLLOWS' });
});
