import { setImmediate as turn } from 'node:timers/promises';

export interface Timer {
  readonly at: number;
  readonly due: () => void;
  /** It keeps no process alive anyway. */
  unref(): Timer;
}

/** A clock that stands still until it is moved, and the timers that run by it. One for the whole process, since timers are global. */
export class VirtualTime {
  #now = 0;
  readonly #timers = new Set<Timer>();

  get now(): number {
    return this.#now;
  }
  reset(): void {
    this.#now = 1_000_000;
    this.#timers.clear();
  }

  setTimeout(due: () => void, ms: number): Timer {
    const timer: Timer = { at: this.#now + Math.max(1, ms), due, unref: () => timer };
    this.#timers.add(timer);
    return timer;
  }
  clearTimeout(timer: Timer | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
  }
  /** As that of `node:timers/promises`. */
  wait(ms: number, _: unknown, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = this.setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Somebody has been at work for so long: what is due meanwhile comes afterwards. */
  pass(ms: number): void {
    this.#now += ms;
  }
  /** Moves the clock on, past all timers that are due meanwhile, in their order. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#first(); next !== undefined && next.at <= end; next = this.#first()) await this.#fire(next);
    this.#now = end;
  }
  /** To the first timer there is. False: there is none. */
  async next(): Promise<boolean> {
    const next = this.#first();
    if (next === undefined) return false;
    await this.#fire(next);
    return true;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.due();
    await settled();
  }
  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  }
}

/** The one that the test puts in the place of Node's timers. */
export const virtualTime: VirtualTime = new VirtualTime();

/** All that could go on by itself has done so: what is left waits for a timer, or for a step of the schedule. */
export async function settled(): Promise<void> {
  await turn();
}
