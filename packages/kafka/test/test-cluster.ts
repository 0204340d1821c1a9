import { randomUUID } from 'node:crypto';
import { jsonCodec } from '@leftfold/subscriptions';
import kafkajs from 'kafkajs';
import type { Admin, KafkaMessage } from 'kafkajs';
import { inject } from 'vitest';
import { remedyKafkajsTimer } from '../src/kafkajs/kafkajs-timer.ts';
import type { KafkaOptions } from '../src/index.ts';
import { until } from './until.ts';

remedyKafkajsTimer();

/** Settings for one topic of its own on the run's Kafka, made at first use. */
export function newTopic(
  partitions: number,
  changed: Partial<KafkaOptions> = {},
): KafkaOptions & { readonly topic: string } {
  const topic = `test.${randomUUID()}`;
  return {
    topic,
    brokers: inject('kafkaBrokers'),
    clientId: `test-${randomUUID()}`,
    topics: [{ name: topic, partitions }],
    create: true,
    codec: jsonCodec(),
    sessionTimeoutMs: 6_000,
    ...changed,
  };
}

function plainKafka(brokers: readonly string[]): InstanceType<typeof kafkajs.Kafka> {
  return new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
}

/** Does to the cluster what neither publisher nor source can. */
export async function administer<T>(
  use: (admin: Admin) => Promise<T>,
  brokers: readonly string[] = inject('kafkaBrokers'),
): Promise<T> {
  const admin = plainKafka(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Removes what stands before this offset, as retention does. */
export async function deleteBelow(topic: string, offset: number, partitions: readonly number[]): Promise<void> {
  await administer(async (admin) => {
    // Only what this admin client has asked about before can it delete from.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({
      topic,
      partitions: partitions.map((partition) => ({ partition, offset: String(offset) })),
    });
  });
}

/** Deletes a topic, and makes it anew with nothing in it. */
export async function recreate(topic: string, partitions: number): Promise<void> {
  await administer((admin) => admin.deleteTopics({ topics: [topic] }));
  await until('the topic is made anew', () =>
    administer((admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] }),
    ).catch(() => false),
  );
}

/**
 * Resolves when the cluster answers for groups. A new one makes its offsets topic at the first request and then loads it, which a source rightly tells as
 * a fault (`GROUP_LOAD_IN_PROGRESS`); tests that expect no fault wait for it. Many names, so that every partition of that topic is asked.
 */
export async function groupsReady(): Promise<void> {
  const groupIds = Array.from({ length: 24 }, () => `ready-${randomUUID()}`);
  const answer = (): Promise<boolean> =>
    administer(async (admin) => {
      for (const groupId of groupIds) await admin.fetchOffsets({ groupId });
      return true;
    }).catch(() => false);
  await until('the cluster answers for groups', answer);
}

/** A record as it stands in the topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: { readonly [name: string]: string };
}

/** Everything in a topic, partition by partition, read by plain kafkajs in a group of its own. */
export async function readTopic(
  topic: string,
  brokers: readonly string[] = inject('kafkaBrokers'),
): Promise<readonly TopicRecord[]> {
  const ends = await administer((admin) => admin.fetchTopicOffsets(topic), brokers);
  const missing = new Map(
    ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  const records: TopicRecord[] = [];
  if (missing.size === 0) return records;
  const consumer = plainKafka(brokers).consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      records.push(topicRecord(partition, message));
      if (BigInt(message.offset) + 1n >= (missing.get(partition) ?? 0n)) missing.delete(partition);
      if (missing.size === 0) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return records.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
}

function topicRecord(partition: number, { offset, key, value, headers }: KafkaMessage): TopicRecord {
  return {
    partition,
    offset,
    key: key?.toString() ?? '',
    value: value ?? Buffer.alloc(0),
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
  };
}
