import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@leftfold/subscriptions';

/** So short a pause is over by itself: two writers met, or something had not come up yet. Nobody wants to advance a clock for that. */
const BY_ITSELF_MS = 100;
/** Looks that are made every second or more often, and first retries: while the clock is moved far, not more than so many of them. */
const SHORT_MS = 1_000;
const MOST_LOOKS = 100;
/** What is woken goes on in memory; so many turns without anybody who begins to wait, and it has come to rest. */
const QUIET_TURNS = 25;

interface Waiting {
  due: number;
  /** What was asked for. */
  readonly ms: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  readonly #waiting = new Set<Waiting>();
  #now: number;
  /** How long a short pause is at least. */
  #shortMs = 0;
  /** How often somebody has begun to wait. */
  #begun = 0;

  constructor(now: Date) {
    this.#now = now.getTime();
  }

  now(): number {
    return this.#now;
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (ms > BY_ITSELF_MS) await this.#wait(ms, signal);
    else await setImmediate();
    signal.throwIfAborted();
  }

  /** Moves the clock, and wakes whoever waits on the way, the earliest first, each at its time. Resolves when what was woken waits again, or for something else. */
  async advance(ms: number): Promise<void> {
    if (!Number.isInteger(ms) || ms < 0)
      throw new RangeError(`a clock is advanced by whole milliseconds from 0, not ${ms}`);
    const to = this.#now + ms;
    this.#shortMs = Math.ceil(ms / MOST_LOOKS);
    await this.#rest();
    for (let next = this.#next(to); next !== undefined; next = this.#next(to)) {
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await this.#rest();
    }
    this.#now = to;
    this.#shortMs = 0;
    for (const one of this.#waiting) one.due = Math.min(one.due, to + one.ms);
    await this.#rest();
  }

  #next(to: number): Waiting | undefined {
    const [first] = [...this.#waiting].filter(({ due }) => due <= to).sort((a, b) => a.due - b.due);
    return first;
  }
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    const due = this.#now + (ms > SHORT_MS ? ms : Math.max(ms, this.#shortMs));
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const waiting: Waiting = { due, ms, wake };
      this.#begun += 1;
      this.#waiting.add(waiting);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
  async #rest(): Promise<void> {
    for (let quiet = 0, begun = this.#begun; quiet < QUIET_TURNS; quiet++) {
      await setImmediate();
      if (begun === this.#begun) continue;
      begun = this.#begun;
      quiet = 0;
    }
  }
}
