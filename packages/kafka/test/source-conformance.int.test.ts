import { sourceConformance } from '@leftfold/testing';
import type { OpenSource } from '@leftfold/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { administer, deleteBelow, groupsReady, newTopic, recreate } from './test-cluster.ts';

beforeAll(groupsReady);

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  const open: OpenSource = async (partitions, codec) => {
    const options = newTopic(partitions, { client, maxBatchBytes: 65_536, ...(codec && { codec }) });
    const { topic } = options;
    const publisher = await persistentPublisher({ ...options, client: 'kafkajs' });
    await publisher.partitions(topic);
    return {
      topic,
      source: () => kafka(options).source,
      publish: async (records) => {
        for (const { kind } of await publisher.publish(records)) expect(kind).toBe('written');
      },
      deleteBelow: (partition, offset) => deleteBelow(topic, offset, [partition]),
      recreate: () => recreate(topic, partitions),
      close: async () => {
        await publisher.close();
        await administer((admin) => admin.deleteTopics({ topics: [topic] }));
      },
    };
  };
  const suite = sourceConformance({
    open,
    retention: true,
    recreation: client === 'platformatic' ? 'known' : 'unknown',
    timeoutMs: 30_000,
  });
  for (const { title, run } of suite) test(title, run, 90_000);
  test('everything is declared', () => expect(suite.undeclared).toEqual([]));
});
