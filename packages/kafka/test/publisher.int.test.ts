import type { Publisher } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { afterEach, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { relayed, relayedRun } from './relayed-records.ts';
import { administer, newTopic, readTopic } from './test-cluster.ts';

const open: Publisher[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((publisher) => publisher.close()));
}, 20_000);
async function publisherOf(options: KafkaOptions): Promise<Publisher> {
  const publisher = await kafka(options).publisher();
  open.push(publisher);
  return publisher;
}

test('records stand in their partitions in the order given, with key, headers and value as they were', async () => {
  const options = newTopic(3);
  const publisher = await publisherOf(options);
  const metadata = { headers: { 'x-note': 'Grüße 👋🏽 „ßœ‟', 'x-empty': '' }, actor: 'Zoë', traceparent: '00-1-2-01' };
  const records = [0, 1, 2].flatMap((partition) =>
    [1, 2, 3].map((sequence) =>
      relayed(options.topic, partition, sequence, { note: '東京 𝄞 é', key: 'ключ', metadata }),
    ),
  );
  const shuffled = [...records].sort((a, b) => (a.headers['ce_id']! < b.headers['ce_id']! ? 1 : -1)).reverse();

  expect(await publisher.publish(shuffled)).toEqual(
    expect.arrayContaining(
      [0, 1, 2].map((partition) => ({ topic: options.topic, partition, kind: 'written', nextOffset: 3n })),
    ),
  );

  const found = await readTopic(options.topic);
  expect(found.map(({ partition, key, headers, value }) => ({ partition, key, headers, value }))).toEqual(
    records.map(({ partition, key, headers, value }) => ({ partition, key, headers, value: Buffer.from(value) })),
  );
});

test('order holds per partition over many publishes', async () => {
  const options = newTopic(2);
  const publisher = await publisherOf(options);
  for (let sequence = 1; sequence <= 200; sequence += 5) {
    const records = [0, 1].flatMap((partition) => relayedRun(options.topic, partition, sequence, sequence + 4));
    expect((await publisher.publish(records)).map(({ kind }) => kind)).toEqual(['written', 'written']);
  }
  const found = await readTopic(options.topic);
  for (const partition of [0, 1]) {
    const ids = found.filter((record) => record.partition === partition).map(({ headers }) => headers['ce_id']);
    expect(ids).toEqual(Array.from({ length: 200 }, (_, i) => `${partition}-${i + 1}`));
  }
});

test('R5c a record for a partition the topic does not have is refused, and not lost without a word', async () => {
  const options = newTopic(3);
  const publisher = await publisherOf(options);
  const outcome = await publisher.publish([relayed(options.topic, 1, 1), relayed(options.topic, 7, 1)]);
  expect(outcome).toEqual([
    { topic: options.topic, partition: 1, kind: 'written', nextOffset: 1n },
    expect.objectContaining({
      partition: 7,
      kind: 'notWritten',
      refused: true,
      cause: expect.objectContaining({ code: 'LF_PARTITION_UNKNOWN' }) as unknown,
    }),
  ]);
  expect(await readTopic(options.topic)).toHaveLength(1);
});

test('R5 a partition that the answer leaves out is unknown, never written', async () => {
  const options = newTopic(6);
  const publisher = await publisherOf(options);
  const both = (): readonly ReturnType<typeof relayed>[] => [
    relayed(options.topic, 0, 1),
    relayed(options.topic, 5, 1),
  ];
  await publisher.publish(both());
  // kafkajs learns from the first refusal that partition 5 is gone, and then sends its records nowhere.
  await administer(async (admin) => {
    await admin.deleteTopics({ topics: [options.topic] });
    // Until the old one is gone, it is refused.
    await eventually(() => admin.createTopics({ topics: [{ topic: options.topic, numPartitions: 3 }] }));
  });
  const outcome = await publisher.publish(both());
  expect(outcome.find(({ partition }) => partition === 5)).toMatchObject({ kind: 'unknown' });
  const offsets = await administer((admin) => admin.fetchTopicOffsets(options.topic));
  expect(offsets).toHaveLength(3);
  // The producer was thrown away: the next one looks at the topic as it is.
  const [next] = await publisher.publish([relayed(options.topic, 0, 2)]);
  expect(next).toMatchObject({ kind: 'notWritten', cause: { code: 'LF_PARTITION_COUNT_CHANGED' } });
});

test('3.6 MB for one partition are written, in chunks the broker takes, in order', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const records = relayedRun(options.topic, 0, 1, 3_600, 'x'.repeat(1_000));
  expect(await publisher.publish(records)).toMatchObject([
    { topic: options.topic, partition: 0, kind: 'written', nextOffset: 3_600n },
  ]);
  const ids = (await readTopic(options.topic)).map(({ headers }) => headers['ce_id']);
  expect(ids).toEqual(records.map(({ headers }) => headers['ce_id']));
});

test('a record too large is refused with its whole partition, the others are written once', async () => {
  const options = newTopic(3);
  const publisher = await publisherOf(options);
  const [first, large, last] = [0, 1, 2].map((partition) => [...relayedRun(options.topic, partition, 1, 3)]);
  large![1] = relayed(options.topic, 1, 2, { note: 'x'.repeat(2_000_000) });
  const outcome = await publisher.publish([...first!, ...large!, ...last!]);
  expect(outcome).toEqual([
    { topic: options.topic, partition: 0, kind: 'written', nextOffset: 3n },
    expect.objectContaining({
      partition: 1,
      kind: 'notWritten',
      refused: true,
      cause: expect.objectContaining({ code: 'LF_RECORD_REFUSED' }) as unknown,
    }),
    { topic: options.topic, partition: 2, kind: 'written', nextOffset: 3n },
  ]);
  expect((await readTopic(options.topic)).map(({ headers }) => headers['ce_id'])).toEqual([
    '0-1',
    '0-2',
    '0-3',
    '2-1',
    '2-2',
    '2-3',
  ]);
  expect(await publisher.publish(relayedRun(options.topic, 1, 1, 3))).toMatchObject([{ kind: 'written' }]);
});

test('what the broker alone refuses is refused with its whole partition, the others are written once', async () => {
  const options = newTopic(3);
  const publisher = await publisherOf(options);
  await publisher.publish([relayed(options.topic, 0, 1)]);
  // The limit sinks after the publisher has learned it.
  await administer((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: options.topic, configEntries: [{ name: 'max.message.bytes', value: '50000' }] }],
    }),
  );
  const large = relayed(options.topic, 1, 1, { note: 'x'.repeat(100_000) });
  // Until the broker has the new limit.
  const outcome = await eventually(async () => {
    const [, middle, ...others] = await publisher.publish([
      relayed(options.topic, 0, 2),
      large,
      relayed(options.topic, 2, 1),
    ]);
    return middle?.kind !== 'written' && [middle, ...others];
  });
  expect(outcome).toMatchObject([
    { kind: 'notWritten', refused: true, cause: { code: 'LF_RECORD_REFUSED' } },
    { kind: 'written' },
  ]);
});

test('an empty value is refused: it would be a tombstone', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const empty = { ...relayed(options.topic, 0, 1), value: new Uint8Array() };
  expect(await publisher.publish([empty])).toMatchObject([{ kind: 'notWritten', refused: true }]);
});

test('R6 a second publish beside a pending one is refused, and the first is not disturbed', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const first = publisher.publish([relayed(options.topic, 0, 1)]);
  await expect(publisher.publish([relayed(options.topic, 0, 2)])).rejects.toMatchObject({
    code: 'LF_PUBLISH_CONCURRENT',
  });
  expect(await first).toMatchObject([{ kind: 'written' }]);
});

test('R8 closing waits for the publish under way, and then nothing more is taken', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const pending = publisher.publish(relayedRun(options.topic, 0, 1, 500));
  await publisher.close();
  expect((await administer((admin) => admin.fetchTopicOffsets(options.topic)))[0]?.high).toBe('500');
  expect(await pending).toMatchObject([{ kind: 'written' }]);
  await expect(publisher.publish([relayed(options.topic, 0, 501)])).rejects.toMatchObject({
    code: 'LF_PUBLISHER_CLOSED',
  });
  await publisher.close();
});

test('no broker: told as not written, to be tried again', async () => {
  const publisher = await publisherOf(newTopic(1, { brokers: ['127.0.0.1:1'] }));
  expect(await publisher.publish([relayed('x', 0, 1)])).toMatchObject([
    { kind: 'notWritten', refused: false, cause: { code: 'LF_BROKER_UNAVAILABLE', retryable: true } },
  ]);
  await expect(publisher.partitions('x')).rejects.toMatchObject({ code: 'LF_BROKER_UNAVAILABLE' });
});

test('an aborted publish begins no attempt, and says that nothing was written', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const outcome = await publisher.publish([relayed(options.topic, 0, 1)], { signal: AbortSignal.abort('shutdown') });
  expect(outcome).toMatchObject([{ kind: 'notWritten', refused: false, cause: 'shutdown' }]);
  expect(await readTopic(options.topic)).toEqual([]);
});
