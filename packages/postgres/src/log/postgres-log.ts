import { LeftfoldError } from '@leftfold/core';
import {
  fullJitter,
  type Cursor,
  type Lane,
  type Log,
  type LogIdentity,
  type LogRecord,
  type Reader,
} from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { StorageRefused } from '../storage-errors.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';
import type { KnownIdentity } from './log-identity.ts';
import { LogPages, type LogPage } from './log-pages.ts';
import { cursorOf, hasPassed, placeOf, type LogPlace } from './log-place.ts';
import type { LogStatements } from './log-statements.ts';
import type { Wake } from './wake.ts';

const LANE = '0' as Lane;
/** Between polls: doubled while nothing comes. An append of this process wakes at once; this is for the others. */
const POLL_MS = { first: 5, most: 50 };
const RETRY = { baseMs: 50, capMs: 5_000 };

/** What the log is told about the world around it. */
export interface PostgresLogOptions {
  readonly db: Database;
  readonly identity: KnownIdentity;
  readonly schemas: WriterSchemas;
  readonly statements: LogStatements;
  readonly wake: Wake;
  /** Most events of one batch. */
  readonly batchSize: number;
}

/**
 * The log of one Postgres schema as a source with one lane, `0`, read by snapshot difference ({@link LogPages}). A cursor is bound to the log and its
 * generation. It may be kept anywhere, also in memory or in another database: what it has seen is on the disk of the log's cluster.
 *
 * Each reader polls by itself, with one statement while nothing comes, and is woken by appends of its own process.
 */
export class PostgresLog implements Log {
  readonly name = 'log';
  readonly ownership = 'leased';
  readonly #options: PostgresLogOptions;

  constructor(options: PostgresLogOptions) {
    this.#options = options;
  }

  identity(): Promise<LogIdentity> {
    return this.#options.db.session((session) => this.#options.identity.get(session));
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    const identity = await this.identity();
    return new Map([[LANE, cursorOf(await this.#pages().end(), identity)]]);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    return hasPassed(cursor, head);
  }

  async run(reader: Reader<LogRecord>, signal: AbortSignal): Promise<void> {
    let failures = 0;
    const succeeded = (): void => {
      if (failures > 0) reader.recovered?.(LANE);
      failures = 0;
    };
    while (!signal.aborted) {
      try {
        await this.#follow(reader, signal, succeeded);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StorageRefused) throw error;
        if (error instanceof BatchRejected) continue;
        const retryMs = canHeal(error) ? fullJitter(++failures, RETRY) : null;
        reader.faulted(LANE, error, retryMs);
        await pauseFor(retryMs, signal);
      }
    }
  }

  /** Hands over batch after batch, from where the reader says; fetches one ahead. */
  async #follow(reader: Reader<LogRecord>, signal: AbortSignal, succeeded: () => void): Promise<void> {
    let from = await reader.from(LANE, signal);
    const identity = await this.identity();
    const pages = this.#pages();
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    const fetchAfter = (place: LogPlace): Promise<LogPage | undefined> => {
      const page = this.#nextPage(pages, place, stop);
      // It is looked at when the batch before is done; until then a fault waits.
      page.catch(() => undefined);
      return page;
    };
    let fetched = fetchAfter(placeOf(from, identity));
    try {
      for (;;) {
        const page = await fetched;
        if (page === undefined || signal.aborted) return;
        succeeded();
        fetched = fetchAfter(page.to);
        const to = cursorOf(page.to, identity);
        const batch = { lane: LANE, records: page.records, from, at: cursorOf(page.at, identity), to };
        await reader.handle(batch, signal).catch((error: unknown) => {
          throw new BatchRejected('the reader rejected a batch', { cause: error });
        });
        from = to;
      }
    } finally {
      ended.abort();
      await fetched.catch(() => undefined);
    }
  }

  /** Polls until there is a page; `undefined` when aborted. */
  async #nextPage(pages: LogPages, place: LogPlace, signal: AbortSignal): Promise<LogPage | undefined> {
    const { wake } = this.#options;
    for (let waitMs = POLL_MS.first; !signal.aborted; waitMs = Math.min(waitMs * 2, POLL_MS.most)) {
      const seen = wake.count;
      const page = await pages.next(place, waitMs === POLL_MS.most);
      if (page !== undefined) return page;
      await wake.wait(waitMs, seen, signal);
    }
    return undefined;
  }

  #pages(): LogPages {
    return new LogPages(this.#options, this.#options.batchSize);
  }
}

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
