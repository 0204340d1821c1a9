import { expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { administer, newTopic } from './test-cluster.ts';

async function partitions(options: KafkaOptions & { readonly topic: string }): Promise<number> {
  const publisher = await kafka(options).publisher();
  try {
    return await publisher.partitions(options.topic);
  } finally {
    await publisher.close();
  }
}

test('an absent topic is made as declared, also by several at once', async () => {
  const options = newTopic(4);
  const topics = [{ name: options.topic, partitions: 4, config: { 'retention.ms': '12345678' } }];
  expect(await Promise.all([1, 2, 3].map(() => partitions({ ...options, topics })))).toEqual([4, 4, 4]);
  const { resources } = await administer((admin) =>
    admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: options.topic, configNames: ['retention.ms'] }],
    }),
  );
  expect(resources[0]?.configEntries[0]?.configValue).toBe('12345678');
});

test('without create an absent topic is an error that heals, and is not made', async () => {
  const options = newTopic(1, { create: false });
  await expect(partitions(options)).rejects.toMatchObject({ code: 'LF_TOPIC_UNKNOWN', retryable: true });
  expect(await administer((admin) => admin.listTopics())).not.toContain(options.topic);
});

test('a topic that was not declared is refused', async () => {
  await expect(partitions({ ...newTopic(1), topic: 'undeclared' })).rejects.toMatchObject({
    code: 'LF_TOPIC_UNKNOWN',
    retryable: false,
  });
});

test('R10 another number of partitions than declared is refused by publisher and source', async () => {
  const options = newTopic(3);
  await partitions(options);
  const changed = { ...options, topics: [{ name: options.topic, partitions: 2 }] };
  await expect(partitions(changed)).rejects.toMatchObject({ code: 'LF_PARTITION_COUNT_CHANGED' });
  await expect(follow(kafka(changed).source, new CheckpointReader('r')).ended).rejects.toMatchObject({
    code: 'LF_PARTITION_COUNT_CHANGED',
  });
  await expect(kafka(changed).source.head()).rejects.toMatchObject({ code: 'LF_PARTITION_COUNT_CHANGED' });
});

test.each([
  ['compacted', { 'cleanup.policy': 'compact' }],
  ['with more in-sync copies asked for than there are', { 'min.insync.replicas': '2' }],
])('a topic %s is refused by publisher and source', async (_what, config) => {
  const options = newTopic(1);
  const unsuitable = { ...options, topics: [{ name: options.topic, partitions: 1, replicationFactor: 1, config }] };
  await expect(partitions(unsuitable)).rejects.toMatchObject({ code: 'LF_TOPIC_UNSUITABLE' });
  await expect(follow(kafka(unsuitable).source, new CheckpointReader('r')).ended).rejects.toMatchObject({
    code: 'LF_TOPIC_UNSUITABLE',
  });
});
