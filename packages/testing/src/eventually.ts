import { AssertionError } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const LONGEST_PAUSE_MS = 50;

/** How long to wait for a state. */
export interface Patience {
  /** Milliseconds until the wait is given up. Default 20,000: an upper bound for a slow machine, nothing that a passing test waits for. */
  readonly timeoutMs?: number;
}

/**
 * Waits for a state instead of a time: asks `check` again and again until it neither throws nor answers `false`, and answers what it answered.
 * Pauses between two looks, at most 50 ms.
 *
 * @throws `AssertionError` after `timeoutMs`, with what `check` threw last as its cause and in its message
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 20_000 }: Patience = {},
): Promise<Exclude<T, false>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    let cause: unknown = 'it is false';
    try {
      const answer = await check();
      if (answer !== false) return answer as Exclude<T, false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= giveUpAt) {
      const last = cause instanceof Error ? cause.message : String(cause);
      throw Object.assign(new AssertionError({ message: `still not so after ${timeoutMs} ms: ${last}` }), { cause });
    }
    await pause(pauseMs);
  }
}
