import { setImmediate } from 'node:timers/promises';
import { InputInvalid } from '@leftfold/core';
import type { StoredEvent } from '@leftfold/core';
import { countTo, logRecord, RecordGone } from '@leftfold/subscriptions';
import type {
  Batch,
  Behind,
  BehindOptions,
  Cursor,
  Division,
  KeptRecord,
  Lane,
  Log,
  LogIdentity,
  LogReader,
  LogRecord,
  Progress,
} from '@leftfold/subscriptions';
import { isolated } from './isolated.ts';
import type { RecordedEvents } from './recorded-events.ts';
import { untilAborted } from './until-aborted.ts';

const BATCH = 500;
const MOST_LANES = 16;

/** A place in a lane. `pinned` names the end of a page as well, so that reading it again gives the same one. */
interface Place {
  /** Whose place it is; the start is everybody's. */
  readonly log?: string;
  readonly position: number;
  readonly pinned?: number;
  /** `1.4`: lane 1 of 4. */
  readonly lane?: string;
}

/**
 * The log of one memory as a source. A cursor is `m1/<log id>/<position>`, where a page is pinned `m1/<log id>/<position>..<end>`, of one of several lanes
 * `…/<lane>.<lanes>`: commit order is append order here, so a position says what was seen. Follows by being woken; no timer runs.
 */
export class MemoryLog implements Log {
  readonly name = 'log';
  readonly ownership = 'leased' as const;
  readonly lanes: number;
  readonly division?: Division;
  readonly #recorded: RecordedEvents;
  readonly #now: () => number;

  /** @param now milliseconds since 1970: the clock that events are stamped by. @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` */
  constructor(recorded: RecordedEvents, lanes: number, now: () => number) {
    this.#now = now;
    if (!Number.isInteger(lanes) || lanes < 1 || lanes > MOST_LANES || (lanes & (lanes - 1)) !== 0)
      throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `lanes is ${lanes}; it must be 1, 2, 4, 8 or ${MOST_LANES}`);
    this.#recorded = recorded;
    this.lanes = lanes;
    if (lanes > 1) {
      this.division = {
        beginning: async (lane) => this.#cursor(lane, { position: 0 }),
        check: (cursor) => this.#checkLanes(parse(cursor)),
      };
    }
  }

  async identity(): Promise<LogIdentity> {
    return { id: this.#recorded.id, generation: 1 };
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return this.#everywhere(this.#recorded.end);
  }

  async at(time: Date): Promise<ReadonlyMap<Lane, Cursor>> {
    const first = this.#recorded.between(0, this.#recorded.end).findIndex(({ recordedAt }) => recordedAt >= time);
    return this.#everywhere(first === -1 ? this.#recorded.end : first);
  }

  async behind(
    places: ReadonlyMap<Lane, Cursor | 'start'>,
    options?: BehindOptions,
  ): Promise<ReadonlyMap<Lane, Behind>> {
    const atMost = countTo(options);
    return new Map(this.#names.map((lane) => [lane, this.#behind(lane, places.get(lane) ?? 'start', atMost)]));
  }
  #behind(lane: Lane, cursor: Cursor | 'start', atMost: number): Behind {
    const { position } = this.#place(lane, cursor);
    const all = this.#recorded.between(position, this.#recorded.end);
    const beyond = all.filter((event) => this.#isWanted(lane, event, undefined));
    const counted = beyond.slice(0, atMost);
    const ofPublic = counted.filter(({ topic }) => topic !== null);
    const ageOf = (events: readonly StoredEvent[]): number | undefined =>
      events.length === 0
        ? undefined
        : Math.max(0, this.#now() - Math.min(...events.map(({ recordedAt }) => recordedAt.getTime())));
    const [oldestMs, oldestPublicMs] = [ageOf(counted), ageOf(ofPublic)];
    return {
      events: counted.length,
      publicEvents: ofPublic.length,
      isMore: beyond.length > atMost,
      ...(oldestMs !== undefined && { oldestMs }),
      ...(oldestPublicMs !== undefined && { oldestPublicMs }),
    };
  }

  async restore(kept: readonly KeptRecord[]): Promise<readonly LogRecord[]> {
    return kept.map(({ envelope }) => {
      const event = this.#recorded.between(0, this.#recorded.end).find(({ id }) => id === envelope.id);
      if (event === undefined) throw new RecordGone(envelope, 'this log');
      return logRecord(isolated(event));
    });
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    const [place, end] = [parse(cursor), parse(head)];
    const isSame = cursor === 'start' || (place.log === end.log && place.lane === end.lane);
    return isSame && place.position >= end.position;
  }

  /** {@link Progress.laneBeyond}: what is appended later stands later. */
  laneBeyond(...[places, { log, transaction, hash }]: Parameters<Progress['laneBeyond']>): Lane | undefined {
    return [...places].find(([, cursor]) => {
      const { log: of, position, lane = '0.1' } = parse(cursor);
      const [mine, lanes] = lane.split('.').map(Number) as [number, number];
      return of === log.id && hash % lanes === mine && BigInt(position) >= transaction;
    })?.[0];
  }

  async run(reader: LogReader, signal: AbortSignal): Promise<void> {
    const lanes = this.#names.filter((lane) => reader.until?.has(lane) ?? true);
    await Promise.all(lanes.map((lane) => this.#runLane(lane, reader, signal)));
  }

  async #runLane(lane: Lane, reader: LogReader, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const from = await reader.from(lane, signal);
        const fault = this.#faultOf(lane, from) ?? this.#faultOf(lane, reader.until?.get(lane) ?? 'start');
        if (fault) {
          reader.faulted(lane, fault, null);
          return await untilAborted(signal);
        }
        return await this.#follow(lane, from, reader, signal);
      } catch {
        // The reader's own, and told by it: it is asked again for its place. But one that rejects at once, for ever, must not starve its process.
        await setImmediate();
      }
    }
  }

  /** Hands over batch by batch until the reader's end, until it rejects one, or until the signal aborts. */
  async #follow(lane: Lane, start: Cursor | 'start', reader: LogReader, signal: AbortSignal): Promise<void> {
    for (let from = start; ;) {
      const until = reader.until?.get(lane);
      const upTo = until === undefined ? Infinity : parse(until).position;
      const { position, pinned } = this.#place(lane, from);
      if (position >= upTo) return;
      await this.#recorded.beyond(position, signal);
      if (signal.aborted) return;
      const end = pinned ?? Math.min(position + BATCH, this.#recorded.end, upTo);
      const wanted = this.#recorded.between(position, end).filter((event) => this.#isWanted(lane, event, reader.only));
      const batch: Batch<LogRecord> = {
        lane,
        records: wanted.map((event) => logRecord(isolated(event))),
        from,
        at: this.#cursor(lane, { position, pinned: end }),
        to: this.#cursor(lane, { position: end }),
        // An event's position is that of whoever has read up to it.
        after: (count) => this.#cursor(lane, { position: Number(wanted[count - 1]?.position) }),
      };
      await reader.handle(batch, signal);
      from = batch.to;
    }
  }
  #isWanted(lane: Lane, { hash, type, category }: StoredEvent, only: LogReader['only']): boolean {
    if (String(hash % this.lanes) !== lane) return false;
    return (only?.types?.includes(type) ?? true) && (only?.categories?.includes(category) ?? true);
  }

  get #names(): readonly Lane[] {
    return Array.from({ length: this.lanes }, (_, lane) => String(lane) as Lane);
  }
  #everywhere(position: number): ReadonlyMap<Lane, Cursor> {
    return new Map(this.#names.map((lane) => [lane, this.#cursor(lane, { position })]));
  }
  #cursor(lane: Lane, { position, pinned }: Pick<Place, 'position' | 'pinned'>): Cursor {
    const of = this.lanes === 1 ? '' : `/${lane}.${this.lanes}`;
    return `m1/${this.#recorded.id}/${position}${pinned === undefined ? '' : `..${pinned}`}${of}` as Cursor;
  }
  /** @throws {@link InputInvalid} `LF_CURSOR_INVALID`, `LF_OTHER_LOG`, `LF_LANES_CHANGED`, `LF_AHEAD_OF_LOG` */
  #place(lane: Lane, cursor: Cursor | 'start'): Place {
    const place = parse(cursor);
    if (cursor === 'start') return place;
    const { id, end } = this.#recorded;
    if (place.log !== id) throw invalid('LF_OTHER_LOG', cursor, `belongs to another log than ${id}`);
    this.#checkLanes(place);
    if (place.lane !== undefined && place.lane !== `${lane}.${this.lanes}`)
      throw invalid('LF_CURSOR_INVALID', cursor, `is none of lane ${lane}`);
    if ((place.pinned ?? place.position) > end)
      throw invalid('LF_AHEAD_OF_LOG', cursor, `lies beyond the end of its log, ${end}`);
    return place;
  }
  #checkLanes({ lane }: Place): void {
    const saved = Number(lane?.split('.')[1] ?? 1);
    if (saved === this.lanes) return;
    throw new InputInvalid(
      'LF_LANES_CHANGED',
      `this follower's places are of a log read in ${saved} lanes, now it has ${this.lanes}; give \`lanes\` its old value, or start a new version of this follower`,
    );
  }
  #faultOf(lane: Lane, cursor: Cursor | 'start'): unknown {
    try {
      this.#place(lane, cursor);
      return undefined;
    } catch (fault) {
      return fault;
    }
  }
}

/** @throws {@link InputInvalid} `LF_CURSOR_INVALID` */
function parse(cursor: Cursor | 'start'): Place {
  if (cursor === 'start') return { position: 0 };
  const [, log, from, to, lane] = /^m1\/([^/]+)\/(\d+)(?:\.\.(\d+))?(?:\/(\d+\.\d+))?$/.exec(cursor) ?? [];
  if (log === undefined) throw invalid('LF_CURSOR_INVALID', cursor, 'is none of a log in memory');
  return {
    log,
    position: Number(from),
    ...(to !== undefined && { pinned: Number(to) }),
    ...(lane !== undefined && { lane }),
  };
}

const invalid = (code: `LF_${string}`, cursor: string, why: string): InputInvalid =>
  new InputInvalid(code, `the cursor '${cursor}' ${why}; start a new version of this follower`);
