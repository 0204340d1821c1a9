import { InputInvalid } from '@leftfold/core';
import { elapsedMs } from '../clock.ts';

/** How long the events of one transaction may take, and by which clock. */
export interface BatchTime {
  readonly ms: number;
  /** Milliseconds, from whenever. */
  readonly now: () => number;
}

/** Long enough that a transaction's own cost does not count, short enough that a crash repeats little and a lock is waited for. */
const BATCH_MS = 1_000;
const MOST_MS = 60_000;

/**
 * By the clock that a follower was started under.
 * @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` for anything but 1 to 60,000 whole milliseconds
 */
export function batchTime(ms: number = BATCH_MS): BatchTime {
  if (!Number.isInteger(ms) || ms < 1 || ms > MOST_MS) {
    throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `batchMs is ${ms}; it is 1 to ${MOST_MS} whole milliseconds`);
  }
  return { ms, now: elapsedMs };
}

/** What is left of the time for the events of one transaction. It runs from {@link begin} on: what a server takes until there is something to apply is none of theirs. */
export class TimeAllowance {
  readonly #time: BatchTime;
  readonly #interrupted: AbortSignal;
  #began: number | undefined;

  /** @param interrupted aborts when the follower stops, or has lost its lane */
  constructor(time: BatchTime, interrupted: AbortSignal) {
    this.#time = time;
    this.#interrupted = interrupted;
  }

  /** The first event is about to be applied. Called again it changes nothing. */
  begin(): void {
    this.#began ??= this.#time.now();
  }
  /** It begins anew: what was applied is taken back, and applied again in parts. */
  renew(): void {
    this.#began = undefined;
  }

  /** For a batch that must be dealt with whole. */
  static unlimited(): TimeAllowance {
    return new TimeAllowance({ ms: Infinity, now: () => 0 }, new AbortController().signal);
  }

  get isSpent(): boolean {
    return this.#began !== undefined && this.#time.now() - this.#began >= this.#time.ms;
  }
  /** It is spent, or somebody waits for the follower to stop. */
  get isOver(): boolean {
    return this.#interrupted.aborted || this.isSpent;
  }
}
