import type { BatchTime } from './time-allowance.ts';

/** More than any batch has. */
const MOST = 4_096;

/**
 * How many events are handed over at once where nobody can look at the clock between two of them: learned from how long those before took. A call is to take half of the time that a
 * transaction has, and as long as it takes less than a quarter the next one gets twice as many.
 */
export class SlicePace {
  readonly #time: BatchTime;
  #size: number;

  /** @param first with how many it begins, when nothing is known */
  constructor(time: BatchTime, first: number) {
    this.#time = time;
    this.#size = first;
  }

  /** As many as there may be in the next call, at least one. */
  get size(): number {
    return this.#size;
  }
  /** Learns from a call with so many; not from one that rejects. */
  async learn(count: number, call: () => Promise<void>): Promise<void> {
    const { ms, now } = this.#time;
    const began = now();
    await call();
    const took = now() - began;
    if (took > ms / 2) this.#size = Math.max(1, Math.floor((count * ms) / (2 * took)));
    else if (took < ms / 4 && count >= this.#size) this.#size = Math.min(MOST, 2 * this.#size);
  }
}
