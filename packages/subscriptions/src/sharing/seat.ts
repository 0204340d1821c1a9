import { setImmediate } from 'node:timers/promises';
import type { Batch, Cursor, Lane, Reader, SourceRecord } from '../source.ts';
import type { Flow } from './flow.ts';

/** After being too slow once, it must have been in time so often before it is waited for again. */
const PROBATION = 10;

/** A follower on one lane: where it stands, and whether it is at work. It sits in at most one {@link Flow}; one that is slow works on alone and is placed anew when it is done. */
export class Seat<R extends SourceRecord = SourceRecord> {
  readonly reader: Reader<R>;
  readonly lane: Lane;
  /** The flow that asked it for its place last: it goes back there, where that still waits. */
  home: Flow<R> | undefined;
  readonly #left = new AbortController();
  readonly #signal: AbortSignal;
  #at: Cursor | 'start' | undefined;
  #busy: Batch<R> | undefined;
  #toProve = 0;
  #asked = 0;
  #isStopped = false;
  #again: PromiseWithResolvers<void> = Promise.withResolvers();
  #dealing: Promise<unknown> = Promise.resolve();

  /** @param stopped aborts when the follower wants to end. */
  constructor(reader: Reader<R>, lane: Lane, stopped: AbortSignal) {
    this.reader = reader;
    this.lane = lane;
    this.#signal = AbortSignal.any([stopped, this.#left.signal]);
  }

  /** Everything before it is dealt with. `undefined` while the follower is asked, which may take as long as another owner has the lane. */
  get at(): Cursor | 'start' | undefined {
    return this.#at;
  }
  /** How often it was asked. */
  get asked(): number {
    return this.#asked;
  }
  /** What it deals with now. */
  get busy(): Batch<R> | undefined {
    return this.#busy;
  }
  /** It stands still for good: the source has told it so. */
  get isStopped(): boolean {
    return this.#isStopped;
  }
  get isGone(): boolean {
    return this.#signal.aborted;
  }

  /** Asks the follower for its place, and has it placed; again each time {@link ask} is called. Resolves when the lane is lost, or the follower ends, and nothing is under way. */
  async run(before: Promise<unknown>, place: (seat: Seat<R>) => void): Promise<void> {
    await before;
    const gone = new Promise<void>((resolve) => {
      if (this.isGone) resolve();
      this.#signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!this.isGone) {
      this.#asked += 1;
      // A fault is the follower's own, and told by it. One that rejects at once, for ever, must not starve its process.
      const at = await this.reader.from(this.lane, this.#signal).catch(() => setImmediate(undefined));
      if (at === undefined || this.isGone) continue;
      this.#again = Promise.withResolvers();
      this.#at = at;
      place(this);
      await Promise.race([this.#again.promise, gone]);
    }
    this.#at = undefined;
    await this.#dealing;
  }

  /** Its saved place may have changed: it is asked for it again. */
  ask(home?: Flow<R>): void {
    this.home = home;
    // It is being asked already.
    if (this.#at === undefined) return;
    this.#at = undefined;
    this.#again.resolve();
  }
  /** Never rejects: false where the batch was not dealt with, and the follower is asked for its place. */
  deal(batch: Batch<R>): Promise<boolean> {
    const dealing = this.#deal(batch);
    this.#dealing = dealing;
    return dealing;
  }
  /** Whether the others wait for it: not where it was too slow for them of late. */
  get isAwaited(): boolean {
    return this.#toProve === 0;
  }
  /** It was not done in time, or was. */
  wasInTime(isInTime: boolean): void {
    this.#toProve = isInTime ? Math.max(0, this.#toProve - 1) : PROBATION;
  }
  /** The source will not read on from where it stands. */
  stop(fault: unknown): void {
    this.#isStopped = true;
    this.reader.faulted(this.lane, fault, null);
  }
  /** The lane is not this process's any more. */
  lose(): void {
    this.#left.abort(new DOMException(`the lane ${this.lane} was taken away`, 'AbortError'));
    this.reader.lost?.(this.lane);
  }

  async #deal(batch: Batch<R>): Promise<boolean> {
    this.#busy = batch;
    try {
      await this.reader.handle(batch, this.#signal);
      this.#at = batch.to;
      return true;
    } catch {
      this.ask();
      return false;
    } finally {
      this.#busy = undefined;
    }
  }
}
