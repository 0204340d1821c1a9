import { AheadOfLog } from './log-errors.ts';
import type { Boundary } from './log-pages.ts';
import { covers, snapshotText, type Snapshot } from './snapshot.ts';
import type { Wake } from './wake.ts';

/**
 * Between polls: doubled while nothing comes, so that what comes late after a hint is late by no more than it let wait. An append of this process wakes at once, and so
 * does one of another where it is heard of: then polls are only for what no hint tells.
 */
const POLL_MS = { first: 5, most: 50, mostHearing: 1_000 };
/** After so long without events, readers are told of transactions that have ended without any. */
const SETTLE_MS = 50;

/** Asks the database how far the log can be read by who has seen so much. */
export type AskBoundary = (seen: Snapshot) => Promise<Boundary>;

interface Waiting {
  readonly reached: () => void;
  readonly moved: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * How far the log can be read, for all readers of one storage: its followers, and the lanes of each. One boundary after the other is drawn, and everybody
 * opens windows that end at one of them. So however many wait at the end of the log, one statement asks for all of them; and whoever was behind comes to
 * stand where the others stand.
 */
export class LogTip {
  readonly #ask: AskBoundary;
  readonly #wake: Wake;
  readonly #isHearing: () => boolean;
  readonly #isCurrent: (boundary: Boundary) => boolean;
  readonly #waiting = new Set<Waiting>();
  /** The newest boundary; unknown before the first reader came, and after a fault. */
  #newest: Snapshot | undefined;
  /** How it was drawn from the one before. */
  #step: { readonly from: Snapshot; readonly boundary: Boundary } | undefined;
  #isPolling = false;
  #nobodyWaits = new AbortController();

  /**
   * @param isHearing whether other processes' appends signal `wake`, too
   * @param isCurrent whether a boundary that was drawn before is still one of this log: not when the generation has risen since
   */
  constructor(
    ask: AskBoundary,
    wake: Wake,
    isHearing: () => boolean = () => false,
    isCurrent: (boundary: Boundary) => boolean = () => true,
  ) {
    this.#ask = ask;
    this.#wake = wake;
    this.#isHearing = isHearing;
    this.#isCurrent = isCurrent;
  }

  /**
   * The boundary to which a reader reads that has seen so much; who stands at the newest one waits for the next. `undefined` when aborted. One without events
   * comes where nothing is new, but transactions that ran at the last boundary have ended: whoever waits for the end of the log could not be told otherwise
   * that none of them left an event.
   *
   * @param reached told each time the database has answered that nothing is new: who was cut off from it knows by that, however quiet the log is
   * @throws what asking throws
   */
  async after(seen: Snapshot, signal: AbortSignal, reached: () => void = () => {}): Promise<Boundary | undefined> {
    while (!signal.aborted) {
      const newest = this.#newest;
      const step = this.#step;
      // A little late: the others have just gone from here. Not in an earlier generation, whose ids may be others' now; and not to where it stands already.
      const isLate =
        step !== undefined && step.boundary.to === newest && isSame(step.from, seen) && !isSame(newest, seen);
      if (isLate && this.#isCurrent(step.boundary)) return step.boundary;
      if (newest === undefined || !isSame(newest, seen)) {
        const asked = await this.#ask(seen);
        // Not one from before the log lost its end, nor one that this reader is ahead of.
        const isReached = newest !== undefined && covers(newest, seen) && covers(asked.to, newest);
        if (isReached) return { ...asked, to: newest };
        this.#move(seen, asked);
        if (!isSame(asked.to, seen)) return asked;
        reached();
      } else {
        await this.#moved(signal, reached);
      }
    }
    return undefined;
  }

  /**
   * The boundary `end`, for a reader that goes no further: what stands before it, if anything.
   * @throws {@link AheadOfLog} when the log has not come so far
   */
  async upTo(end: Snapshot, seen: Snapshot): Promise<Boundary> {
    const asked = await this.#ask(seen);
    if (!covers(asked.to, end)) throw new AheadOfLog(end.xmax - 1n, asked.to.xmax - 1n);
    return { ...asked, to: end };
  }

  #move(from: Snapshot, boundary: Boundary): void {
    this.#newest = boundary.to;
    this.#step = { from, boundary };
    for (const { moved } of this.#waiting) moved();
  }

  /** Resolves when there is another newest boundary, or when the signal aborts. */
  #moved(signal: AbortSignal, reached: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      signal.removeEventListener('abort', moved);
      this.#waiting.delete(waiting);
      if (this.#waiting.size === 0) this.#nobodyWaits.abort();
    };
    const moved = (): void => {
      leave();
      resolve();
    };
    const failed = (error: unknown): void => {
      leave();
      reject(error);
    };
    const waiting: Waiting = { reached, moved, failed };
    this.#waiting.add(waiting);
    signal.addEventListener('abort', moved);
    if (!this.#isPolling) void this.#poll();
    return promise;
  }

  /** As long as somebody waits, until something is new. */
  async #poll(): Promise<void> {
    this.#isPolling = true;
    try {
      for (let waitMs = POLL_MS.first; this.#waiting.size > 0;) {
        const seen = this.#newest as Snapshot;
        const { count } = this.#wake;
        const next = await this.#ask(seen);
        if (this.#newest !== seen) continue;
        const isSettled = next.to.running.length === seen.running.length;
        if (next.hasEvents || (!isSettled && waitMs >= SETTLE_MS)) return this.#move(seen, next);
        for (const { reached } of this.#waiting) reached();
        this.#nobodyWaits = new AbortController();
        if (this.#waiting.size > 0) await this.#wake.wait(waitMs, count, this.#nobodyWaits.signal);
        const most = this.#isHearing() ? POLL_MS.mostHearing : POLL_MS.most;
        waitMs = this.#wake.count === count ? Math.min(waitMs * 2, most) : POLL_MS.first;
      }
    } catch (error) {
      // It may be the boundary that is wrong: the next one is drawn from where its reader stands.
      this.#newest = undefined;
      for (const { failed } of this.#waiting) failed(error);
    } finally {
      this.#isPolling = false;
    }
  }
}

const isSame = (a: Snapshot, b: Snapshot): boolean => a === b || snapshotText(a) === snapshotText(b);
