import type { Cursor, Lane } from '@leftfold/subscriptions';
import { asBrokerError } from './broker-fault.ts';
import type { KafkaClient, Watermarks } from './client.ts';
import { endCursor } from './cursor.ts';
import { PartitionCountChanged } from './errors.ts';
import { limited } from './limited.ts';
import { TIME_LIMITS } from './time-limits.ts';
import { topicLane } from './topic-lane.ts';
import type { Topics } from './topics.ts';

/** Asks the brokers where the partitions of a topic begin and end. */
export class WatermarkReader {
  readonly #client: KafkaClient;
  readonly #topics: Topics;
  readonly #queued: Map<string, Promise<ReadonlyMap<number, Watermarks>>> = new Map();
  readonly #running: Map<string, Promise<unknown>> = new Map();

  constructor(client: KafkaClient, topics: Topics) {
    this.#client = client;
    this.#topics = topics;
  }

  /**
   * All partitions of the topic, as they are at some moment after this call. Calls that come while one is under way share the next: a rebalance asks
   * for every lane at once.
   * @throws {@link PartitionCountChanged} `LF_PARTITION_COUNT_CHANGED`, BrokerUnavailable `LF_BROKER_UNAVAILABLE`, BrokerRefused `LF_BROKER_REFUSED`
   */
  of(topic: string): Promise<ReadonlyMap<number, Watermarks>> {
    const queued = this.#queued.get(topic);
    if (queued !== undefined) return queued;
    const before = this.#running.get(topic) ?? Promise.resolve();
    const asked = before
      .catch(() => undefined)
      .then(() => {
        this.#queued.delete(topic);
        return this.#ask(topic);
      });
    this.#queued.set(topic, asked);
    this.#running.set(topic, asked);
    return asked;
  }

  /** The end of every partition of every declared topic. @throws like {@link of}, and like `Topics.check` */
  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return new Map([...(await this.all())].map(([lane, { high }]) => [lane, endCursor(high)]));
  }

  /** Every partition of every declared topic. @throws like {@link head} */
  async all(): Promise<ReadonlyMap<Lane, Watermarks>> {
    await this.#topics.check();
    const all = new Map<Lane, Watermarks>();
    for (const { name } of this.#topics.declared)
      for (const [partition, marks] of await this.of(name)) all.set(topicLane(name, partition), marks);
    return all;
  }

  async #ask(topic: string): Promise<ReadonlyMap<number, Watermarks>> {
    const { partitions } = this.#topics.declaration(topic);
    try {
      const watermarks = await limited(this.#client.watermarks(topic), TIME_LIMITS);
      if (watermarks.size !== partitions) throw new PartitionCountChanged(topic, partitions, watermarks.size);
      return watermarks;
    } catch (error) {
      throw asBrokerError(`asking where ${topic} begins and ends`, error);
    }
  }
}
