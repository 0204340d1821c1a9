import type { Batch, IHeaders } from 'kafkajs';
import { FetchMisplaced } from '../errors.ts';
import { headerTexts } from '../fetched-batch.ts';
import type { FetchedBatch } from '../fetched-batch.ts';
import type { LaneFeed } from '../lane-run.ts';
import { topicLane } from '../topic-lane.ts';
import type { TopicPartition } from '../topic-lane.ts';
import { fetchedOffset } from './fetched-offset.ts';

/** The part of the consumer that one lane moves. */
export interface LaneFetching {
  pause(): void;
  /** Seeks, then resumes. */
  resumeAt(offset: bigint): void;
  /** Told when a batch came that nobody had asked for. */
  onStray(): void;
}

/**
 * What kafkajs fetches of one partition during one assignment. Given paused; sought and resumed when the first batch is asked for, and from then on only
 * the batch that was asked for is taken: seek and pause are best effort in kafkajs, this decides (C2).
 */
export class AssignedLane implements LaneFeed {
  readonly #at: TopicPartition;
  readonly #fetching: LaneFetching;
  /** Of the next batch; undefined while there is one, or none is wanted. */
  #wanted: bigint | undefined;
  #arrival: PromiseWithResolvers<FetchedBatch> | undefined;
  /** Told when the batch under way is dealt with. */
  #done: (() => void) | undefined;
  #isPaused = true;

  constructor(at: TopicPartition, fetching: LaneFetching) {
    this.#at = at;
    this.#fetching = fetching;
  }

  next(offset: bigint): Promise<FetchedBatch> {
    this.#arrival = Promise.withResolvers();
    this.#wanted = offset;
    if (this.#isPaused) this.#fetching.resumeAt(offset);
    this.#isPaused = false;
    return this.#arrival.promise;
  }

  done(): void {
    this.#done?.();
    this.#done = undefined;
  }

  stop(): void {
    this.#wanted = undefined;
    this.#arrival?.promise.catch(() => undefined);
    this.#arrival?.reject(new Error('no batch is wanted any more'));
    this.#pause();
  }

  /**
   * A batch the consumer has fetched: taken when it is the one asked for, else dropped; it will be fetched again. The answer resolves when it is dealt
   * with, well or not.
   */
  take(batch: Batch): Promise<void> | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) return this.#stray();
    try {
      const fetched = fetchedOffset(batch);
      if (fetched !== wanted) throw new FetchMisplaced(topicLane(batch.topic, batch.partition), wanted, fetched);
    } catch (error) {
      this.#arrival?.reject(error);
      return this.#stray();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done = resolve;
    this.#arrival?.resolve(neutral(batch));
    return promise;
  }

  /**
   * Where nothing is left of a batch, since all of it was rolled back or is markers of transactions, kafkajs does not show it, and goes on behind it by
   * itself: an end that lies there would never be reached, and the next batch would not be the one asked for.
   */
  passOver(nextOffset: bigint): void {
    if (this.#wanted === undefined || nextOffset <= this.#wanted) return;
    this.#wanted = undefined;
    this.#pause();
    this.#arrival?.resolve({ ...this.#at, records: [], nextOffset });
  }

  /** The consumer waits no longer for the batch under way: nothing more is fetched here until the next is asked for. */
  detach(): void {
    if (this.#wanted === undefined) this.#pause();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#fetching.pause();
  }

  #stray(): undefined {
    this.#fetching.onStray();
  }
}

function neutral(batch: Batch): FetchedBatch {
  return {
    topic: batch.topic,
    partition: batch.partition,
    records: batch.messages.map(({ offset, key, value, headers }) => ({
      offset: BigInt(offset),
      key: key?.toString() ?? null,
      value,
      headers: headerTexts(lastOfEach(headers)),
    })),
    nextOffset: BigInt(batch.lastOffset()) + 1n,
  };
}

function* lastOfEach(headers: IHeaders = {}): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(headers)) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) yield [name, last.toString()];
  }
}
