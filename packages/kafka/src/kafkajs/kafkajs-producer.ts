import type { PublishRecord } from '@leftfold/subscriptions';
import type { Kafka, Message, Producer as KafkajsOwn } from 'kafkajs';
import type { Answered, Parcel, Producer } from '../client.ts';
import { topicLane } from '../topic-lane.ts';
import { FEW } from './kafkajs-client.ts';

/** How long the leader may wait for its in-sync replicas. Shorter than the request's own, so that the broker's answer tells why. */
const ACK_TIMEOUT_MS = 4_000;

/**
 * One kafkajs producer. Within a send kafkajs, being idempotent, locks each broker, so what a failed send has still under way to one is over before the
 * next send to it.
 */
export class KafkajsProducer implements Producer {
  readonly #producer: KafkajsOwn;

  constructor(producer: KafkajsOwn) {
    this.#producer = producer;
  }

  /**
   * Idempotent: a batch whose answer was lost is sent again under its number, and the broker drops it (685 doubles instead of 20,050 in half a
   * million records under faults), at no measurable cost. Doubles that remain are told by their sequence.
   */
  static async connect(kafka: Pick<Kafka, 'producer'>): Promise<Producer> {
    const producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // 1 is the least an idempotent producer may have.
      retry: { ...FEW, retries: 1, initialRetryTime: 30, maxRetryTime: 100 },
      // Every record names its partition; a record without one must not find a way (R8).
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? -1,
    });
    try {
      await producer.connect();
    } catch (error) {
      discard(producer);
      throw error;
    }
    return new KafkajsProducer(producer);
  }

  async send(parcels: readonly Parcel[]): Promise<Answered> {
    const messages = new Map<string, Message[]>();
    for (const { topic, records } of parcels) {
      const list = messages.get(topic) ?? [];
      for (const record of records) list.push(message(record));
      messages.set(topic, list);
    }
    const answer = await this.#producer.sendBatch({
      acks: -1,
      timeout: ACK_TIMEOUT_MS,
      topicMessages: [...messages].map(([topic, list]) => ({ topic, messages: list })),
    });
    return new Map(
      answer.map(({ topicName, partition, baseOffset }) => [topicLane(topicName, partition), offsetOf(baseOffset)]),
    );
  }

  /** A send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    discard(this.#producer);
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }
}

function message({ key, value, headers, partition }: PublishRecord): Message {
  return { key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers, partition };
}

/** Absent, or negative where the broker knew the batch for a double. */
function offsetOf(text: string | undefined): bigint | undefined {
  const offset = text === undefined ? -1n : BigInt(text);
  return offset < 0n ? undefined : offset;
}

function discard(producer: KafkajsOwn): void {
  producer.disconnect().catch(() => undefined);
}
