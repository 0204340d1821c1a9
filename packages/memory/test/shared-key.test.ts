import { kafkaKey, streamRef } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import { parseRecord, relay } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { append, paid, placed } from './shop.ts';

test('R11 two streams that share a Kafka key stand in its partition in the order of the log, and each is known for itself', async () => {
  const streams = [
    { tenant: '', category: 'acme/shop' },
    { tenant: 'acme', category: 'shop' },
  ];
  const [one, other] = streams.map(({ tenant, category }) => streamRef(category, 'o1', tenant));
  expect(kafkaKey(one!.tenant, one!.id)).toBe(kafkaKey(other!.tenant, other!.id));

  const storage = memory({ topic: () => 'everything' });
  const broker = memoryBroker({ partitions: 8 });
  for (const of of streams) await append(storage.store, 'o1', [placed({ customer: 'c' })], of);
  const running = await relay({ storage, to: broker, service: 'shop' });
  for (let cents = 1; cents <= 3; cents++)
    for (const of of streams.toReversed()) await append(storage.store, 'o1', [paid({ customer: 'c', cents })], of);
  await running.caughtUp();
  await running.stop();

  const partitions = broker.records('everything').filter((partition) => partition.length > 0);
  expect(partitions).toHaveLength(1);
  const found = partitions.flat().map((record) => parseRecord(record).envelope);
  expect(found.map(({ tenant, category, streamVersion }) => `${tenant}:${category}@${streamVersion}`)).toEqual([
    ':acme/shop@1',
    'acme:shop@1',
    'acme:shop@2',
    ':acme/shop@2',
    'acme:shop@3',
    ':acme/shop@3',
    'acme:shop@4',
    ':acme/shop@4',
  ]);
  const positions = found.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
});
