import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Codec, Cursor, Lane, Reader, Source, SourceRecord } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { asBrokerError } from '../broker-fault.ts';

import { ConsumerSession } from './consumer-session.ts';
import { cursorOffset, endCursor } from '../cursor.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions } from '../options.ts';
import type { KafkajsClient } from './kafkajs-client.ts';
import { topicLane } from '../topic-lane.ts';
import type { Topics } from '../topics.ts';
import { WatermarkReader } from '../watermarks.ts';

/** A consumer that lived this long was sound: the next crash is the first again. */
const SOUND_MS = 30_000;

/**
 * The declared topics, one lane a partition, shared among all readers of one name by a consumer group. Offsets are never committed to Kafka: the reader's
 * saved place alone counts, and kafkajs is told to seek there.
 */
export class KafkajsSource implements Source<SourceRecord> {
  readonly name: string;
  readonly ownership = 'assigned' as const;
  readonly #client: KafkajsClient;
  readonly #topics: Topics;
  readonly #options: KafkaOptions;
  readonly #codec: Codec;
  readonly #watermarks: WatermarkReader;
  #resent = 0;
  #strays = 0;

  constructor(client: KafkajsClient, topics: Topics, options: KafkaOptions, codec: Codec) {
    this.name = `kafka ${topics.declared.map(({ name }) => name).join(', ')}`;
    this.#client = client;
    this.#topics = topics;
    this.#options = options;
    this.#codec = codec;
    this.#watermarks = new WatermarkReader(client, topics);
  }

  /** Records dropped since this process began, because their numbers told that they were sent twice. */
  get resent(): number {
    return this.#resent;
  }

  /** Batches dropped since this process began, because kafkajs had fetched them from a place that nobody had asked for. */
  get strays(): number {
    return this.#strays;
  }

  async run(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<void> {
    const sessionMs = this.#options.sessionTimeoutMs ?? LIMITS.sessionTimeoutMs.standard;
    let isTroubled = false;
    for (let attempt = 0; !signal.aborted;) {
      const began = Date.now();
      let session: ConsumerSession | undefined;
      let retryMs = 0;
      try {
        await this.#topics.check();
        session = new ConsumerSession(
          this.#client.consumer(`${this.#options.clientId}.${reader.name}`),
          this.#topics.declared.map(({ name }) => name),
          {
            reader,
            watermarks: this.#watermarks,
            codec: this.#codec,
            onSeen: (count) => (this.#resent += count),
            onStray: () => this.#strays++,
            onJoined: () => {
              if (isTroubled) reader.recovered?.(undefined);
              isTroubled = false;
            },
          },
          // A join may take three session time-outs before anything is wrong.
          sessionMs * 4 + 20_000,
        );
        await session.run(signal);
      } catch (error) {
        if (signal.aborted) return;
        const fault = asBrokerError(`reading as ${reader.name}`, error);
        attempt = Date.now() - began > SOUND_MS ? 1 : attempt + 1;
        retryMs = fullJitter(attempt, AGAIN);
        isTroubled = true;
        // Before the handlers have ended: one that never does would hide it.
        reader.faulted(undefined, fault, fault.retryable ? retryMs : null);
        if (!fault.retryable) throw fault;
      } finally {
        await session?.end();
      }
      await timer(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    await this.#topics.check();
    const head = new Map<Lane, Cursor>();
    for (const { name } of this.#topics.declared) {
      for (const [partition, { high }] of await this.#watermarks.of(name))
        head.set(topicLane(name, partition), endCursor(high));
    }
    return head;
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return cursorOffset(cursor) >= cursorOffset(head);
  }
}
