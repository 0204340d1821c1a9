import kafkajs from 'kafkajs';
import type { Admin, Consumer, ITopicMetadata, Kafka, RetryOptions } from 'kafkajs';
import { brokerFault } from '../broker-fault.ts';
import type { FoundTopic, KafkaClient, Producer, Watermarks } from '../client.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions, TopicDeclaration } from '../options.ts';
import { CHECKED_CONFIG } from '../topics.ts';
import { KafkajsProducer } from './kafkajs-producer.ts';

/** A request without an answer for this long has failed. */
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 3_000;
/** How long the broker holds back an empty answer. */
const FETCH_WAIT_MS = 250;
/**
 * All five fields, always: kafkajs takes other defaults when NODE_ENV is `test`. Few tries, because the publisher and the source do the
 * trying again themselves, where it is reported.
 */
export const FEW: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  retries: 2,
  initialRetryTime: 50,
  maxRetryTime: 200,
  factor: 0.2,
  multiplier: 2,
};

/** {@link KafkaClient} over kafkajs, set as the publisher and the source need it. Each call makes a new one with connections of its own. */
export class KafkajsClient implements KafkaClient {
  readonly #kafka: Kafka;
  readonly #options: KafkaOptions;

  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#kafka = new kafkajs.Kafka({
      brokers: [...options.brokers],
      clientId: options.clientId,
      // What matters is told through our own ports; kafkajs would print it.
      logLevel: kafkajs.logLevel.NOTHING,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      retry: FEW,
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    });
  }

  topics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return this.administer(async (admin) => {
      const found = new Map<string, FoundTopic>();
      for (const name of names) {
        const metadata = await topicMetadata(admin, name);
        if (metadata !== undefined) found.set(name, await foundTopic(admin, metadata));
      }
      return found;
    });
  }

  async create({ name, partitions, replicationFactor, config = {} }: TopicDeclaration): Promise<void> {
    await this.administer((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic: name,
            numPartitions: partitions,
            ...(replicationFactor === undefined ? {} : { replicationFactor }),
            configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
          },
        ],
      }),
    );
  }

  async watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>> {
    const offsets = await this.administer((admin) => admin.fetchTopicOffsets(topic));
    return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
  }

  producer(): Promise<Producer> {
    return KafkajsProducer.connect(this.#kafka);
  }

  consumer(groupId: string): Consumer {
    const sessionTimeout = this.#options.sessionTimeoutMs ?? LIMITS.sessionTimeoutMs.standard;
    const maxBytesPerPartition = this.#options.maxBatchBytes ?? LIMITS.maxBatchBytes.standard;
    return this.#kafka.consumer({
      groupId,
      sessionTimeout,
      heartbeatInterval: Math.floor(sessionTimeout / 5),
      rebalanceTimeout: sessionTimeout * 3,
      allowAutoTopicCreation: false,
      maxBytesPerPartition,
      maxBytes: maxBytesPerPartition * 10,
      // A resumed partition waits for the fetch under way without it, and a consumer with all partitions paused sleeps this long.
      maxWaitTimeInMs: FETCH_WAIT_MS,
      // A crashed consumer is thrown away and made anew by the source: one way for all faults, and each is reported.
      retry: { ...FEW, retries: 5, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
  }

  /** Runs `use` with an administrator that is connected for that long only: nothing of it can grow old. */
  async administer<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin({ retry: FEW });
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

async function topicMetadata(admin: Admin, name: string): Promise<ITopicMetadata | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics.find((topic) => topic.name === name);
  } catch (error) {
    if (brokerFault(error).name === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}

async function foundTopic(admin: Admin, { name, partitions }: ITopicMetadata): Promise<FoundTopic> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...CHECKED_CONFIG] }],
  });
  const config = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  return { copies: partitions.map(({ replicas }) => replicas.length), config };
}
