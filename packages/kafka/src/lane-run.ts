import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import type { Cursor, Lane, Reader, SourceRecord } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import type { Watermarks } from './client.ts';
import { cursorOffset, placeCursor } from './cursor.ts';
import type { Place } from './cursor.ts';
import type { FetchedBatch, FetchedRecord } from './fetched-batch.ts';
import { openPlace } from './open-place.ts';
import { readRecords } from './read-records.ts';
import type { RecordReading } from './read-records.ts';
import { topicLane } from './topic-lane.ts';
import type { TopicPartition } from './topic-lane.ts';
import type { WatermarkReader } from './watermarks.ts';

/** Most events of one batch. */
const BATCH = 1_000;

/** What a {@link LaneRun} works with. */
export interface LaneSetting extends Omit<RecordReading, 'end'> {
  readonly reader: Reader<SourceRecord>;
  readonly watermarks: Pick<WatermarkReader, 'of'>;
  /** Told after each batch that was dealt with, and of the saved place that a lane begins at. */
  readonly onHandled?: (at: TopicPartition, nextOffset: bigint) => void;
}

/** How a client hands over one partition. */
export interface LaneFeed {
  /** The cluster's id of the topic, as fresh as the client has it. Absent where the client does not tell. */
  topicId?(): Promise<string | undefined>;
  /**
   * The batch that begins at this offset; one is fetched when there is none. Asked one at a time; where it was not asked for what follows the batch before,
   * what was fetched ahead is dropped. Rejects when the client could not fetch it, and when {@link stop} is called.
   */
  next(offset: bigint): Promise<FetchedBatch>;
  /** The batch that {@link next} gave last was dealt with, well or not. */
  done(): void;
  /** Nothing is fetched any more, until {@link next} is called. */
  stop(): void;
}

/**
 * One partition as long as a client gives it to us: asks the reader where it stands, checks the place against the partition, and hands over batch by batch.
 * The same for every client.
 *
 * A fault begins again with the reader's saved place: so it is with a record whose schema is not known yet, or cannot be asked for (A7). One that cannot
 * heal is reported, and the lane is read no more; other lanes go on.
 */
export class LaneRun {
  readonly lane: Lane;
  readonly #at: TopicPartition;
  readonly #setting: LaneSetting;
  readonly #feed: LaneFeed;
  readonly #given = new AbortController();
  readonly #closed: PromiseWithResolvers<never> = Promise.withResolvers();
  #topicId: string | undefined;
  /** Failed since a batch went well. */
  #attempt = 0;
  /** Where a record stands, or stood, that cannot be read yet. */
  #unreadableAt: bigint | undefined;

  constructor(at: TopicPartition, setting: LaneSetting, feed: LaneFeed) {
    this.lane = topicLane(at.topic, at.partition);
    this.#at = at;
    this.#setting = setting;
    this.#feed = feed;
    this.#closed.promise.catch(() => undefined);
  }

  /** As it is now: it may be moved on while the lane is read. */
  get #end(): bigint | undefined {
    const end = this.#setting.reader.until?.get(this.lane);
    return end === undefined ? undefined : cursorOffset(end);
  }

  /** Until {@link close}, until a fault that cannot heal, or until a bounded reader's end: then true. Never rejects. */
  async run(): Promise<boolean> {
    const { signal } = this.#given;
    const { reader } = this.#setting;
    while (!signal.aborted) {
      try {
        const { place, from } = await this.#open();
        // That it reads again shows in a batch, but there may be none for long. Who waits for a record to become readable still does when he is back at it.
        if (this.#attempt > 0 && place.nextOffset !== this.#unreadableAt) reader.recovered?.(this.lane);
        // What the owner before had not told yet would never be, where nothing comes any more.
        if (from !== 'start') this.#setting.onHandled?.(this.#at, place.nextOffset);
        await this.#follow(place, from);
        this.#feed.stop();
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#feed.stop();
        if (isFinal(error)) {
          reader.faulted(this.lane, error, null);
          return false;
        }
        await this.#beforeNextAttempt(error);
      }
    }
    return false;
  }

  /** The lane is not ours any more, or nobody wants it: aborts a pending handler. */
  close(): void {
    this.#given.abort();
    this.#closed.reject(this.#given.signal.reason);
    this.#feed.stop();
  }

  async #open(): Promise<{ readonly place: Place; readonly from: Cursor | 'start' }> {
    const { signal } = this.#given;
    const from = await this.#setting.reader.from(this.lane, signal);
    signal.throwIfAborted();
    // Asked after the reader, who may have waited long for another owner.
    const [topicId, watermarks] = await Promise.race([this.#closed.promise, this.#now()]);
    signal.throwIfAborted();
    const { low, high } = watermarks.get(this.#at.partition) ?? { low: 0n, high: 0n };
    const place = openPlace(this.lane, from, { low, high, topicId }, this.#topicId);
    this.#topicId = place.topicId;
    return { place, from };
  }

  async #now(): Promise<[string | undefined, ReadonlyMap<number, Watermarks>]> {
    return [await this.#feed.topicId?.(), await this.#setting.watermarks.of(this.#at.topic)];
  }

  /** Resolves when the end has been passed. */
  async #follow(first: Place, firstFrom: Cursor | 'start'): Promise<void> {
    const { reader } = this.#setting;
    const { signal } = this.#given;
    let place = first;
    let from = firstFrom;
    for (;;) {
      const end = this.#end;
      if (end !== undefined && place.nextOffset >= end) return;
      const batch = await this.#feed.next(place.nextOffset);
      try {
        for (const part of partsOf(batch)) {
          const read = await readRecords(place, part, { ...this.#setting, end: this.#end }, signal);
          signal.throwIfAborted();
          if (read.place.nextOffset > place.nextOffset) {
            const to = placeCursor(read.place);
            const after = (count: number): Cursor => placeCursor(read.before(count));
            const { lane } = this;
            await reader.handle({ lane, records: read.records, from, at: placeCursor(place), to, after }, signal);
            signal.throwIfAborted();
            this.#attempt = 0;
            from = to;
            place = read.place;
            this.#setting.onHandled?.(this.#at, place.nextOffset);
          }
          if (read.fault !== undefined) {
            this.#unreadableAt = place.nextOffset;
            throw read.fault as Error;
          }
          if (place.nextOffset < part.nextOffset) break;
        }
      } finally {
        this.#feed.done();
      }
    }
  }

  async #beforeNextAttempt(error: unknown): Promise<void> {
    this.#attempt++;
    // Another owner has moved the place: nothing is wrong, and the reader asks for the lane anew.
    if (this.#attempt === 1 && code(error) === 'LF_LANE_LOST') return;
    const retryMs = fullJitter(this.#attempt, AGAIN);
    this.#setting.reader.faulted(this.lane, error, retryMs);
    await timer(retryMs, undefined, { signal: this.#given.signal }).catch(() => undefined);
  }
}

/** A fetch is bounded in bytes; so that a batch is in events, too, however small they are, it is handed over in parts. */
function* partsOf(batch: FetchedBatch): Generator<FetchedBatch> {
  const { records, nextOffset } = batch;
  let first = 0;
  for (; first + BATCH < records.length; first += BATCH) {
    const part = records.slice(first, first + BATCH);
    yield { ...batch, records: part, nextOffset: (part.at(-1) as FetchedRecord).offset + 1n };
  }
  yield { ...batch, records: records.slice(first), nextOffset };
}

/** By code and flag alone: a class may come from another copy of a package. */
function isFinal(error: unknown): boolean {
  return code(error)?.startsWith('LF_') === true && (error as { retryable?: unknown }).retryable === false;
}

function code(error: unknown): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof value === 'string' ? value : undefined;
}
