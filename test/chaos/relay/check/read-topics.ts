import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import type { KafkaMessage } from 'kafkajs';
import type { StoredRecord } from '../history.ts';

/** Everything in the topics, read by plain kafkajs, without any code of ours. */
export async function readTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<readonly StoredRecord[]> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const missing = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (low !== high) missing.set(`${topic}/${partition}`, BigInt(high));
    }
  }
  await admin.disconnect();
  if (missing.size === 0) return [];

  const records: StoredRecord[] = [];
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      const { topic, partition, messages } = batch;
      records.push(...messages.map((message) => storedRecord(topic, partition, message)));
      if (BigInt(batch.lastOffset()) + 1n >= (missing.get(`${topic}/${partition}`) ?? 0n))
        missing.delete(`${topic}/${partition}`);
      if (missing.size === 0) resolve();
      return Promise.resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return records;
}

interface LeftfoldHeader {
  readonly v: number;
  readonly log: string;
  readonly generation: number;
  readonly began: number;
  readonly sequence: number;
  readonly tenant: string;
  readonly streamVersion: string;
}

function storedRecord(topic: string, partition: number, { offset, value, headers }: KafkaMessage): StoredRecord {
  const lf = JSON.parse(String(headers?.['lf'])) as LeftfoldHeader;
  return {
    topic,
    partition,
    offset: Number(offset),
    id: String(headers?.['ce_id']),
    tenant: lf.tenant,
    stream: String(headers?.['ce_subject']),
    version: Number(lf.streamVersion),
    log: lf.log,
    generation: lf.generation,
    began: lf.began,
    sequence: lf.sequence,
    value: String(value),
    isWithheld: lf.v > 1,
  };
}
