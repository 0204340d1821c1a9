import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { newTopic } from './test-cluster.ts';

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

test('relay and projector work over Kafka: rows are as if they had followed the log', async () => {
  const options = newTopic(3);
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
});
