import kafkajs from 'kafkajs';
import type { Admin, Consumer, ITopicMetadata, Kafka } from 'kafkajs';
import { brokerFault } from '../broker-fault.ts';
import type { FoundTopic, KafkaClient, Producer, Watermarks } from '../client.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions, TopicDeclaration } from '../options.ts';
import { TIME_LIMITS } from '../time-limits.ts';
import type { TimeLimits } from '../time-limits.ts';
import { HeldSockets } from './held-sockets.ts';
import { groupRefusal } from './group-refusal.ts';
import { KafkajsProducer } from './kafkajs-producer.ts';
import { FEW, kafkajsSettings } from './kafkajs-settings.ts';

/** How long the broker holds back an empty answer. */
const FETCH_WAIT_MS = 250;
/** {@link KafkaClient} over kafkajs, set as the publisher and the source need it. Each call makes a new one with connections of its own. */
export class KafkajsClient implements KafkaClient {
  readonly #kafka: Kafka;
  readonly #options: KafkaOptions;
  readonly #limits: TimeLimits;

  constructor(options: KafkaOptions, limits: TimeLimits = TIME_LIMITS) {
    this.#options = options;
    this.#limits = limits;
    this.#kafka = new kafkajs.Kafka(kafkajsSettings(options, limits));
  }

  topics(names: readonly string[], settings: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return this.administer(async (admin) => {
      const found = new Map<string, FoundTopic>();
      for (const name of names) {
        const metadata = await topicMetadata(admin, name);
        if (metadata !== undefined) found.set(name, await foundTopic(admin, metadata, settings));
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
    const sockets = new HeldSockets();
    return KafkajsProducer.connect(this.#over(sockets), sockets, this.#limits);
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

  /** The same fault, or what is behind it where kafkajs keeps that to itself. */
  async explained(group: string, error: unknown): Promise<unknown> {
    if (brokerFault(error).name !== 'KafkaJSGroupCoordinatorNotFound') return error;
    return (await groupRefusal(kafkajsSettings(this.#options, this.#limits), group)) ?? error;
  }

  /** Runs `use` with an administrator that is connected for that long only: nothing of it can grow old. */
  async administer<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const sockets = new HeldSockets();
    const admin = this.#over(sockets).admin({ retry: FEW });
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      admin.disconnect().catch(() => undefined);
      sockets.release();
    }
  }

  #over({ factory }: HeldSockets): Kafka {
    return new kafkajs.Kafka({ ...kafkajsSettings(this.#options, this.#limits), socketFactory: factory });
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

async function foundTopic(
  admin: Admin,
  { name, partitions }: ITopicMetadata,
  settings: readonly string[],
): Promise<FoundTopic> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...settings] }],
  });
  const config = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  return { copies: partitions.map(({ replicas }) => replicas.length), config };
}
