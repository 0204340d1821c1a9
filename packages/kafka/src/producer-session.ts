import { asBrokerError } from './broker-fault.ts';
import type { Answered, KafkaClient, Parcel, Producer } from './client.ts';
import { BrokerUnavailable } from './errors.ts';
import type { TopicFacts, Topics } from './topics.ts';

/** An attempt that takes longer hangs. The client bounds each request by itself; this bounds the client. */
const ATTEMPT_LIMIT_MS = 15_000;

/**
 * One producer and what was known of the topics when it was opened. It is thrown away after anything doubtful: an answer that leaves a
 * partition out means its broker pool may be corrupt for ever (R5b), a send given up means its idempotent numbers no longer hold.
 * One send at a time: two at once can lose one of them (R6).
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
    const connecting = client.producer();
    try {
      return new ProducerSession(await limited(connecting), facts);
    } catch (error) {
      // Given up, it may go through after all, and what it opened would stay open.
      connecting.then(
        (late) => late.discard(),
        () => undefined,
      );
      throw asBrokerError('connecting to publish', error);
    }
  }

  /** Sends once; the answer names the partitions (as lanes) that all in-sync replicas hold. What it leaves out is not known. Rejects as the client does. */
  async send(parcels: readonly Parcel[]): Promise<Answered> {
    return limited(this.#producer.send(parcels), () => (this.isUsable = false));
  }

  /** No fence: a send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    this.#producer.discard();
  }

  async close(): Promise<void> {
    await limited(this.#producer.close()).catch(() => undefined);
  }
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
