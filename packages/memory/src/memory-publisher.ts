import { setImmediate } from 'node:timers/promises';
import { InputInvalid } from '@leftfold/core';
import type { PartitionOutcome, Publisher, PublishOutcome, PublishRecord } from '@leftfold/subscriptions';
import { laneOf } from './memory-topics.ts';
import type { MemoryTopics } from './memory-topics.ts';

/** What a broker is made to answer for the records of one partition, and how many of them it wrote all the same. Default 0. */
export type MadeUpOutcome = PartitionOutcome & { readonly wrote?: number };
/** Asked before each write; `undefined` lets it through. For tests of what follows a fault. */
export type MakeUpOutcome = (
  records: readonly PublishRecord[],
) => MadeUpOutcome | undefined | Promise<MadeUpOutcome | undefined>;

/** Writes to topics in memory. */
export class MemoryPublisher implements Publisher {
  readonly #topics: MemoryTopics;
  readonly #fail: MakeUpOutcome | undefined;
  #pending: Promise<unknown> | undefined;
  #isClosed = false;

  constructor(topics: MemoryTopics, fail?: MakeUpOutcome) {
    this.#topics = topics;
    this.#fail = fail;
  }

  async partitions(topic: string): Promise<number> {
    this.#topics.make(topic);
    return this.#topics.partitionCount;
  }

  async publish(
    records: readonly PublishRecord[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishOutcome> {
    if (this.#isClosed)
      throw new InputInvalid('LF_PUBLISHER_CLOSED', 'this publisher is closed; ask the broker for another');
    if (this.#pending) {
      throw new InputInvalid(
        'LF_PUBLISH_CONCURRENT',
        'a publish is pending; await it, or ask the broker for a publisher for each lane',
      );
    }
    const byLane = Map.groupBy(records, ({ topic, partition }) => laneOf(topic, partition));
    const publishing = (async () => {
      const outcome: PartitionOutcome[] = [];
      for (const [, ofLane] of byLane) outcome.push(await this.#write(ofLane, signal));
      return outcome;
    })();
    this.#pending = publishing;
    return publishing.finally(() => (this.#pending = undefined));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pending?.catch(() => {});
  }

  async #write(records: readonly PublishRecord[], signal: AbortSignal | undefined): Promise<PartitionOutcome> {
    const { topic, partition } = records[0] as PublishRecord;
    this.#topics.make(topic);
    // As with a broker, the answer does not come in the same breath.
    await setImmediate();
    const refused = this.#refusal(records);
    if (refused) return { topic, partition, kind: 'notWritten', refused: true, cause: refused };
    if (signal?.aborted) return { topic, partition, kind: 'notWritten', refused: false, cause: signal.reason };
    const { wrote = 0, ...madeUp } = (await this.#fail?.(records)) ?? {};
    const isWritten = !('kind' in madeUp) || madeUp.kind === 'written';
    const lane = laneOf(topic, partition);
    this.#topics.add(lane, isWritten ? records : records.slice(0, wrote));
    if ('kind' in madeUp) return madeUp;
    return { topic, partition, kind: 'written', nextOffset: BigInt(this.#topics.records(lane).length) };
  }
  #refusal(records: readonly PublishRecord[]): unknown {
    const { topic, partition } = records[0] as PublishRecord;
    const count = this.#topics.partitionCount;
    if (!(partition >= 0 && partition < count)) {
      return new InputInvalid(
        'LF_PARTITION_UNKNOWN',
        `topic ${topic} has partitions 0 to ${count - 1}, a record names ${partition}; ask partitions() again`,
      );
    }
    if (records.some(({ value }) => value.length === 0)) {
      return new InputInvalid(
        'LF_RECORD_REFUSED',
        `a record for ${topic}/${partition} has an empty value, which would delete its key`,
      );
    }
    return undefined;
  }
}
