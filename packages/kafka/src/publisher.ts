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
import { TIME_LIMITS } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import type { TopicFacts, Topics } from './topics.ts';

/**
 * Publishes over either client, made for broken connections, lost answers, moving leaders and killed brokers: two rounds, nothing
 * more. The first sends to all partitions at once. Of what is doubtful then the second sends to each partition alone, one after
 * the other, because only that tells what became of it (kafkajs throws one error for all). What is then not written is told, and is the relay's to send
 * again: its records carry their sequence, so doubles are harmless.
 *
 * Aborting `publish` begins no further attempt; the outcome says what is known by then.
 */
export class KafkaPublisher implements Publisher {
  readonly #client: KafkaClient;
  readonly #topics: Topics;
  readonly #limits: TimeLimits;
  #session: ProducerSession | undefined;
  #pending: Promise<PublishOutcome> | undefined;
  #isClosed = false;
  /** In the last second round. Next time they come last: one broker that answers nothing must not use up the time of all others, publish after publish. */
  #failedAlone: Set<string> = new Set();
  #replacements = 0;

  constructor(client: KafkaClient, topics: Topics, limits: TimeLimits = TIME_LIMITS) {
    this.#client = client;
    this.#topics = topics;
    this.#limits = limits;
  }

  get replacements(): number {
    return this.#replacements;
  }

  async partitions(topic: string): Promise<number> {
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
    const { session, cause } = await this.#open();
    const facts = session?.facts ?? new Map<string, TopicFacts>();
    const chunkBytes = Math.min(CHUNK_BYTES, ...[...facts.values()].map(({ maxBatchBytes }) => maxBatchBytes));
    const deliveries = partitionChunks(records, chunkBytes).map((group) => {
      const delivery = new Delivery(group);
      if (session !== undefined) refuseUnfit(delivery, group, facts);
      else delivery.doubt(cause);
      return delivery;
    });
    if (session !== undefined) {
      await this.#together(deliveries, session, signal);
      await this.#oneByOne(deliveries, signal);
      await this.#measure(deliveries.filter(({ isOversized }) => isOversized));
    }
    const outcome = deliveries.map((delivery) => delivery.outcome());
    // An idempotent number given to a batch that was given up would be taken by the next, different one, and that be acknowledged as a double.
    if (outcome.some(({ kind }) => kind !== 'written')) this.#discard();
    return outcome;
  }

  async #together(
    deliveries: readonly Delivery[],
    session: ProducerSession,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (;;) {
      const open = deliveries.filter(({ isOpen }) => isOpen);
      if (open.length === 0 || stop(open, signal)) return;
      if (!this.#settle(open, await session.send(open.map((delivery) => delivery.next())))) return;
    }
  }

  async #oneByOne(deliveries: readonly Delivery[], signal: AbortSignal | undefined): Promise<void> {
    const endsAt = performance.now() + this.#limits.secondRoundMs;
    const failedBefore = this.#failedAlone;
    const order = [
      ...deliveries.filter(({ lane }) => !failedBefore.has(lane)),
      ...deliveries.filter(({ lane }) => failedBefore.has(lane)),
    ];
    this.#failedAlone = new Set();
    for (const delivery of order) {
      while (delivery.isOpen && performance.now() < endsAt && !stop([delivery], signal)) {
        const { session, cause } = await this.#open();
        if (session === undefined) {
          delivery.doubt(cause);
          break;
        }
        if (this.#settle([delivery], await session.send([delivery.next()]))) continue;
        this.#failedAlone.add(delivery.lane);
        break;
      }
    }
  }

  /** The limit was lowered since the session began: what it is now is asked for, for the message alone. */
  async #measure(oversized: readonly Delivery[]): Promise<void> {
    if (oversized.length === 0) return;
    const facts = await this.#topics.facts().catch(() => new Map<string, TopicFacts>());
    for (const delivery of oversized) {
      const limitBytes = facts.get(delivery.topic)?.maxBatchBytes ?? Infinity;
      if (Number.isFinite(limitBytes)) delivery.measured(limitBytes);
    }
  }

  /** True when it is known of every partition sent to what became of it. */
  #settle(deliveries: readonly Delivery[], { written, failed, cause }: Answered): boolean {
    let isKnown = true;
    for (const delivery of deliveries) {
      const { lane } = delivery;
      if (written.has(lane)) delivery.written(written.get(lane));
      else if (failed?.has(lane) === true) delivery.failed(failed.get(lane));
      else if (cause !== undefined && deliveries.length === 1) delivery.failed(cause);
      else if (cause !== undefined) delivery.doubt(asBrokerError('publishing', cause));
      else {
        // The answer must name every partition sent to (R5).
        delivery.doubt(new AnswerIncomplete(lane));
        // Its pool of brokers may be corrupt: then it answers so for ever and writes nothing (R5b).
        this.#discard();
      }
      isKnown &&= written.has(lane) || delivery.isRefused;
    }
    return isKnown;
  }

  /** The session, or why there is none now. */
  async #open(): Promise<{ readonly session?: ProducerSession; readonly cause?: unknown }> {
    try {
      if (this.#session?.isUsable === false) this.#discard();
      this.#session ??= await ProducerSession.open(this.#client, this.#topics, this.#limits);
      return { session: this.#session };
    } catch (cause) {
      return { cause };
    }
  }

  #discard(): void {
    if (this.#session !== undefined) this.#replacements += 1;
    this.#session?.discard();
    this.#session = undefined;
  }
}

/** Before anything is sent: what can never be written, or would be lost without a word. */
function refuseUnfit(delivery: Delivery, group: PartitionChunks, facts: ReadonlyMap<string, TopicFacts>): void {
  const { topic, partition, chunks, largestBytes } = group;
  const known = facts.get(topic);
  if (known === undefined) delivery.block(new TopicUnknown(topic, 'undeclared'));
  else if (known.problem !== undefined) delivery.block(known.problem);
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
