import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Behind, Codec, Cursor, Lane, Reader, Source, SourceRecord } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { asBrokerError } from '../broker-fault.ts';
import { cursorOffset } from '../cursor.ts';
import { namedLanes } from '../named-lanes.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions } from '../options.ts';
import { recordsBehind } from '../records-behind.ts';
import { SourceCounts } from '../source-counts.ts';
import { topicLane } from '../topic-lane.ts';
import type { Topics } from '../topics.ts';
import { WatermarkReader } from '../watermarks.ts';
import { ConsumerSession } from './consumer-session.ts';
import { deleteGroup, groupOf } from './consumer-group.ts';
import type { KafkajsClient } from './kafkajs-client.ts';

/** A consumer that lived this long was sound: the next crash is the first again. */
const SOUND_MS = 30_000;

/**
 * The declared topics, one lane a partition, shared among all readers of one name by a consumer group. The reader's saved place alone counts, and kafkajs
 * is told to seek there; what is committed to Kafka is for people, and nobody reads it back.
 *
 * A bounded reader has a group of its own, of this process alone, which is deleted at the end.
 */
export class KafkajsSource implements Source<SourceRecord> {
  readonly name: string;
  readonly ownership = 'assigned' as const;
  /** What happened since this process began. */
  readonly counts: SourceCounts = new SourceCounts();
  readonly #client: KafkajsClient;
  readonly #topics: Topics;
  readonly #options: KafkaOptions;
  readonly #codec: Codec;
  readonly #watermarks: WatermarkReader;

  constructor(client: KafkajsClient, topics: Topics, options: KafkaOptions, codec: Codec) {
    this.name = `kafka ${topics.declared.map(({ name }) => name).join(', ')}`;
    this.#client = client;
    this.#topics = topics;
    this.#options = options;
    this.#codec = codec;
    this.#watermarks = new WatermarkReader(client, topics);
  }

  async run(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<void> {
    const lanes = namedLanes(this.#topics.declared, reader);
    if (lanes.length === 0) return;
    const group = groupOf(this.#options.clientId, reader);
    try {
      await this.#follow(
        reader,
        group,
        new Set(lanes.map(({ topic, partition }) => topicLane(topic, partition))),
        signal,
      );
    } finally {
      if (reader.until !== undefined) await deleteGroup(this.#client, group);
    }
  }

  async #follow(
    reader: Reader<SourceRecord>,
    group: string,
    lanes: ReadonlySet<Lane>,
    signal: AbortSignal,
  ): Promise<void> {
    const sessionMs = this.#options.sessionTimeoutMs ?? LIMITS.sessionTimeoutMs.standard;
    const isBounded = reader.until !== undefined;
    let isTroubled = false;
    for (let attempt = 0; !signal.aborted;) {
      const began = Date.now();
      let session: ConsumerSession | undefined;
      let retryMs = 0;
      try {
        await this.#topics.check();
        session = new ConsumerSession(
          this.#client.consumer(group),
          lanes,
          {
            reader,
            watermarks: this.#watermarks,
            codec: this.#codec,
            onSeen: (count) => this.counts.seen(count),
            onStray: () => this.counts.stray(),
            onJoined: () => {
              if (isTroubled) reader.recovered?.(undefined);
              isTroubled = false;
            },
            commits: !isBounded && this.#options.commitOffsets !== false,
            onCommitFault: (error) => this.counts.commitFailed(error),
          },
          // A join may take three session time-outs before anything is wrong.
          sessionMs * 4 + 20_000,
        );
        await session.run(signal);
        if (isBounded) return;
      } catch (error) {
        if (signal.aborted) return;
        const fault = asBrokerError(`reading as ${reader.name}`, await this.#client.explained(group, error));
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

  head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return this.#watermarks.head();
  }

  async behind(places: ReadonlyMap<Lane, Cursor | 'start'>): Promise<ReadonlyMap<Lane, Behind>> {
    return recordsBehind(await this.#watermarks.all(), places);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return cursorOffset(cursor) >= cursorOffset(head);
  }
}
