import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Lane, Reader, SourceRecord } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { asBrokerError } from '../broker-fault.ts';
import { groupOf } from '../group-name.ts';
import { namedLanes } from '../named-lanes.ts';
import { LIMITS } from '../options.ts';
import type { KafkaOptions } from '../options.ts';
import { topicLane } from '../topic-lane.ts';
import { TopicSource } from '../topic-source.ts';
import type { Topics } from '../topics.ts';
import { ConsumerSession } from './consumer-session.ts';
import { deleteGroup } from './consumer-group.ts';
import type { KafkajsClient } from './kafkajs-client.ts';

/** A consumer that lived this long was sound: the next crash is the first again. */
const SOUND_MS = 30_000;

/**
 * The declared topics, one lane a partition, shared among all readers of one name by a consumer group. The reader's saved place alone counts, and kafkajs
 * is told to seek there; what is committed to Kafka is for people, and nobody reads it back.
 *
 * A bounded reader has a group of its own, of this process alone, which is deleted at the end.
 */
export class KafkajsSource extends TopicSource {
  readonly ownership = 'assigned' as const;
  readonly #client: KafkajsClient;

  constructor(client: KafkajsClient, topics: Topics, options: KafkaOptions) {
    super(client, topics, options);
    this.#client = client;
  }

  async run(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<void> {
    const lanes = namedLanes(this.topics.declared, reader);
    if (lanes.length === 0) return;
    const group = groupOf(this.options.clientId, reader);
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
    const sessionMs = this.options.sessionTimeoutMs ?? LIMITS.sessionTimeoutMs.standard;
    const isBounded = reader.until !== undefined;
    let isTroubled = false;
    for (let attempt = 0; !signal.aborted;) {
      const began = performance.now();
      let session: ConsumerSession | undefined;
      let retryMs = 0;
      try {
        await this.topics.check();
        session = new ConsumerSession(
          this.#client.consumer(group),
          lanes,
          {
            ...this.reading(reader),
            onStray: () => this.counts.stray(),
            onJoined: () => {
              if (isTroubled) reader.recovered?.(undefined);
              isTroubled = false;
            },
            commits: this.tells(reader),
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
        attempt = performance.now() - began > SOUND_MS ? 1 : attempt + 1;
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
}
