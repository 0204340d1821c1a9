import type { PublishRecord } from '@leftfold/subscriptions';
import type { Kafka, Message, Producer as KafkajsOwn } from 'kafkajs';
import type { Answered, Parcel, Producer } from '../client.ts';
import { topicLane } from '../topic-lane.ts';
import type { TimeLimits } from '../time-limits.ts';
import type { HeldSockets } from './held-sockets.ts';
import { FEW } from './kafkajs-settings.ts';

/**
 * One kafkajs producer. Within a send kafkajs, being idempotent, locks each broker, so what a failed send has still under way to one is over before the
 * next send to it.
 */
export class KafkajsProducer implements Producer {
  readonly #producer: KafkajsOwn;
  readonly #sockets: HeldSockets;
  readonly #limits: TimeLimits;

  private constructor(producer: KafkajsOwn, sockets: HeldSockets, limits: TimeLimits) {
    this.#producer = producer;
    this.#sockets = sockets;
    this.#limits = limits;
  }

  /**
   * Idempotent: a batch whose answer was lost is sent again under its number, and the broker drops it (685 doubles instead of 20,050 in half a
   * million records under faults), at no measurable cost. Doubles that remain are told by their sequence.
   */
  static async connect(kafka: Pick<Kafka, 'producer'>, sockets: HeldSockets, limits: TimeLimits): Promise<Producer> {
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
    const made = new KafkajsProducer(producer, sockets, limits);
    try {
      await producer.connect();
    } catch (error) {
      made.discard();
      throw error;
    }
    return made;
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
      timeout: this.#limits.acknowledgeMs,
      topicMessages: [...messages].map(([topic, list]) => ({ topic, messages: list })),
    });
    return {
      written: new Map(
        answer.map(({ topicName, partition, baseOffset }) => [topicLane(topicName, partition), offsetOf(baseOffset)]),
      ),
    };
  }

  /** What a broker has of a send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    this.#producer.disconnect().catch(() => undefined);
    this.#sockets.release();
  }

  /** Nothing is under way any more. */
  async close(): Promise<void> {
    await this.#producer.disconnect().finally(() => this.#sockets.release());
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
