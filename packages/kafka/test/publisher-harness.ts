import { randomUUID } from 'node:crypto';
import type { KafkaCluster } from '@leftfold/infra';
import { eventually, moveLeaders } from '@leftfold/testing';
import type { KafkaFaultPlan, KafkaProxies, PublisherHarness, PublisherScene, SendFault } from '@leftfold/testing';
import type { Publisher } from '@leftfold/subscriptions';
import { jsonCodec } from '@leftfold/subscriptions';
import type { KafkaOptions } from '../src/index.ts';
import { kafka } from '../src/index.ts';
import { KafkajsClient } from '../src/kafkajs/kafkajs-client.ts';
import { PlatformaticClient } from '../src/platformatic/platformatic-client.ts';
import { KafkaPublisher } from '../src/publisher.ts';
import type { TimeLimits } from '../src/time-limits.ts';
import { Topics } from '../src/topics.ts';
import { administer, readTopic } from './test-cluster.ts';

export const CLIENTS = ['kafkajs', 'platformatic'] as const;
export type Client = (typeof CLIENTS)[number];

/** As in earnest, only sooner over. */
export const SHORT_LIMITS: TimeLimits = {
  connectMs: 2_000,
  requestMs: 2_000,
  acknowledgeMs: 1_600,
  attemptMs: 8_000,
  secondRoundMs: 8_000,
};

/** Three brokers of a test's own, and the proxies before them. */
export interface Proxied {
  readonly cluster: KafkaCluster;
  readonly proxies: KafkaProxies;
}

/** A publisher over either client with other limits of time than {@link kafka} gives. */
export function publisherWithin(limits: TimeLimits, options: KafkaOptions): Publisher {
  const client =
    options.client === 'platformatic' ? new PlatformaticClient(options, limits) : new KafkajsClient(options, limits);
  return new KafkaPublisher(client, new Topics(client, options), limits);
}

/** What the suite needs of one broker: all but faults and the moving of leaders. */
export function brokerHarness(brokers: readonly string[], changed: Partial<KafkaOptions>): PublisherHarness {
  const scene = (topics: readonly string[], partitions: readonly number[]): PublisherScene => ({
    topics,
    publisher: () => kafka({ ...settings(brokers, topics, partitions), ...changed }).publisher(),
    read: (topic) => byPartition(topic, brokers),
  });
  const open = async (...partitions: readonly number[]): Promise<PublisherScene> => {
    const topics = partitions.map(() => `test.${randomUUID()}`);
    for (const [i, topic] of topics.entries()) await makeTopic(brokers, topic, partitions[i] ?? 1, 1);
    return scene(topics, partitions);
  };
  return {
    open,
    capabilities: {
      limit: { bytes: 2_000_000, lower: (topic) => lowerLimit(brokers, topic) },
      faults: false,
      leaders: false,
      copies: false,
      remake: (topic, partitions) => remakeTopic(brokers, topic, partitions, 1),
      absent: async () => {
        const topic = `test.${randomUUID()}`;
        const there = `test.${randomUUID()}`;
        await makeTopic(brokers, there, 2, 1);
        return { ...scene([topic, there], [2, 2]), make: () => makeTopic(brokers, topic, 2, 1) };
      },
    },
  };
}

/** All of it, on three brokers behind proxies. */
export function clusterHarness(proxied: () => Proxied, client: Client): PublisherHarness {
  return {
    open: async (...partitions) => {
      const {
        cluster: { brokers },
        proxies,
      } = proxied();
      const topics = partitions.map(() => `test.${randomUUID()}`);
      for (const [i, topic] of topics.entries()) await makeTopic(brokers, topic, partitions[i] ?? 1, 3);
      const options = { ...settings(proxies.brokers, topics, partitions), client };
      return {
        topics,
        publisher: async () => publisherWithin(SHORT_LIMITS, options),
        read: (topic) => byPartition(topic, brokers),
      };
    },
    capabilities: {
      limit: { bytes: 2_000_000, lower: (topic) => lowerLimit(proxied().cluster.brokers, topic) },
      faults: {
        kinds: Object.keys(FAULTS) as SendFault[],
        next: (fault) => proxied().proxies.plan({ api: 'Produce', ...FAULTS[fault] }),
      },
      leaders: (topic) => administer((admin) => moveLeaders(admin, topic), proxied().cluster.brokers),
      copies: async (topic, during) => {
        const { cluster } = proxied();
        const { brokers } = cluster;
        await alter(brokers, topic, 'min.insync.replicas', '3');
        await cluster.kill(3);
        try {
          await during();
        } finally {
          await cluster.startNode(3);
        }
      },
      remake: (topic, partitions) => remakeTopic(proxied().cluster.brokers, topic, partitions, 3),
      absent: false,
    },
  };
}

const FAULTS: { readonly [fault in SendFault]: Pick<KafkaFaultPlan, 'on' | 'fault'> } = {
  'request-cut': { on: 'request', fault: 'cut' },
  'request-half': { on: 'request', fault: 'half' },
  'request-lost': { on: 'request', fault: 'drop' },
  'answer-cut': { on: 'answer', fault: 'cut' },
  'answer-lost': { on: 'answer', fault: 'drop' },
  'answer-late': { on: 'answer', fault: { delayMs: 1.5 * SHORT_LIMITS.requestMs } },
};

function settings(brokers: readonly string[], topics: readonly string[], partitions: readonly number[]): KafkaOptions {
  return {
    brokers,
    clientId: `test-${randomUUID()}`,
    topics: topics.map((name, i) => ({ name, partitions: partitions[i] ?? 1 })),
    codec: jsonCodec(),
  };
}

/** Resolves when every broker knows its leaders. */
async function makeTopic(
  brokers: readonly string[],
  topic: string,
  numPartitions: number,
  replicationFactor: number,
): Promise<void> {
  const topics = [{ topic, numPartitions, replicationFactor }];
  // False where an attempt that failed has made it all the same.
  await eventually(
    async () => {
      await administer((admin) => admin.createTopics({ topics, waitForLeaders: false }), brokers);
    },
    { timeoutMs: 30_000 },
  );
  for (const broker of brokers)
    await eventually(
      () =>
        administer(
          async (admin) => {
            const [found] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
            const isLed =
              found?.partitions.length === numPartitions && found.partitions.every(({ leader }) => leader > 0);
            // A leader that is known does not serve yet: NOT_LEADER_FOR_PARTITION for a moment, on a busy machine.
            return isLed && (await admin.fetchTopicOffsets(topic)).length === numPartitions;
          },
          [broker],
        ),
      { timeoutMs: 30_000 },
    );
}

async function remakeTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  copies: number,
): Promise<void> {
  await administer((admin) => admin.deleteTopics({ topics: [topic] }), brokers);
  for (const broker of brokers)
    await eventually(() => administer(async (admin) => !(await admin.listTopics()).includes(topic), [broker]), {
      timeoutMs: 30_000,
    });
  await makeTopic(brokers, topic, partitions, copies);
}

const lowerLimit = (brokers: readonly string[], topic: string): Promise<void> =>
  alter(brokers, topic, 'max.message.bytes', '50000');

async function alter(brokers: readonly string[], topic: string, name: string, value: string): Promise<void> {
  const resources = [{ type: 2, name: topic, configEntries: [{ name, value }] }];
  await administer((admin) => admin.alterConfigs({ validateOnly: false, resources }), brokers);
}

async function byPartition(
  topic: string,
  brokers: readonly string[],
): Promise<Awaited<ReturnType<PublisherScene['read']>>> {
  const records = await readTopic(topic, brokers);
  const [found] = (await administer((admin) => admin.fetchTopicMetadata({ topics: [topic] }), brokers)).topics;
  return (found?.partitions ?? []).map((_, partition) => records.filter((record) => record.partition === partition));
}
