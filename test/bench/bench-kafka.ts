import { randomUUID } from 'node:crypto';
import { startKafka } from '@leftfold/infra';
import kafkajs from 'kafkajs';

/** Records are told by where partitions end, so what a broker has taken may go soon: hours of runs then fit on a small disk. */
const CONFIG = { 'retention.bytes': '50000000', 'segment.bytes': '25000000' };

/** The run's one broker. */
export interface BenchKafka {
  readonly brokers: readonly string[];
  /** Its process, for CPU times. */
  readonly pid: number | undefined;
  /** Makes a topic, if it is not there. */
  make(topic: string, partitions: number): Promise<void>;
  /** How many records the topic has ever taken; 0 when there is none. */
  taken(topic: string): Promise<number>;
  /** `ce_id` of everything that stands in the topic now. */
  ids(topic: string): Promise<ReadonlySet<string>>;
  stop(): Promise<void>;
}

/** Starts a broker of its own: one, so that the machine is left to the client; a topic on three disks is another machine's measurement. */
export async function startBenchKafka(): Promise<BenchKafka> {
  const cluster = await startKafka({ brokers: 1, own: true });
  const kafka = await benchKafka(cluster.brokers, cluster.nodes[0]?.pid);
  return {
    ...kafka,
    stop: async () => {
      await kafka.stop();
      await cluster.stop();
    },
  };
}

/** A broker that runs, as the benchmark sees it. Stopping lets go of it. */
export async function benchKafka(brokers: readonly string[], pid: number | undefined): Promise<BenchKafka> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  return {
    brokers,
    pid,
    make: async (topic, numPartitions) => {
      const configEntries = Object.entries(CONFIG).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, configEntries }] });
    },
    taken: async (topic) => {
      if (!(await admin.listTopics()).includes(topic)) return 0;
      const ends = await admin.fetchTopicOffsets(topic);
      return ends.reduce((sum, { high }) => sum + Number(high), 0);
    },
    ids: async (topic) => idsIn(kafka, topic, await admin.fetchTopicOffsets(topic)),
    stop: () => admin.disconnect(),
  };
}

/** `ce_id` of everything that stands in a topic. */
async function idsIn(
  kafka: kafkajs.Kafka,
  topic: string,
  ends: readonly { readonly partition: number; readonly low: string; readonly high: string }[],
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const missing = new Map(
    ends.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  if (missing.size === 0) return ids;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { headers } of batch.messages) ids.add(String(headers?.['ce_id']));
      if (BigInt(batch.lastOffset()) + 1n >= (missing.get(batch.partition) ?? 0n)) missing.delete(batch.partition);
      if (missing.size === 0) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return ids;
}
