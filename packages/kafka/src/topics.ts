import type { Admin, ITopicMetadata } from 'kafkajs';
import kafkajs from 'kafkajs';
import { asBrokerError, brokerFault } from './broker-fault.ts';
import type { KafkaClient } from './client.ts';
import { PartitionCountChanged, TopicUnknown, TopicUnsuitable } from './errors.ts';
import type { KafkaOptions, TopicDeclaration } from './options.ts';

/** What the publisher must know of a topic. */
export interface TopicFacts {
  readonly partitions: number;
  /** Of one record batch, header included. */
  readonly maxBatchBytes: number;
}

/** Four times the most an event's payload may have, so that no event is refused by the broker for its size (R12). */
const LEAST_BATCH_BYTES = 4 * 262_144;
const CHECKED = ['cleanup.policy', 'min.insync.replicas', 'max.message.bytes'];

/** The declared topics, and whether the cluster has them as declared. */
export class Topics {
  readonly declared: readonly TopicDeclaration[];
  readonly #client: KafkaClient;
  readonly #create: boolean;
  #checked: Promise<void> | undefined;

  constructor(client: KafkaClient, options: KafkaOptions) {
    this.#client = client;
    this.declared = options.topics;
    this.#create = options.create ?? false;
  }

  /**
   * The check at start, by whoever comes first: makes absent topics when allowed, asserts all. Succeeds once; a failure is forgotten, so that the
   * next call tries again. May be called concurrently, also by several processes.
   * @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN`, {@link TopicUnsuitable} `LF_TOPIC_UNSUITABLE`, {@link PartitionCountChanged}
   *   `LF_PARTITION_COUNT_CHANGED`, BrokerUnavailable `LF_BROKER_UNAVAILABLE`, BrokerRefused `LF_BROKER_REFUSED`
   */
  check(): Promise<void> {
    this.#checked ??= this.#administer('checking the topics', async (admin) => {
      for (const topic of this.declared) assertSafe(topic, await this.#found(admin, topic));
    }).catch((error: unknown) => {
      this.#checked = undefined;
      throw error;
    });
    return this.#checked;
  }

  /** The same for one topic, now. @throws like {@link check} */
  recheck(name: string): Promise<TopicFacts> {
    const topic = this.declaration(name);
    return this.#administer(`checking topic ${name}`, async (admin) => {
      const found = await this.#found(admin, topic);
      assertSafe(topic, found);
      return topicFacts(topic, found);
    });
  }

  /** What a publisher must know of all topics, now. Whether they are safe is not asked again: copies come and go while replicas are moved. */
  facts(): Promise<ReadonlyMap<string, TopicFacts>> {
    return this.#administer('looking up the topics', async (admin) => {
      const facts = new Map<string, TopicFacts>();
      for (const topic of this.declared) facts.set(topic.name, topicFacts(topic, await this.#found(admin, topic)));
      return facts;
    });
  }

  /** @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN` when it is not declared */
  declaration(name: string): TopicDeclaration {
    const topic = this.declared.find((each) => each.name === name);
    if (topic === undefined) throw new TopicUnknown(name, 'undeclared');
    return topic;
  }

  async #administer<T>(doing: string, use: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      return await this.#client.administer(use);
    } catch (error) {
      throw asBrokerError(doing, error);
    }
  }

  async #found(admin: Admin, declared: TopicDeclaration): Promise<FoundTopic> {
    let found = await metadata(admin, declared.name);
    if (found === undefined && this.#create) {
      await create(admin, declared);
      found = await metadata(admin, declared.name);
    }
    // Also when it was made a moment ago, and the broker that was asked does not know it yet: the caller tries again.
    if (found === undefined) throw new TopicUnknown(declared.name, 'absent');
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: declared.name, configNames: CHECKED }],
    });
    const config = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
    return { copies: found.partitions.map(({ replicas }) => replicas.length), config };
  }
}

/** A topic as the cluster has it. */
export interface FoundTopic {
  /** Of each partition. */
  readonly copies: readonly number[];
  readonly config: ReadonlyMap<string, string>;
}

/** @throws {@link PartitionCountChanged} `LF_PARTITION_COUNT_CHANGED` */
export function topicFacts({ name, partitions }: TopicDeclaration, { copies, config }: FoundTopic): TopicFacts {
  if (copies.length !== partitions) throw new PartitionCountChanged(name, partitions, copies.length);
  return { partitions, maxBatchBytes: Number(config.get('max.message.bytes')) };
}

/**
 * Whether a topic is as declared, and records are safe in it.
 * @throws {@link PartitionCountChanged} `LF_PARTITION_COUNT_CHANGED`, {@link TopicUnsuitable} `LF_TOPIC_UNSUITABLE`
 */
export function assertSafe(declared: TopicDeclaration, found: FoundTopic): void {
  const { name, replicationFactor = 1 } = declared;
  const { maxBatchBytes } = topicFacts(declared, found);
  // Compaction keeps the last record of a key: the events before it would be gone, and the sequence would have holes.
  if (found.config.get('cleanup.policy')?.includes('compact') !== false)
    throw new TopicUnsuitable(name, 'is compacted', 'set its cleanup.policy to delete');
  const copies = Math.min(...found.copies);
  if (copies < replicationFactor)
    throw new TopicUnsuitable(name, `has ${copies} copies, declared are ${replicationFactor}`, 'add replicas to it');
  // The broker takes writes all the same: its least number is then the number of copies (seen on 4.1).
  const inSync = Number(found.config.get('min.insync.replicas'));
  if (!(copies >= inSync))
    throw new TopicUnsuitable(
      name,
      `has ${copies} copies, but min.insync.replicas is ${inSync}`,
      'add replicas, or lower min.insync.replicas',
    );
  if (!(maxBatchBytes >= LEAST_BATCH_BYTES))
    throw new TopicUnsuitable(
      name,
      `takes ${maxBatchBytes} bytes at most`,
      `set its max.message.bytes to ${LEAST_BATCH_BYTES} or more`,
    );
}

async function metadata(admin: Admin, name: string): Promise<ITopicMetadata | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics.find((topic) => topic.name === name);
  } catch (error) {
    if (brokerFault(error).name === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}

/** Also when another process makes it at the same moment. */
async function create(
  admin: Admin,
  { name, partitions, replicationFactor, config = {} }: TopicDeclaration,
): Promise<void> {
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic: name,
        numPartitions: partitions,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
        configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
      },
    ],
  });
}
