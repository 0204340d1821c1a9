import { setImmediate, setTimeout as timer } from 'node:timers/promises';
import { InputInvalid } from '@leftfold/core';
import {
  AGAIN,
  fullJitter,
  parseRecord,
  passesMark,
  prepareRecords,
  recognise,
  recoveryOf,
  restoreTopicRecords,
  topicRecord,
  undecodableAt,
} from '@leftfold/subscriptions';
import type {
  Batch,
  Behind,
  Codec,
  Cursor,
  KeptRecord,
  Lane,
  Reader,
  RecordPlace,
  Source,
  TopicRecord,
} from '@leftfold/subscriptions';
import { ConsumerGroups } from './consumer-groups.ts';
import { laneOf, type MemoryTopics } from './memory-topics.ts';
import { untilAborted } from './until-aborted.ts';

const BATCH = 500;
/** Why a bounded reader gets no more. */
const END = Symbol('end');

/** A place in a partition: the offset to read next, and the last record dealt with by the relay's own numbers. An end has no such numbers. */
interface Place {
  readonly offset: number;
  readonly last?: RecordPlace | 'start';
}
interface Page {
  readonly records: readonly TopicRecord[];
  readonly to: Place;
  /** Where each of the records stands. */
  readonly before: readonly Place[];
  /** Why the page ends before the next record. */
  readonly fault?: unknown;
}

/**
 * Topics in memory as a source: one lane a partition, each given to one of the readers of a name; they are shared out anew when readers come and go,
 * and when a topic is made. Records are recognised by the relay's numbers, offsets say only where to read on.
 */
export class MemoryBrokerSource implements Source {
  readonly name = 'broker';
  readonly ownership = 'assigned' as const;
  readonly #topics: MemoryTopics;
  readonly #codec: Codec;
  readonly #groups: ConsumerGroups;

  constructor(topics: MemoryTopics, codec: Codec) {
    this.#topics = topics;
    this.#codec = codec;
    this.#groups = new ConsumerGroups(topics);
  }

  run(reader: Reader, signal: AbortSignal): Promise<void> {
    return reader.until === undefined
      ? this.#groups.run(reader, (lane, given) => this.#runLane(lane, reader, given), signal)
      : this.#runBounded(reader, reader.until, signal);
  }

  /** By itself, in no group: others of its name keep their lanes. */
  async #runBounded(reader: Reader, until: ReadonlyMap<Lane, Cursor>, signal: AbortSignal): Promise<void> {
    const lanes = this.#topics.lanes.filter((lane) => until.has(lane));
    await Promise.all(lanes.map((lane) => this.#runLane(lane, reader, signal)));
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return new Map(this.#topics.lanes.map((lane) => [lane, cursorOf({ offset: this.#topics.records(lane).length })]));
  }

  async behind(places: ReadonlyMap<Lane, Cursor | 'start'>): Promise<ReadonlyMap<Lane, Behind>> {
    const behind = (lane: Lane): Behind => {
      const end = this.#topics.records(lane).length;
      const { offset } = placeOf(places.get(lane) ?? 'start');
      if (offset > end) throw beyondTheEnd(lane, offset, end);
      return { events: end - offset, publicEvents: end - offset, isMore: false };
    };
    return new Map(this.#topics.lanes.map((lane) => [lane, behind(lane)]));
  }

  restore(kept: readonly KeptRecord[], signal?: AbortSignal): Promise<readonly TopicRecord[]> {
    return restoreTopicRecords(this.#codec, kept, signal);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return placeOf(cursor).offset >= placeOf(head).offset;
  }

  reached(places: ReadonlyMap<Lane, Cursor | 'start'>, topic: string, partition: number): RecordPlace | 'start' {
    return placeOf(places.get(laneOf(topic, partition)) ?? 'start').last ?? 'start';
  }

  async #runLane(lane: Lane, reader: Reader, signal: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      try {
        const from = await reader.from(lane, signal);
        const fault = await this.#follow(lane, from, reader, signal, () => (attempt = 0));
        if (signal.aborted || fault === END) return;
        if (recoveryOf(fault) === 'stop') {
          reader.faulted(lane, fault, null);
          return await untilAborted(signal);
        }
        // A schema is not known yet, or cannot be asked for (hazard A7).
        const retryMs = fullJitter(++attempt, AGAIN);
        reader.faulted(lane, fault, retryMs);
        await timer(retryMs, undefined, { signal }).catch(() => undefined);
      } catch {
        // The reader's own, and told by it: it is asked again for its place. But one that rejects at once, for ever, must not starve its process.
        await setImmediate();
      }
    }
  }

  /**
   * Hands over batch by batch until the signal aborts; answers why there is no next one, where a record does not join or cannot be decoded yet, or {@link END}.
   * @param onward called after each batch
   */
  async #follow(
    lane: Lane,
    start: Cursor | 'start',
    reader: Reader,
    signal: AbortSignal,
    onward: () => void,
  ): Promise<unknown> {
    for (let from = start; ;) {
      const until = reader.until?.get(lane);
      let place: Place;
      try {
        place = readablePlaceOf(from);
      } catch (fault) {
        return fault;
      }
      if (until !== undefined && place.offset >= placeOf(until).offset) return END;
      const end = this.#topics.records(lane).length;
      if (place.offset > end) return beyondTheEnd(lane, place.offset, end);
      await this.#topics.reached(lane, place.offset, signal);
      if (signal.aborted) return undefined;
      const { records, to, before, fault } = await this.#page(lane, place, reader, signal);
      if (signal.aborted) return undefined;
      if (to.offset === place.offset) return fault;
      const after = (count: number): Cursor => cursorOf(before[count] ?? to);
      const batch: Batch = { lane, records, from, at: cursorOf(place), to: cursorOf(to), after };
      await reader.handle(batch, signal);
      onward();
      from = batch.to;
    }
  }

  async #page(lane: Lane, place: Place, reader: Reader, signal: AbortSignal): Promise<Page> {
    const { only, until } = reader;
    const end = until?.get(lane);
    const upTo = Math.min(place.offset + BATCH, end === undefined ? Infinity : placeOf(end).offset);
    const page = this.#topics.records(lane).slice(place.offset, upTo);
    const records: TopicRecord[] = [];
    const before: Place[] = [];
    let { offset, last = 'start' } = place;
    let fault: unknown;
    for (const record of page) {
      const at = `${lane} at offset ${offset}`;
      try {
        const { envelope, stamp, mark } = parseRecord(record);
        const recognition = recognise(last, stamp);
        if (recognition.kind === 'fault') throw recognition.fault;
        if (recognition.kind === 'next') {
          const { topic } = record;
          const isPassed = mark !== undefined && (await passesMark({ topic, envelope, ...stamp, mark }, reader));
          if (!isPassed) before.push({ offset, last });
          last = recognition.place;
          if (!isPassed) records.push(topicRecord(envelope, record, at, this.#codec, mark));
        }
        offset += 1;
      } catch (error) {
        fault = undecodableAt(error, { place: at, record });
        break;
      }
    }
    const prepared = await prepareRecords(this.#codec, records, { signal, ...(only && { only }) });
    const to = before[prepared.ready];
    if (to !== undefined) return { records: records.slice(0, prepared.ready), to, before, fault: prepared.fault };
    return { records, to: { offset, last }, before, fault };
  }
}

const beyondTheEnd = (lane: Lane, saved: number, end: number): InputInvalid =>
  new InputInvalid(
    'LF_TOPIC_RECREATED',
    `${lane}: the saved place is offset ${saved}, but the partition ends at ${end}: it was saved with another broker; start a new version of this follower`,
  );

const cursorOf = (place: Place): Cursor => JSON.stringify(place) as Cursor;

function placeOf(cursor: Cursor | 'start'): Place {
  if (cursor === 'start') return { offset: 0, last: 'start' };
  try {
    return JSON.parse(cursor) as Place;
  } catch {
    throw new InputInvalid(
      'LF_CURSOR_INVALID',
      `'${cursor}' is no place in a partition; start a new version of this follower`,
    );
  }
}
function readablePlaceOf(cursor: Cursor | 'start'): Place {
  const place = placeOf(cursor);
  if (Number.isSafeInteger(place.offset) && place.last !== undefined) return place;
  throw new InputInvalid(
    'LF_CURSOR_INVALID',
    `'${cursor}' is no place to read on from; start a new version of this follower`,
  );
}
