import type { FetchedBatch } from '../fetched-batch.ts';
import type { LaneFeed } from '../lane-run.ts';
import type { TopicPartition } from '../topic-lane.ts';
import type { FetchAnswer, FetchPlace } from './fetch-client.ts';

/** The part of the fetch loop that one lane moves. */
export interface LaneFetches {
  /** The topic's id, as the loop has it. */
  topicId(topic: string): Promise<string>;
  /** A lane may want something now that it did not want before. */
  wake(): void;
}

/** What a lane wants to have fetched. */
export interface Wanted {
  readonly place: FetchPlace;
  /** The same for all that joins; another one since it began anew elsewhere. */
  readonly turn: number;
  readonly answered: (answer: FetchAnswer) => void;
}

/**
 * One partition that is fetched directly. While its batch is dealt with one more is fetched, not two: a lane that is slow is simply not asked for, so what is
 * held in memory is bounded.
 */
export class FetchedLane implements LaneFeed, TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #fetches: LaneFetches;
  readonly #end: () => bigint | undefined;
  #topicId: string | undefined;
  /** Where the next fetch begins; undefined while nothing is wanted. */
  #position: bigint | undefined;
  #ahead: { readonly from: bigint; readonly answer: FetchAnswer } | undefined;
  #waiting: PromiseWithResolvers<FetchedBatch> | undefined;
  /** Names what is wanted: an answer to what was wanted before is dropped. */
  #turn = 0;

  /** @param end of a bounded reader, as it is now */
  constructor({ topic, partition }: TopicPartition, fetches: LaneFetches, end: () => bigint | undefined) {
    this.topic = topic;
    this.partition = partition;
    this.#fetches = fetches;
    this.#end = end;
  }

  async topicId(): Promise<string> {
    return (this.#topicId = await this.#fetches.topicId(this.topic));
  }

  async next(offset: bigint): Promise<FetchedBatch> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.from === offset) {
      this.#fetches.wake();
      if ('error' in ahead.answer) throw ahead.answer.error;
      return ahead.answer.batch;
    }
    if (this.#position !== offset) {
      this.#position = offset;
      this.#turn += 1;
    }
    this.#waiting = Promise.withResolvers();
    this.#fetches.wake();
    return this.#waiting.promise;
  }

  done(): void {}

  stop(): void {
    this.#turn += 1;
    this.#position = undefined;
    this.#ahead = undefined;
    this.#waiting?.promise.catch(() => undefined);
    this.#waiting?.reject(new Error('no batch is wanted any more'));
    this.#waiting = undefined;
  }

  /** What is to be fetched now, if anything is, and whom to tell. Nothing beyond a bounded reader's end. */
  wanted(): Wanted | undefined {
    const [offset, topicId, turn] = [this.#position, this.#topicId, this.#turn];
    if (offset === undefined || topicId === undefined || this.#ahead !== undefined) return undefined;
    const end = this.#end();
    if (end !== undefined && offset >= end) return undefined;
    return {
      place: { topic: this.topic, partition: this.partition, topicId, offset },
      turn,
      answered: (answer) => {
        if (turn === this.#turn) this.#arrived(offset, answer);
      },
    };
  }

  #arrived(from: bigint, answer: FetchAnswer): void {
    // After a fault nothing is wanted before `next` says what.
    this.#position = 'batch' in answer ? answer.batch.nextOffset : undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#ahead = { from, answer };
    else if ('batch' in answer) waiting.resolve(answer.batch);
    else waiting.reject(answer.error);
  }
}
