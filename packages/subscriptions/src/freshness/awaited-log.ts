import { RELAY } from '../checkpoints.ts';
import { INLINE } from '../inline/inline.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { Behind } from '../observation/behind.ts';
import type { ProgressLook } from '../progress.ts';
import type { RelayLedger } from '../relay/relay-ledger.ts';
import type { Cursor, Lane, Source } from '../source.ts';
import type { Log } from '../storage.ts';
import type { AwaitedFollower } from './awaited-follower.ts';
import { fedBy, foundOf, placesOf, type Places } from './fed-by.ts';
import { judgedPlaces } from './judged-places.ts';
import { hasReached, neededAt, type Needed, type TopicSource } from './topic-reached.ts';

/** What whole logs are measured by, within one look: asked at most once each, however many wait. */
export interface LookAtLog {
  readonly look: ProgressLook;
  readonly head: () => Promise<ReadonlyMap<Lane, Cursor>>;
  /** What stands behind places, no further than one event. */
  readonly behind: (places: Places) => Promise<ReadonlyMap<Lane, Behind>>;
}

/**
 * Everything that stood in the log when it was first looked at, and that one follower is to have applied: what a token of an earlier generation comes to. Its transaction id says
 * nothing any more: after a restore events have others, and after a fail-over another transaction may have got it. But what the log still has of the write stands before its end now.
 */
export class AwaitedLog {
  readonly follower: AwaitedFollower;
  readonly #log: Pick<Log, 'hasPassed' | 'lanes'>;
  readonly #sources: readonly Source[];
  /** The lanes that matter; all, where nothing is said. */
  readonly #hashes: readonly number[] | undefined;
  #head: ReadonlyMap<Lane, Cursor> | undefined;
  #needed: readonly Needed[] | undefined;

  /** @param hashes of the streams that were written */
  constructor(
    follower: AwaitedFollower,
    {
      log,
      sources,
      hashes,
    }: {
      readonly log: Pick<Log, 'hasPassed' | 'lanes'>;
      readonly sources: readonly Source[];
      readonly hashes: readonly number[] | undefined;
    },
  ) {
    this.follower = follower;
    this.#log = log;
    this.#sources = sources;
    this.#hashes = hashes;
  }

  /** The relay's numbers matter to it, as far as it is known. */
  get asksRelay(): boolean {
    return this.#sources.length > 0;
  }

  async isApplied(at: LookAtLog): Promise<boolean> {
    this.#head ??= await at.head();
    if (this.follower.isInline) return true;
    const fed = fedBy(foundOf(at.look, this.follower.id));
    if (fed.size === 1 && fed.has(INLINE)) return true;
    for (const { places, source } of judgedPlaces(fed, this.#sources, this.follower.id)) {
      const isPast =
        source === undefined
          ? await this.#hasPassed(places, at, ({ events }) => events)
          : await this.#hasAll(source, places, at);
      if (isPast) return true;
    }
    return false;
  }

  async #hasAll(source: TopicSource, places: Places, at: LookAtLog): Promise<boolean> {
    this.#needed ??= await this.#neededOf(at);
    return this.#needed?.every((needed) => hasReached(source, places, needed)) ?? false;
  }
  /** By the relay's numbers, once it is there: of each partition that a lane feeds. */
  async #neededOf(at: LookAtLog): Promise<readonly Needed[] | undefined> {
    const { lanes } = foundOf(at.look, RELAY);
    if (!(await this.#hasPassed(placesOf(lanes), at, ({ publicEvents }) => publicEvents))) return undefined;
    const wanted = this.#lanes();
    return lanes.flatMap(({ lane, ledger }) => {
      if (!wanted.has(lane) || ledger === null) return [];
      const { topics } = ledger as RelayLedger;
      return Object.entries(topics).flatMap(([topic, { next }]) =>
        next.flatMap((_, partition) => {
          const isFed = partition % this.#log.lanes === Number(lane);
          return (isFed && neededAt(ledger as RelayLedger, topic, partition)) || [];
        }),
      );
    });
  }

  /** Passed, or nothing stands between: a place that nothing stands after is not saved anew. */
  async #hasPassed(places: Places, at: LookAtLog, counted: (behind: Behind) => number): Promise<boolean> {
    const unpassed = [...this.#lanes()].filter(
      ([lane, head]) => !this.#log.hasPassed(places.get(lane) ?? 'start', head),
    );
    if (unpassed.length === 0) return true;
    // Of a place that was left behind in an earlier generation nothing can be told, and it will pass nothing any more.
    const behind = await at.behind(places).catch((error: unknown) => {
      if (recoveryOf(error) === 'again') throw error;
      return new Map<Lane, Behind>();
    });
    return unpassed.every(([lane]) => {
      const one = behind.get(lane);
      return one !== undefined && counted(one) === 0 && !one.isMore;
    });
  }
  #lanes(): ReadonlyMap<Lane, Cursor> {
    const head = this.#head ?? new Map<Lane, Cursor>();
    if (this.#hashes === undefined) return head;
    const wanted = new Set(this.#hashes.map((hash) => String(hash % this.#log.lanes)));
    return new Map([...head].filter(([lane]) => wanted.has(lane)));
  }
}
