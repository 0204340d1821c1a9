import type { Behind, BehindOptions } from '../observation/behind.ts';
import type { Batch, Cursor, Division, KeptRecord, Lane, Reader, Source, SourceRecord } from '../source.ts';
import { AsideReadings } from './aside-readings.ts';
import { Reopened, type Flow } from './flow.ts';
import { Seat } from './seat.ts';
import { SharedLane, type Together } from './shared-lane.ts';

/** What is known of all followers of a {@link SharedSource} before the first of them comes. */
export interface SharedSourceOptions {
  /** Names the reading, as {@link Reader.name}: processes that run the same followers say the same, others another one. */
  readonly name: string;
  /** What all of them look at, together. */
  readonly only?: Reader['only'];
  /** Told which readers were given a batch of a lane in the same turn. */
  readonly together?: (lane: Lane, readers: readonly string[]) => Together | undefined;
}

/** A follower of this process. */
interface Member<R extends SourceRecord> {
  readonly reader: Reader<R>;
  readonly stop: AbortController;
  /** What it has under way on each lane. */
  readonly ends: Map<Lane, Promise<void>>;
  readonly over: PromiseWithResolvers<void>;
}

/**
 * A source over a source, for all followers of a process: each lane is read once, and its batches are handed to all that stand at its head. Each follower keeps its place and its
 * claims, so leases decide who has a lane, also over a source that gives each lane to one reader: that only says which lanes this process can read.
 *
 * Who is behind, slow or in trouble holds nobody: it reads on by itself, up to where the others are, and joins them there ({@link SharedLane}). What is asked of a bounded reader, or of one that does not
 * take records with marks where the source has them, goes to the source itself.
 */
export class SharedSource<R extends SourceRecord = SourceRecord> implements Source<R> {
  readonly name: string;
  readonly ownership = 'leased';
  readonly division?: Division;
  readonly behind?: NonNullable<Source<R>['behind']>;
  readonly reached?: NonNullable<Source<R>['reached']>;
  readonly #source: Source<R>;
  readonly #options: SharedSourceOptions;
  readonly #members = new Set<Member<R>>();
  readonly #lanes = new Map<Lane, SharedLane<R>>();
  readonly #asides: AsideReadings<R>;
  #reading: Promise<void> | undefined;
  #round = new AbortController();
  /** When the round that is under way has ended; whoever comes meanwhile begins another. */
  #roundOver: Promise<void> = Promise.resolve();

  constructor(source: Source<R>, options: SharedSourceOptions) {
    this.#source = source;
    this.#options = options;
    this.name = source.name;
    if (source.division) this.division = source.division;
    if (source.behind)
      this.behind = (places: ReadonlyMap<Lane, Cursor | 'start'>, how?: BehindOptions) =>
        source.behind?.(places, how) as Promise<ReadonlyMap<Lane, Behind>>;
    if (source.reached) this.reached = source.reached.bind(source);
    // A log says which one it is; that it can is how it is told from a broker.
    if ('identity' in source && typeof source.identity === 'function')
      Object.defineProperty(this, 'identity', { value: source.identity.bind(source) });
    this.#asides = new AsideReadings<R>(
      source,
      options,
      (error, retryMs) => this.#told(error, retryMs),
      (error) => this.#fail(error),
    );
  }

  head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return this.#source.head();
  }
  restore(kept: readonly KeptRecord[], signal?: AbortSignal): Promise<readonly R[]> {
    return this.#source.restore(kept, signal);
  }
  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return this.#source.hasPassed(cursor, head);
  }

  async run(reader: Reader<R>, signal: AbortSignal): Promise<void> {
    const isMarked = reader.marks === true || 'identity' in this.#source;
    if (reader.until !== undefined || !isMarked) return this.#source.run(reader, signal);
    if (signal.aborted) return;
    const stop = new AbortController();
    const member: Member<R> = { reader, stop, ends: new Map(), over: Promise.withResolvers() };
    this.#members.add(member);
    for (const lane of this.#lanes.values()) this.#seat(member, lane);
    this.#read();
    const aborted = (): void => member.over.resolve();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      await member.over.promise;
    } finally {
      signal.removeEventListener('abort', aborted);
      stop.abort(signal.reason ?? new DOMException('the source has ended', 'AbortError'));
      this.#members.delete(member);
      await Promise.all(member.ends.values());
      if (this.#members.size === 0) {
        this.#round.abort();
        await Promise.all([this.#roundOver, this.#asides.close()]);
      }
    }
  }

  /** Reads as long as there are followers. */
  #read(): void {
    if (this.#reading !== undefined) return;
    this.#reading = (async () => {
      while (this.#members.size > 0) {
        const round = new AbortController();
        const over = Promise.withResolvers<void>();
        this.#round = round;
        this.#roundOver = over.promise;
        try {
          await this.#source.run(this.#reader(), round.signal);
        } catch (error) {
          this.#fail(error);
          break;
        } finally {
          for (const { head } of this.#lanes.values()) head.close();
          over.resolve();
        }
        // It has nothing to read, and will not have.
        if (round.signal.aborted) continue;
        this.#end();
        break;
      }
    })().finally(() => {
      this.#reading = undefined;
      if (this.#members.size > 0) this.#read();
    });
  }
  #reader(): Reader<R> {
    const { name, only } = this.#options;
    const headOf = (lane: Lane): Flow<R> => this.#lane(lane).head;
    return {
      name,
      ...(only && { only }),
      marks: true,
      from: (lane, signal) => headOf(lane).from(signal),
      handle: (batch: Batch<R>, signal) => headOf(batch.lane).handle(batch, signal),
      faulted: (lane, error, retryMs) => {
        if (error instanceof Reopened) return;
        if (lane === undefined) return this.#told(error, retryMs);
        const shared = this.#lane(lane);
        shared.faulted(shared.head, error, retryMs);
      },
      recovered: (lane) => {
        if (lane !== undefined) {
          const shared = this.#lane(lane);
          return shared.recovered(shared.head);
        }
        for (const { reader } of this.#members) reader.recovered?.(undefined);
      },
      lost: (lane) => {
        const shared = this.#lanes.get(lane);
        this.#lanes.delete(lane);
        shared?.lose();
      },
    };
  }

  #lane(name: Lane): SharedLane<R> {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const { together } = this.#options;
    const lane = new SharedLane<R>(name, {
      source: this.#source,
      together: (of, readers) => together?.(of, readers),
      readAside: (of, flow, until) => this.#asides.begin(of, flow, until),
      restart: () => this.#round.abort(),
    });
    this.#lanes.set(name, lane);
    for (const member of this.#members) this.#seat(member, lane);
    return lane;
  }
  #seat(member: Member<R>, lane: SharedLane<R>): void {
    const seat = new Seat<R>(member.reader, lane.name, member.stop.signal);
    lane.add(seat);
    // What its follower has under way from the last time it had the lane ends first: batches of a lane come one after the other.
    const before = member.ends.get(lane.name) ?? Promise.resolve();
    const ended = seat.run(before, (placed) => lane.place(placed)).finally(() => lane.remove(seat));
    member.ends.set(lane.name, ended);
  }

  #told(error: unknown, retryMs: number | null): void {
    for (const { reader } of this.#members) reader.faulted(undefined, error, retryMs);
  }
  #fail(error: unknown): void {
    for (const { over } of this.#members) over.reject(error);
    this.#members.clear();
  }
  #end(): void {
    for (const { over } of this.#members) over.resolve();
    this.#members.clear();
  }
}
