import type { PublishRecord } from '@leftfold/subscriptions';
import type { Message, Producer } from 'kafkajs';
import { asBrokerError } from './broker-fault.ts';
import type { KafkaClient } from './client.ts';
import { ACK_TIMEOUT_MS } from './client.ts';
import { BrokerUnavailable } from './errors.ts';
import { topicLane } from './topic-lane.ts';
import type { TopicPartition } from './topic-lane.ts';
import type { TopicFacts, Topics } from './topics.ts';

/** What goes to one partition in one send. */
export interface Parcel extends TopicPartition {
  readonly records: readonly PublishRecord[];
}

/** An attempt that takes longer hangs. kafkajs bounds each request by itself; this bounds kafkajs. */
const ATTEMPT_LIMIT_MS = 15_000;

/**
 * One kafkajs producer and what was known of the topics when it was opened. It is thrown away after anything doubtful: an answer that leaves a
 * partition out means its broker pool may be corrupt for ever (R5b), a send given up means its idempotent numbers no longer hold.
 * One send at a time: two at once can lose one of them (R6). Within a send kafkajs, being idempotent, locks each broker, so what a failed send has
 * still under way to one is over before the next send to it.
 */
export class ProducerSession {
  readonly facts: ReadonlyMap<string, TopicFacts>;
  /** False after an attempt that hangs: it may still be under way, and a second send beside it could lose one of both (R6). */
  isUsable = true;
  readonly #producer: Producer;

  private constructor(producer: Producer, facts: ReadonlyMap<string, TopicFacts>) {
    this.#producer = producer;
    this.facts = facts;
  }

  /** @throws BrokerUnavailable `LF_BROKER_UNAVAILABLE`, BrokerRefused `LF_BROKER_REFUSED`, and what {@link Topics.facts} throws */
  static async open(client: KafkaClient, topics: Topics): Promise<ProducerSession> {
    const facts = await topics.facts();
    const producer = client.producer();
    const connecting = producer.connect();
    try {
      await limited(connecting);
    } catch (error) {
      discard(producer);
      // Given up, it may go through after all, and what it opened would stay open.
      connecting.then(
        () => discard(producer),
        () => undefined,
      );
      throw asBrokerError('connecting to publish', error);
    }
    return new ProducerSession(producer, facts);
  }

  /** Sends once; the answer names the partitions (as lanes) that all in-sync replicas hold. What it leaves out is not known. Rejects as kafkajs does. */
  async send(parcels: readonly Parcel[]): Promise<ReadonlySet<string>> {
    const messages = new Map<string, Message[]>();
    for (const { topic, records } of parcels) {
      const list = messages.get(topic) ?? [];
      for (const record of records) list.push(message(record));
      messages.set(topic, list);
    }
    const sent = this.#producer.sendBatch({
      acks: -1,
      timeout: ACK_TIMEOUT_MS,
      topicMessages: [...messages].map(([topic, list]) => ({ topic, messages: list })),
    });
    const answer = await limited(sent, () => (this.isUsable = false));
    return new Set(answer.map(({ topicName, partition }) => topicLane(topicName, partition)));
  }

  /** No fence: a send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    discard(this.#producer);
  }

  async close(): Promise<void> {
    await limited(this.#producer.disconnect()).catch(() => undefined);
  }
}

function message({ key, value, headers, partition }: PublishRecord): Message {
  return { key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers, partition };
}

function discard(producer: Producer): void {
  producer.disconnect().catch(() => undefined);
}

async function limited<T>(attempt: Promise<T>, onHang?: () => void): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    onHang?.();
    reject(new BrokerUnavailable(`no answer within ${ATTEMPT_LIMIT_MS} ms`, undefined));
  }, ATTEMPT_LIMIT_MS);
  try {
    return await Promise.race([attempt, promise]);
  } finally {
    clearTimeout(timer);
  }
}
