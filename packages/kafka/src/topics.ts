import { asBrokerError } from './broker-fault.ts';
import type { FoundTopic, KafkaClient } from './client.ts';
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
/** What a client tells of a topic's settings. */
export const CHECKED_CONFIG: readonly string[] = ['cleanup.policy', 'min.insync.replicas', 'max.message.bytes'];

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
    this.#checked ??= this.#check().catch((error: unknown) => {
      this.#checked = undefined;
      throw error;
    });
    return this.#checked;
  }

  /** The same for one topic, now. @throws like {@link check} */
  async recheck(name: string): Promise<TopicFacts> {
    const topic = this.declaration(name);
    const found = await this.#found([topic], `checking topic ${name}`);
    assertSafe(topic, found.get(name) as FoundTopic);
    return topicFacts(topic, found.get(name) as FoundTopic);
  }

  /** What a publisher must know of all topics, now. Whether they are safe is not asked again: copies come and go while replicas are moved. */
  async facts(): Promise<ReadonlyMap<string, TopicFacts>> {
    const found = await this.#found(this.declared, 'looking up the topics');
    return new Map(this.declared.map((topic) => [topic.name, topicFacts(topic, found.get(topic.name) as FoundTopic)]));
  }

  /** @throws {@link TopicUnknown} `LF_TOPIC_UNKNOWN` when it is not declared */
  declaration(name: string): TopicDeclaration {
    const topic = this.declared.find((each) => each.name === name);
    if (topic === undefined) throw new TopicUnknown(name, 'undeclared');
    return topic;
  }

  async #check(): Promise<void> {
    const found = await this.#found(this.declared, 'checking the topics');
    for (const topic of this.declared) assertSafe(topic, found.get(topic.name) as FoundTopic);
  }

  /** All of these. */
  async #found(topics: readonly TopicDeclaration[], doing: string): Promise<ReadonlyMap<string, FoundTopic>> {
    const names = topics.map(({ name }) => name);
    try {
      let found = await this.#client.topics(names);
      const absent = topics.filter(({ name }) => !found.has(name));
      if (absent.length > 0 && this.#create) {
        for (const topic of absent) await this.#client.create(topic);
        found = await this.#client.topics(names);
      }
      // Also when it was made a moment ago, and the broker that was asked does not know it yet: the caller tries again.
      for (const { name } of topics) if (!found.has(name)) throw new TopicUnknown(name, 'absent');
      return found;
    } catch (error) {
      throw asBrokerError(doing, error);
    }
  }
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
