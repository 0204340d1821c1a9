import type { Publisher, PublishOutcome, PublishRecord } from '@leftfold/subscriptions';
import { asBrokerError } from './broker-fault.ts';
import type { Answered, KafkaClient } from './client.ts';
import { Delivery } from './delivery.ts';
import {
  AnswerIncomplete,
  PartitionUnknown,
  PublishConcurrent,
  PublisherClosed,
  RecordRefused,
  TopicUnknown,
} from './errors.ts';
import { CHUNK_BYTES, partitionChunks } from './partition-chunks.ts';
import type { PartitionChunks } from './partition-chunks.ts';
import { ProducerSession } from './producer-session.ts';
import type { TopicFacts, Topics } from './topics.ts';

/** No attempt begins later than this after the second round began: a broker that answers nothing costs seconds for each of its partitions. */
const SECOND_ROUND_MS = 15_000;

/**
 * Publishes over either client, made for broken connections, lost answers, moving leaders and killed brokers: two rounds, nothing
 * more. The first sends to all partitions at once. If anything of it is doubtful, the second sends to each partition alone, one after
 * the other, because only that tells what became of it (kafkajs throws one error for all). What is then not written is told, and is the relay's to send
 * again: its records carry their sequence, so doubles are harmless.
 *
 * Aborting `publish` begins no further attempt; the outcome says what is known by then.
 */
export class KafkaPublisher implements Publisher {
  readonly #client: KafkaClient;
  readonly #topics: Topics;
  #session: ProducerSession | undefined;
  #pending: Promise<PublishOutcome> | undefined;
  #isClosed = false;

  constructor(client: KafkaClient, topics: Topics) {
    this.#client = client;
    this.#topics = topics;
  }

  async partitions(topic: string): Promise<number> {
    await this.#topics.check();
    return (await this.#topics.recheck(topic)).partitions;
  }

  async publish(
    records: readonly PublishRecord[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishOutcome> {
    if (this.#isClosed) throw new PublisherClosed();
    if (this.#pending !== undefined) throw new PublishConcurrent();
    this.#pending = this.#publish(records, signal);
    try {
      return await this.#pending;
    } finally {
      this.#pending = undefined;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Drained first: kafkajs' disconnect returns at once and writes what is pending afterwards (R8).
    await this.#pending?.catch(() => undefined);
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #publish(records: readonly PublishRecord[], signal: AbortSignal | undefined): Promise<PublishOutcome> {
    const { facts, cause } = await this.#open();
    const chunkBytes = Math.min(CHUNK_BYTES, ...[...facts.values()].map(({ maxBatchBytes }) => maxBatchBytes));
    const deliveries = partitionChunks(records, chunkBytes).map((group) => {
      const delivery = new Delivery(group);
      if (cause === undefined) refuseUnfit(delivery, group, facts);
      else delivery.doubt(cause);
      return delivery;
    });
    if (cause === undefined) {
      await this.#together(deliveries, signal);
      await this.#oneByOne(deliveries, signal);
    }
    const outcome = deliveries.map((delivery) => delivery.outcome());
    // An idempotent number given to a batch that was given up would be taken by the next, different one, and that be acknowledged as a double.
    if (outcome.some(({ kind }) => kind !== 'written')) this.#discard();
    return outcome;
  }

  async #together(deliveries: readonly Delivery[], signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const open = deliveries.filter(({ isOpen }) => isOpen);
      const session = this.#session;
      if (open.length === 0 || session === undefined || stop(open, signal)) return;
      try {
        const answered = await session.send(open.map((delivery) => delivery.next()));
        if (!this.#settle(open, answered)) return;
      } catch (error) {
        for (const delivery of open) delivery.doubt(asBrokerError('publishing', error));
        return;
      }
    }
  }

  async #oneByOne(deliveries: readonly Delivery[], signal: AbortSignal | undefined): Promise<void> {
    const endsAt = Date.now() + SECOND_ROUND_MS;
    for (const delivery of deliveries) {
      while (delivery.isOpen && Date.now() < endsAt && !stop([delivery], signal)) {
        const { cause } = await this.#open();
        if (cause !== undefined) {
          delivery.doubt(cause);
          break;
        }
        try {
          const answered = await this.#session?.send([delivery.next()]);
          if (!this.#settle([delivery], answered ?? new Map())) break;
        } catch (error) {
          delivery.failed(error);
          break;
        }
      }
    }
  }

  /** True when the answer names every partition sent to (R5). */
  #settle(deliveries: readonly Delivery[], answered: Answered): boolean {
    let isComplete = true;
    for (const delivery of deliveries) {
      if (answered.has(delivery.lane)) delivery.written(answered.get(delivery.lane));
      else {
        delivery.doubt(new AnswerIncomplete(delivery.lane));
        isComplete = false;
      }
    }
    // Its pool of brokers may be corrupt: then it answers so for ever and writes nothing (R5b).
    if (!isComplete) this.#discard();
    return isComplete;
  }

  async #open(): Promise<{ readonly facts: ReadonlyMap<string, TopicFacts>; readonly cause?: unknown }> {
    try {
      await this.#topics.check();
      if (this.#session?.isUsable === false) this.#discard();
      this.#session ??= await ProducerSession.open(this.#client, this.#topics);
      return { facts: this.#session.facts };
    } catch (cause) {
      return { facts: new Map(), cause };
    }
  }

  #discard(): void {
    this.#session?.discard();
    this.#session = undefined;
  }
}

/** Before anything is sent: what can never be written, or would be lost without a word. */
function refuseUnfit(delivery: Delivery, group: PartitionChunks, facts: ReadonlyMap<string, TopicFacts>): void {
  const { topic, partition, chunks, largestBytes } = group;
  const known = facts.get(topic);
  if (known === undefined) delivery.refuse(new TopicUnknown(topic, 'undeclared'));
  else if (!(partition >= 0 && partition < known.partitions))
    delivery.refuse(new PartitionUnknown(topic, partition, known.partitions));
  else if (largestBytes > known.maxBatchBytes)
    delivery.refuse(
      new RecordRefused(
        topic,
        partition,
        `one takes ${largestBytes} bytes, the topic ${known.maxBatchBytes} (max.message.bytes)`,
      ),
    );
  else if (chunks.some((chunk) => chunk.some(({ value }) => value.byteLength === 0)))
    delivery.refuse(new RecordRefused(topic, partition, 'one has an empty value, which would delete its key'));
}

function stop(deliveries: readonly Delivery[], signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  for (const delivery of deliveries) delivery.doubt(signal.reason);
  return true;
}
