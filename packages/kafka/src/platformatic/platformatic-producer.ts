import type { PublishRecord } from '@leftfold/subscriptions';
import type { MessageToProduce, Producer as PlatformaticOwn } from '@platformatic/kafka';
import { setTimeout as pause } from 'node:timers/promises';
import { brokerFault } from '../broker-fault.ts';
import type { Answered, Parcel, Producer } from '../client.ts';
import { headerName } from '../header-name.ts';
import type { KafkaOptions } from '../options.ts';
import type { TimeLimits } from '../time-limits.ts';
import { topicLane } from '../topic-lane.ts';
import { HeldConnections } from './held-connections.ts';
import { keepPartitions } from './kept-partitions.ts';
import { offsetOf, partitionAnswers } from './partition-answers.ts';
import { platformatic, platformaticSettings } from './platformatic-settings.ts';

/** All in-sync replicas. */
const ACKS_ALL = -1;
/** Tries for a number while the cluster gets ready to give any, with pauses between them. */
const NUMBER_TRIES = 10;
const NUMBER_PAUSE_MS = 200;
const NOT_READY = /^COORDINATOR_(LOAD_IN_PROGRESS|NOT_AVAILABLE)$/;

/**
 * One producer of `@platformatic/kafka`. Its answers name each partition, also where a send fails, so that what one partition suffers is not the others'
 * doubt.
 */
export class PlatformaticProducer implements Producer {
  readonly #producer: PlatformaticOwn;
  readonly #connections: HeldConnections;

  private constructor(producer: PlatformaticOwn, connections: HeldConnections) {
    this.#producer = producer;
    this.#connections = connections;
  }

  /**
   * Idempotent, as with kafkajs: a try whose answer was lost is repeated under its number, and the broker drops it. The client is told so at each send
   * and not when it is made, since that would have it try again for ever.
   */
  static async connect(options: KafkaOptions, limits: TimeLimits): Promise<Producer> {
    const library = await platformatic();
    const producer = new library.Producer({ ...platformaticSettings(options, limits), maxInflights: 1 });
    const connections = new HeldConnections(producer);
    keepPartitions(producer, library.kMetadata, options.topics);
    try {
      await numbered(producer);
    } catch (error) {
      connections.release();
      throw error;
    }
    return new PlatformaticProducer(producer, connections);
  }

  async send(parcels: readonly Parcel[]): Promise<Answered> {
    const messages = parcels.flatMap(({ topic, partition, records }) =>
      records.map((record) => message(topic, partition, record)),
    );
    try {
      const { offsets = [] } = await this.#producer.send({ messages, acks: ACKS_ALL, idempotent: true });
      return {
        written: new Map(
          offsets.map(({ topic, partition, offset }) => [topicLane(topic, partition), offsetOf(offset)]),
        ),
      };
    } catch (error) {
      return partitionAnswers(error);
    }
  }

  /** A send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    this.#connections.release();
  }

  /** Nothing is under way any more. */
  async close(): Promise<void> {
    this.#connections.release();
  }
}

/** Gives a producer its number. A cluster that has just come up has none to give for a moment. */
async function numbered(producer: PlatformaticOwn): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await producer.initIdempotentProducer({});
      return;
    } catch (error) {
      if (tries === NUMBER_TRIES || !NOT_READY.test(brokerFault(error).name)) throw error;
      await pause(NUMBER_PAUSE_MS);
    }
  }
}

/** Buffers throughout: without serializers the client takes nothing else, and says so as if the network had failed. */
function message(topic: string, partition: number, { key, value, headers }: PublishRecord): MessageToProduce {
  const bytes = new Map<Buffer, Buffer>();
  for (const name in headers) bytes.set(headerName(name), Buffer.from(headers[name] ?? ''));
  return {
    topic,
    partition,
    key: Buffer.from(key),
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers: bytes,
  };
}
