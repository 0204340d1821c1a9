import { asBrokerError } from './broker-fault.ts';
import type { Answered, KafkaClient, Parcel, Producer } from './client.ts';
import { limited } from './limited.ts';
import { TIME_LIMITS } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import type { TopicFacts, Topics } from './topics.ts';

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
  readonly #limits: TimeLimits;

  private constructor(producer: Producer, facts: ReadonlyMap<string, TopicFacts>, limits: TimeLimits) {
    this.#producer = producer;
    this.#limits = limits;
    this.facts = facts;
  }

  /** @throws BrokerUnavailable `LF_BROKER_UNAVAILABLE`, BrokerRefused `LF_BROKER_REFUSED`, and what {@link Topics.facts} throws */
  static async open(client: KafkaClient, topics: Topics, limits: TimeLimits = TIME_LIMITS): Promise<ProducerSession> {
    const facts = await topics.facts();
    const connecting = client.producer();
    try {
      return new ProducerSession(await limited(connecting, limits), facts, limits);
    } catch (error) {
      // Given up, it may go through after all, and what it opened would stay open.
      connecting.then(
        (late) => late.discard(),
        () => undefined,
      );
      throw asBrokerError('connecting to publish', error);
    }
  }

  /** Sends once. Never rejects: a failure is the answer's `cause`. */
  async send(parcels: readonly Parcel[]): Promise<Answered> {
    try {
      return await limited(this.#producer.send(parcels), this.#limits, () => (this.isUsable = false));
    } catch (cause) {
      return { written: new Map(), cause };
    }
  }

  /** No fence: a send given up may still be written afterwards (R8). Its records are told by their sequence. */
  discard(): void {
    this.#producer.discard();
  }

  async close(): Promise<void> {
    await limited(this.#producer.close(), this.#limits).catch(() => undefined);
  }
}
