import type { Json } from '@leftfold/core';
import { Kafka, logLevel } from 'kafkajs';
import { readValue } from '../demo/read-value.ts';

/** A record as a program sees it that knows Confluent's wire format and the address of the registry, and none of our code. */
export interface ForeignRecord {
  readonly id: string;
  readonly schema: number;
  /** In the form of the log. */
  readonly value: Json;
}

/** Everything in a topic, read by kafkajs and `@kafkajs/confluent-schema-registry`. */
export async function readTopic(
  topic: string,
  { brokers, registryUrl }: { readonly brokers: readonly string[]; readonly registryUrl: string },
): Promise<readonly ForeignRecord[]> {
  const read = readValue(registryUrl);
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]));
  await admin.disconnect();
  const open = new Set([...ends].filter(([, end]) => end > 0n).map(([partition]) => partition));
  const records: ForeignRecord[] = [];
  const consumer = kafka.consumer({ groupId: `${topic}-foreign` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { value, headers, offset } }) => {
      if (value === null) throw new Error(`the record at ${partition}/${offset} has no value`);
      const decoded = JSON.parse(await read(value)) as Json;
      records.push({ id: String(headers?.['ce_id']), schema: value.readUInt32BE(1), value: decoded });
      if (BigInt(offset) + 1n >= (ends.get(partition) ?? 0n)) open.delete(partition);
      if (open.size === 0) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return records;
}
