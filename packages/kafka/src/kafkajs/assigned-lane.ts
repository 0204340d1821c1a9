import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Cursor, Lane, Reader, SourceRecord } from '@leftfold/subscriptions';
import type { Batch } from 'kafkajs';
import { setTimeout as timer } from 'node:timers/promises';
import { parsePlace, placeCursor } from '../cursor.ts';
import type { Place } from '../cursor.ts';
import { FetchMisplaced, RetentionPassed, TopicRecreated } from '../errors.ts';
import { fetchedOffset } from './fetched-offset.ts';
import { readRecords } from '../read-records.ts';
import type { RecordReading } from '../read-records.ts';
import { topicLane } from '../topic-lane.ts';
import type { TopicPartition } from '../topic-lane.ts';
import type { WatermarkReader } from '../watermarks.ts';

/** What an {@link AssignedLane} works with. */
export interface LaneSetting extends RecordReading {
  readonly reader: Reader<SourceRecord>;
  readonly watermarks: WatermarkReader;
  /** Told when a batch came that nobody had asked for. */
  readonly onStray: () => void;
}
/** The part of the consumer that one lane moves. */
export interface LaneFetching {
  pause(): void;
  /** Seeks, then resumes. */
  resumeAt(offset: bigint): void;
}

/**
 * One partition during one assignment. Given paused; {@link run} asks the reader where it stands, checks the place against the partition, seeks, resumes,
 * and from then on takes only the batch that was asked for: seek and pause are best effort in kafkajs, this decides (C2).
 *
 * A fault pauses the partition and begins again with the reader's saved place: so it is with a record whose schema is not known yet, or cannot be asked
 * for (A7). One that cannot heal leaves it paused until it is assigned anew; other lanes go on, and the membership is kept (the consumer's own loop sends
 * the heartbeats, it never waits for a handler longer than a moment).
 */
export class AssignedLane {
  readonly lane: Lane;
  readonly #at: TopicPartition;
  readonly #setting: LaneSetting;
  readonly #fetching: LaneFetching;
  readonly #given = new AbortController();
  /** Of the next batch; undefined while there is one, or none is wanted. */
  #wanted: bigint | undefined;
  #arrival: PromiseWithResolvers<Arrival> = Promise.withResolvers();
  #isDetached = false;
  /** Failed since a batch went well. */
  #attempt = 0;
  /** Where a record stands, or stood, that cannot be read yet. */
  #unreadableAt: bigint | undefined;

  constructor(at: TopicPartition, setting: LaneSetting, fetching: LaneFetching) {
    this.lane = topicLane(at.topic, at.partition);
    this.#at = at;
    this.#setting = setting;
    this.#fetching = fetching;
  }

  /** Until {@link close}, or until a fault that cannot heal. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#given;
    const { reader } = this.#setting;
    while (!signal.aborted) {
      try {
        const { place, from } = await this.#open();
        // That it reads again shows in a batch, but there may be none for long. Who waits for a record to become readable still does when he is back at it.
        if (this.#attempt > 0 && place.nextOffset !== this.#unreadableAt) reader.recovered?.(this.lane);
        await this.#follow(place, from);
      } catch (error) {
        if (signal.aborted) return;
        this.#wanted = undefined;
        this.#fetching.pause();
        if (isFinal(error)) {
          reader.faulted(this.lane, error, null);
          return;
        }
        await this.#beforeNextAttempt(error);
      }
    }
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
      if (fetched !== wanted) throw new FetchMisplaced(this.lane, wanted, fetched);
    } catch (error) {
      this.#arrival.reject(error);
      return this.#stray();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrival.resolve({ batch, done: resolve });
    return promise;
  }

  /** The consumer waits no longer for the batch under way: nothing more is fetched here until it is dealt with. */
  detach(): void {
    if (this.#wanted !== undefined || this.#given.signal.aborted) return;
    this.#isDetached = true;
    this.#fetching.pause();
  }

  /** The lane is not ours any more: aborts a pending handler. */
  close(): void {
    this.#given.abort();
    this.#wanted = undefined;
    this.#arrival.promise.catch(() => undefined);
    this.#arrival.reject(this.#given.signal.reason);
  }

  async #open(): Promise<{ readonly place: Place; readonly from: Cursor | 'start' }> {
    const { signal } = this.#given;
    const from = await this.#setting.reader.from(this.lane, signal);
    signal.throwIfAborted();
    // Asked after the reader, who may have waited long for another owner.
    const watermarks = await this.#setting.watermarks.of(this.#at.topic);
    signal.throwIfAborted();
    const { low, high } = watermarks.get(this.#at.partition) ?? { low: 0n, high: 0n };
    const place = from === 'start' ? { last: 'start' as const, nextOffset: low } : parsePlace(from);
    if (from === 'start' && low > 0n && low === high)
      throw new RetentionPassed(this.lane, 'the first record', `offset ${low}`);
    if (place.nextOffset < low) throw new RetentionPassed(this.lane, `offset ${place.nextOffset}`, `offset ${low}`);
    if (place.nextOffset > high) throw new TopicRecreated(this.lane, place.nextOffset, high);
    this.#want(place.nextOffset);
    this.#fetching.resumeAt(place.nextOffset);
    return { place, from };
  }

  async #follow(first: Place, firstFrom: Cursor | 'start'): Promise<never> {
    let place = first;
    let from = firstFrom;
    for (;;) {
      const { batch, done } = await this.#arrival.promise;
      try {
        const read = await readRecords(place, batch, this.#setting, this.#given.signal);
        this.#given.signal.throwIfAborted();
        if (read.place.nextOffset > place.nextOffset) {
          const to = placeCursor(read.place);
          const at = placeCursor(place);
          await this.#setting.reader.handle(
            { lane: this.lane, records: read.records, from, at, to },
            this.#given.signal,
          );
          this.#given.signal.throwIfAborted();
          this.#attempt = 0;
          from = to;
          place = read.place;
        }
        if (read.fault !== undefined) {
          this.#unreadableAt = place.nextOffset;
          throw read.fault as Error;
        }
        this.#want(place.nextOffset);
        if (this.#isDetached) {
          this.#isDetached = false;
          this.#fetching.resumeAt(place.nextOffset);
        }
      } finally {
        done();
      }
    }
  }

  #stray(): undefined {
    this.#setting.onStray();
  }

  #want(offset: bigint): void {
    this.#arrival = Promise.withResolvers();
    this.#wanted = offset;
  }

  async #beforeNextAttempt(error: unknown): Promise<void> {
    this.#isDetached = false;
    this.#attempt++;
    // Another owner has moved the place: nothing is wrong, and the reader asks for the lane anew.
    if (this.#attempt === 1 && code(error) === 'LF_LANE_LOST') return;
    const retryMs = fullJitter(this.#attempt, AGAIN);
    this.#setting.reader.faulted(this.lane, error, retryMs);
    await timer(retryMs, undefined, { signal: this.#given.signal }).catch(() => undefined);
  }
}

interface Arrival {
  readonly batch: Batch;
  readonly done: () => void;
}

/** By code and flag alone: a class may come from another copy of a package. */
function isFinal(error: unknown): boolean {
  return code(error)?.startsWith('LF_') === true && (error as { retryable?: unknown }).retryable === false;
}

function code(error: unknown): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof value === 'string' ? value : undefined;
}
