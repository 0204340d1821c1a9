import { InputInvalid, LeftfoldError } from '@leftfold/core';
import {
  fullJitter,
  type Behind,
  type BehindOptions,
  type Cursor,
  type Division,
  type KeptRecord,
  type Lane,
  type Log,
  type LogIdentity,
  type LogReader,
  type LogRecord,
} from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { GenerationMoved } from '../identity/identity-errors.ts';
import type { KnownIdentity } from '../identity/log-identity.ts';
import { StorageRefused } from '../storage-errors.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';
import { LogBehind } from './log-behind.ts';
import { LaneBundles, SMALL_WINDOW_BATCHES } from './lane-bundles.ts';
import { laneName, laneNamed, lanesOf, type LaneClass } from './lane-class.ts';
import { AheadOfLog } from './log-errors.ts';
import { LogPages, type LogPage } from './log-pages.ts';
import {
  checkCursorLanes,
  cursorOf,
  hasPassed,
  isOfOtherGeneration,
  placeOf,
  reaches,
  START,
  type LogPlace,
} from './log-place.ts';
import type { LogStatements } from './log-statements.ts';
import type { Listener } from './listener.ts';
import { LogTip } from './log-tip.ts';
import { restoreEvents } from './restore-events.ts';
import { EMPTY } from './snapshot.ts';
import type { Wake } from './wake.ts';

const RETRY = { baseMs: 50, capMs: 5_000 };

/** What the log is told about the world around it. */
export interface PostgresLogOptions {
  readonly db: Database;
  readonly identity: KnownIdentity;
  readonly schemas: WriterSchemas;
  readonly statements: LogStatements;
  readonly wake: Wake;
  /** Absent where no notifications are wanted. */
  readonly listener?: Listener;
  /** Most events of one batch. */
  readonly batchSize: number;
  /** A power of two. */
  readonly lanes: number;
}

/**
 * The log of one Postgres schema as a source, read by snapshot difference ({@link LogPages}). A cursor is bound to the log, its generation, the lane and the
 * number of lanes. It may be kept anywhere, also in memory or in another database: what it has seen is on the disk of the log's cluster.
 *
 * All readers of a storage share one poll ({@link LogTip}), which appends wake: of the same process at once, of others by {@link Listener}; the lanes of one run share their queries, too
 * ({@link LaneBundles}).
 */
export class PostgresLog implements Log {
  readonly name = 'log';
  readonly ownership = 'leased';
  readonly lanes: number;
  readonly division?: Division;
  readonly #options: PostgresLogOptions;
  readonly #pages: LogPages;
  readonly #tip: LogTip;
  readonly #behind: LogBehind;

  constructor(options: PostgresLogOptions) {
    const { lanes, batchSize, wake } = options;
    this.#options = options;
    this.#pages = new LogPages(options);
    this.#behind = new LogBehind({ db: options.db, statements: options.statements.behind, lanes });
    const countTo = batchSize * SMALL_WINDOW_BATCHES + 1;
    this.#tip = new LogTip(
      (seen) => this.#pages.boundary(seen, countTo),
      wake,
      () => options.listener?.isHearing === true,
      ({ generation }) => generation === options.identity.generation,
    );
    this.lanes = lanes;
    if (lanes > 1) {
      this.division = {
        beginning: async (lane) => cursorOf(START, await this.identity(), laneNamed(lane, lanes)),
        check: (cursor) => checkCursorLanes(cursor, lanes),
      };
    }
  }

  /** Asked for at each call. */
  identity(): Promise<LogIdentity> {
    return this.#options.db.session((session) => this.#options.identity.ask(session));
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    // Who asks for the end mostly waits for readers to come there.
    this.#options.wake.signal();
    return this.#everyLane(async () => {
      const { to, generation } = await this.#pages.boundary(EMPTY, 0);
      return { place: { from: to, position: 0n }, generation };
    });
  }

  async at(time: Date): Promise<ReadonlyMap<Lane, Cursor>> {
    return this.#everyLane(() => this.#pages.at(time));
  }

  async behind(
    places: ReadonlyMap<Lane, Cursor | 'start'>,
    options?: BehindOptions,
  ): Promise<ReadonlyMap<Lane, Behind>> {
    // What is known is enough: the statement that counts says the generation again.
    const identity = await this.#options.db.session((session) => this.#options.identity.get(session));
    return this.#behind.count(places, identity, options).catch(async (error: unknown) => {
      // To who measures alone, and so asks for nothing else, a place of a later generation than is known looks like another log's.
      const isOtherLog = error instanceof InputInvalid && error.code === 'LF_OTHER_LOG';
      if (!isOtherLog && !(error instanceof GenerationMoved)) throw error;
      return this.#behind.count(places, await this.identity(), options);
    });
  }

  restore(kept: readonly KeptRecord[]): Promise<readonly LogRecord[]> {
    const { db, schemas, statements } = this.#options;
    return restoreEvents(db, { statement: statements.restore, schemas }, kept);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return hasPassed(cursor, head);
  }

  run(reader: LogReader, signal: AbortSignal): Promise<void> {
    const { listener } = this.#options;
    const read = (): Promise<void> => this.#run(reader, signal);
    return listener === undefined ? read() : listener.during(read);
  }

  async #run(reader: LogReader, signal: AbortSignal): Promise<void> {
    const { lanes, batchSize } = this.#options;
    const refused = new AbortController();
    const stop = AbortSignal.any([signal, refused.signal]);
    const bundles = new LaneBundles({ pages: this.#pages, tip: this.#tip, only: reader.only, lanes, batchSize });
    const read = lanesOf(lanes).filter((lane) => reader.until?.has(laneName(lane)) ?? true);
    for (const { lane } of read) bundles.expect(lane);
    const runs = read.map((lane) =>
      this.#runLane(lane, reader, bundles, stop).catch((error: unknown) => {
        refused.abort(error);
        throw error;
      }),
    );
    const ended = await Promise.allSettled(runs);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  /** Reads a lane until it has passed the reader's end or the signal aborts. @throws {@link StorageRefused} */
  async #runLane(lane: LaneClass, reader: LogReader, bundles: LaneBundles, signal: AbortSignal): Promise<void> {
    const name = laneName(lane);
    let failures = 0;
    let hasMoved = false;
    const succeeded = (): void => {
      if (failures > 0) reader.recovered?.(name);
      failures = 0;
      hasMoved = false;
    };
    while (!signal.aborted) {
      try {
        bundles.expect(lane.lane);
        return await this.#follow(lane, reader, bundles, signal, succeeded);
      } catch (error) {
        bundles.forget(lane.lane);
        if (signal.aborted) return;
        if (error instanceof StorageRefused) throw error;
        if (error instanceof BatchRejected) continue;
        // Nothing is wrong when the log has gone on; when it does so again and again, something is.
        if (error instanceof GenerationMoved && !hasMoved) {
          hasMoved = true;
          continue;
        }
        const retryMs = canHeal(error) ? fullJitter(++failures, RETRY) : null;
        reader.faulted(name, error, retryMs);
        await pauseFor(retryMs, signal);
      }
    }
  }

  /** Hands over batch after batch, from where the reader says; fetches one ahead. Resolves at the reader's end, or when the signal aborts. */
  async #follow(
    lane: LaneClass,
    reader: LogReader,
    bundles: LaneBundles,
    signal: AbortSignal,
    succeeded: () => void,
  ): Promise<void> {
    const { identity, ...asked } = await this.#place(lane, reader, signal);
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    // Asked each time: it may be moved on.
    const end = (): LogPlace | undefined => {
      const cursor = reader.until?.get(laneName(lane));
      if (cursor === undefined) return undefined;
      // Of before a fail-over, or of after one that this lane has yet to hear of: whoever moves the end on says it anew.
      if (isOfOtherGeneration(cursor, identity)) throw new GenerationMoved(identity.generation);
      return placeOf(cursor, identity, lane);
    };
    const isAtEnd = (place: LogPlace, until: LogPlace | undefined): boolean =>
      until !== undefined && reaches(place, until);
    const fetchAfter = (place: LogPlace): Promise<readonly LogPage[] | undefined> => {
      const until = end();
      if (isAtEnd(place, until)) return Promise.resolve(undefined);
      const pages = bundles.next({ lane: lane.lane, place, until, reached: succeeded }, stop);
      // It is looked at when the batch before is done; until then a fault waits.
      pages.catch(() => undefined);
      return pages;
    };
    let { from, place } = asked;
    let fetched = fetchAfter(place);
    try {
      for (;;) {
        const batches = await fetched.catch((error: unknown) => {
          // Of a fail-over that others of this process have gone on from: the place that was ahead is one of before, and is asked for again.
          const isOfBefore = error instanceof AheadOfLog && this.#options.identity.generation !== identity.generation;
          throw isOfBefore ? new GenerationMoved(identity.generation) : error;
        });
        if (signal.aborted) return bundles.forget(lane.lane);
        if (batches === undefined) {
          if (isAtEnd(place, end())) return bundles.forget(lane.lane);
          fetched = fetchAfter(place);
          continue;
        }
        succeeded();
        for (const [i, page] of batches.entries()) {
          if (signal.aborted) return;
          // Others of this process may know of a new generation already: what this place means there is not known here.
          if (page.generation !== identity.generation) throw new GenerationMoved(identity.generation);
          if (i === batches.length - 1) {
            place = page.to;
            fetched = fetchAfter(place);
          }
          const to = cursorOf(page.to, identity, lane);
          const batch = {
            lane: laneName(lane),
            records: page.records,
            from,
            at: cursorOf(page.at, identity, lane),
            to,
            after: (count: number) => cursorOf(placeAfter(page, count), identity, lane),
          };
          await reader.handle(batch, signal).catch((error: unknown) => {
            throw new BatchRejected('the reader rejected a batch', { cause: error });
          });
          from = to;
        }
      }
    } finally {
      ended.abort();
      await fetched.catch(() => undefined);
    }
  }

  /** Where a lane begins: asked of its reader, and understood by the identity that the log has then. The one place where the two meet. */
  async #place(lane: LaneClass, reader: LogReader, signal: AbortSignal): Promise<Beginning> {
    const before = await this.identity();
    const from = await reader.from(laneName(lane), signal);
    const identity = await this.identity();
    // Saved places are carried over as the generation rises: this one may be of before.
    if (identity.generation !== before.generation) throw new GenerationMoved(before.generation);
    return { from, place: placeOf(from, identity, lane), identity };
  }

  /** A place as cursors, labelled with the generation that it was read in. */
  async #everyLane(
    ask: () => Promise<{ readonly place: LogPlace; readonly generation: number }>,
  ): Promise<ReadonlyMap<Lane, Cursor>> {
    const { id } = await this.identity();
    const { place, generation } = await ask().catch(async (error: unknown) => {
      if (!(error instanceof GenerationMoved)) throw error;
      await this.identity();
      return ask();
    });
    return new Map(lanesOf(this.lanes).map((lane) => [laneName(lane), cursorOf(place, { id, generation }, lane)]));
  }
}

interface Beginning {
  readonly from: Cursor | 'start';
  readonly place: LogPlace;
  readonly identity: LogIdentity;
}

/** All of a page is of one window, in the order of positions. */
const placeAfter = ({ at, records }: LogPage, count: number): LogPlace => ({
  ...at,
  position: (records[count - 1] as LogRecord).position,
});

/** The reader wants to be asked for its place again. No fault of the log's. */
class BatchRejected extends Error {}

const canHeal = (error: unknown): boolean => !(error instanceof LeftfoldError) || error.retryable;

/** For so long, or, with `null`, until the signal aborts. */
function pauseFor(ms: number | null, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = ms === null ? undefined : setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
