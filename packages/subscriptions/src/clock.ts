import { AsyncLocalStorage } from 'node:async_hooks';

/** What followers wait by: pauses after faults, retries, looks between batches. A test's own clock lets them pass without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds of this clock. Rejects with the signal's reason as soon as it aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

// Not handed from part to part: whatever a follower consists of waits by one clock, also what is added later and does not know of it.
const surroundings = new AsyncLocalStorage<Clock>();

/** Starts what waits by this clock from then on: followers and all that belongs to them. */
export const underClock = <T>(clock: Clock, start: () => T): T => surroundings.run(clock, start);

/** The same, whoever calls it back, under the clock that this was called under. A source may call a reader from wherever its lanes were dealt out anew. */
export function keepingClock<Args extends readonly unknown[], T>(work: (...args: Args) => T): (...args: Args) => T {
  const clock = clockHere();
  return clock === undefined ? work : (...args) => underClock(clock, () => work(...args));
}

/** The clock that this was started under; absent: the machine's. */
export const clockHere = (): Clock | undefined => surroundings.getStore();

/** Milliseconds to measure a span by, of the clock that this was started under. The machine's here never goes back, so its values are no times. */
export const elapsedMs = (): number => clockHere()?.now() ?? performance.now();
