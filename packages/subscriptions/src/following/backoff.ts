/** How long to wait between attempts. */
export interface Backoff {
  /** The most that is waited before the second attempt, in milliseconds. */
  readonly baseMs: number;
  /** The most that is ever waited, in milliseconds. */
  readonly capMs: number;
}

/**
 * How long to wait after the n-th failed attempt (from 1), in whole milliseconds: anything from nothing to a bound that doubles with each attempt,
 * up to the cap. The whole range is drawn from, so that many who failed together do not come back together.
 *
 * Source: "Exponential Backoff And Jitter" (full jitter), AWS Architecture Blog.
 */
export function fullJitter(attempt: number, { baseMs, capMs }: Backoff, random: () => number = Math.random): number {
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
}
