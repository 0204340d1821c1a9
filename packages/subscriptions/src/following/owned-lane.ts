import type { Json } from '@leftfold/core';
import { LaneLost, type Checkpoints, type Claim } from '../checkpoints.ts';
import { recoveryOf } from './recovery.ts';
import type { Cursor } from '../source.ts';
import type { WorkUnderWay } from './status.ts';
import type { StatusBoard } from './status-board.ts';

/** How long a place that needs no saving by itself may stay unsaved. */
export const SAVE_SOON_MS = 1_000;
/**
 * A lane as long as this process owns it: the saved place, and the place up to which all is done. They differ while only unhandled events came by;
 * then the latter is saved a little later, at a stop at the latest. Losing that much costs a second look at them, nothing else.
 */
export class OwnedLane {
  readonly claim: Claim;
  readonly #checkpoints: Checkpoints;
  readonly #board: StatusBoard;
  readonly #lost = new AbortController();
  #saved: Cursor | 'start';
  #done: Cursor | 'start';
  #ledger: Json;
  #savedLedger: Json;
  #saveAt: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  /** Pieces of work that hold the lane, or wait for it. */
  #holders = 0;
  #lastHold: Promise<unknown> = Promise.resolve();
  #flushing: Promise<void> | undefined;
  #bound: { readonly to: AbortSignal; readonly signal: AbortSignal } | undefined;

  constructor(claim: Claim, checkpoints: Checkpoints, board: StatusBoard) {
    this.claim = claim;
    this.#checkpoints = checkpoints;
    this.#board = board;
    this.#saved = this.#done = claim.cursor;
    this.#ledger = this.#savedLedger = claim.ledger;
    board.cursor(claim.lane, claim.cursor);
  }

  /** The saved place: where the next move starts. */
  get saved(): Cursor | 'start' {
    return this.#saved;
  }
  /** Everything before it is dealt with, durably. */
  get done(): Cursor | 'start' {
    return this.#done;
  }
  /** Aborts when the lane is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }
  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** A batch is being dealt with. */
  get isHeld(): boolean {
    return this.#holders > 0;
  }

  /** `signal`, and the loss of the lane, as one. One pair is kept, since the same signal comes with every batch. */
  bound(signal: AbortSignal): AbortSignal {
    if (this.#bound?.to !== signal) this.#bound = { to: signal, signal: AbortSignal.any([signal, this.#lost.signal]) };
    return this.#bound.signal;
  }
  /** One piece of work at a time, in the order they came. Keeps the timer's saves out meanwhile: two moves from one place would look like two owners. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#lastHold;
    this.#holders += 1;
    const held = (async () => {
      await before;
      await this.#flushing;
      return work();
    })();
    this.#lastHold = held.catch(() => {});
    try {
      return await held;
    } finally {
      this.#holders -= 1;
    }
  }

  /**
   * Saves a place, and what is kept beside it, under this claim's epoch. Where both stand saved already nothing is sent.
   * @throws {@link LaneLost}
   */
  async save(to: Cursor, ledger: Json = this.#ledger): Promise<void> {
    this.#lost.signal.throwIfAborted();
    if (to === this.#saved && ledger === this.#savedLedger) return;
    try {
      await this.#checkpoints.save(this.claim, { from: this.#saved, to, ledger });
    } catch (error) {
      if (recoveryOf(error) === 'reclaim') this.lose();
      throw error;
    }
    this.moved(to, ledger);
  }
  /** The checkpoint has been moved here, with this beside it. */
  moved(to: Cursor, ledger: Json = this.#ledger): void {
    this.#saved = this.#done = to;
    this.#ledger = this.#savedLedger = ledger;
    this.#clearTimer();
    this.#board.cursor(this.claim.lane, to);
  }
  /** All up to here is dealt with. It is saved with the next move, at a stop, or alone within this time; `null`: never alone. */
  passed(to: Cursor, withinMs: number | null, ledger: Json = this.#ledger): void {
    this.#done = to;
    this.#ledger = ledger;
    if (withinMs !== null) this.#saveWithin(withinMs);
  }
  /** Saves the place up to which all is done, if it is not saved. @throws {@link LaneLost} */
  async flush(): Promise<void> {
    if (this.#done !== 'start') await this.save(this.#done);
  }

  /** Shows how many of its keys are withheld. */
  withholding(keys: number): void {
    this.#board.withholding(this.claim.lane, keys);
  }
  /** Shows how many of its keys are parked. */
  parking(keys: number): void {
    this.#board.parking(this.claim.lane, keys);
  }
  /** Shows that something is under way that takes its time, until what it answers is called. */
  began(work: WorkUnderWay): () => void {
    return this.#board.began(this.claim.lane, work);
  }
  /** Shows what is tried again. */
  troubled(error: unknown): void {
    this.#board.set(this.claim.lane, 'retrying', error);
  }

  /** Not ours any more: what waits for this lane ends with {@link LaneLost}, nothing is saved. */
  lose(): void {
    this.#clearTimer();
    this.#lost.abort(new LaneLost(this.claim.follower, this.claim.lane));
  }

  /** No save by the timer begins any more, and none is under way. */
  async settle(): Promise<void> {
    this.#clearTimer();
    await this.#flushing;
    this.#clearTimer();
  }

  /** An upper bound of age, no quiet period that each batch would begin anew (hazard R9). */
  #saveWithin(ms: number): void {
    const at = performance.now() + ms;
    if (this.isLost || (this.#saveAt && this.#saveAt.at <= at)) return;
    this.#clearTimer();
    this.#saveAt = { timer: setTimeout(() => this.#onTimer(), ms), at };
  }
  #clearTimer(): void {
    clearTimeout(this.#saveAt?.timer);
    this.#saveAt = undefined;
  }
  #onTimer(): void {
    this.#saveAt = undefined;
    if (this.isHeld) this.#saveWithin(SAVE_SOON_MS);
    else this.#flushing = this.#flushLater();
  }
  async #flushLater(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      // What is not transient shows up, with its remedy, when the lane is claimed again at the next batch.
      if (recoveryOf(error) === 'again') this.#saveWithin(SAVE_SOON_MS);
      else this.lose();
    }
  }
}
