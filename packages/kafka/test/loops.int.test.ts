import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { newTopic } from './test-cluster.ts';
import { until } from './until.ts';

const counted = event('tests.counter.counted', { by: t.int(), note: t.string() });
const counters = projection('counters', {
  version: 1,
  key: 'id',
  row: { id: t.string(), sum: t.int(), steps: t.string() },
}).upsert(counted, (row, { data, stream }) => ({
  id: stream.key,
  sum: (row?.sum ?? 0) + data.by,
  steps: `${row?.steps ?? ''}${data.by} `,
}));

test.each(['kafkajs', 'platformatic'] as const)(
  'relay and projector work over Kafka with %s: rows are as if they had followed the log',
  async (client) => {
    const options = newTopic(3, { client });
    const storage = memory({ topic: () => options.topic });
    const broker = kafka(options);
    const relaying = await relay({ storage, to: broker, service: 'tests' });
    const projecting = await follow(counters, { from: broker.source, storage });
    onTestFinished(async () => {
      await Promise.all([relaying.stop(), projecting.stop()]);
    });

    const ids = ['a', 'é', '漢'];
    for (let by = 1; by <= 20; by++) {
      for (const id of ids) {
        const encoded = encodeEvent(counted, counted({ by, note: '👋' }), uuidV7() as EventId, { correlationId: 'c' });
        await storage.store.append([{ stream: streamRef('tests.counter', id, ''), expect: 'any', events: [encoded] }]);
      }
    }
    await relaying.caughtUp();
    await projecting.caughtUp();

    const steps = Array.from({ length: 20 }, (_, i) => `${i + 1} `).join('');
    const rows = storage.readModels.reader([counters.rowTable]).all(counters.rowTable.name);
    expect(rows).toEqual(expect.arrayContaining(ids.map((id) => ({ id, sum: 210, steps }))));
    expect(rows).toHaveLength(3);
    expect(projecting.status().lanes.map(({ state }) => state)).toEqual(['following', 'following', 'following']);
  },
);

test('a follower goes on with the other client where it stood, there and back, and counts nothing twice', async () => {
  const options = newTopic(3);
  const storage = memory({ topic: () => options.topic });
  const relaying = await relay({ storage, to: kafka(options), service: 'tests' });
  onTestFinished(() => relaying.stop());
  let by = 0;
  for (const client of ['kafkajs', 'platformatic', 'kafkajs', 'platformatic'] as const) {
    by += 1;
    const encoded = encodeEvent(counted, counted({ by, note: client }), uuidV7() as EventId, { correlationId: 'c' });
    await storage.store.append(
      ['a', 'b', 'c', 'd'].map((id) => ({
        stream: streamRef('tests.counter', id, ''),
        expect: 'any' as const,
        events: [{ ...encoded, id: uuidV7() as EventId }],
      })),
    );
    await relaying.caughtUp();
    const projecting = await follow(counters, { from: kafka({ ...options, client }).source, storage });
    await projecting.caughtUp();
    const rows = storage.readModels.reader([counters.rowTable]).all(counters.rowTable.name);
    expect(rows).toHaveLength(4);
    const steps = Array.from({ length: by }, (_, i) => `${i + 1} `).join('');
    for (const row of rows) expect(row).toMatchObject({ sum: (by * (by + 1)) / 2, steps });
    await projecting.stop();
  }
});

test('followers without a group share the lanes, and one takes over what the other gives back', async () => {
  const options = newTopic(4, { client: 'platformatic' });
  const storage = memory({ topic: () => options.topic });
  const relaying = await relay({ storage, to: kafka(options), service: 'tests' });
  const start = () => follow(counters, { from: kafka(options).source, storage, leaseMs: 1_000 });
  const [first, second] = [await start(), await start()];
  onTestFinished(async () => {
    await Promise.all([relaying.stop(), first.stop(), second.stop()]);
  });
  const held = (running: typeof first): number =>
    running.status().lanes.filter(({ state }) => state === 'following').length;
  await until('each has its share', () => held(first) === 2 && held(second) === 2);
  await first.stop();
  const encoded = encodeEvent(counted, counted({ by: 7, note: '' }), uuidV7() as EventId, { correlationId: 'c' });
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const events = [{ ...encoded, id: uuidV7() as EventId }];
    await storage.store.append([{ stream: streamRef('tests.counter', id, ''), expect: 'any', events }]);
  }
  await relaying.caughtUp();
  await second.caughtUp();
  const rows = storage.readModels.reader([counters.rowTable]).all(counters.rowTable.name);
  expect(rows.map(({ sum }) => sum)).toEqual([7, 7, 7, 7, 7, 7]);
});
