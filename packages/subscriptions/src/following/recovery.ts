import type { Backoff } from './backoff.ts';

/**
 * What a loop does about an error. A closed set:
 *
 * - `again`: the same once more, after a pause, for ever and visibly: a server is away, a schema not there yet.
 * - `rerun`: the same at once: another owner wrote first, nothing is wrong.
 * - `reclaim`: the lane belongs to somebody else; ask for it again before anything else is done.
 * - `wait`: the event is newer than this code; neither parked nor skipped, a newer process will handle it (hazard C16).
 * - `stop`: no repetition will help; the lane stands still and says why, other lanes go on (hazard C5).
 */
export type Recovery = 'again' | 'rerun' | 'reclaim' | 'wait' | 'stop';

/** Sorts an error, by its code and its retry flag alone: a class may come from another copy of a package. What is not ours stops. */
export function recoveryOf(error: unknown): Recovery {
  const { code, retryable } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly retryable?: unknown;
  };
  if (code === 'LF_LANE_LOST') return 'reclaim';
  if (code === 'LF_ROW_RACED') return 'rerun';
  if (code === 'LF_NEWER_EVENT') return 'wait';
  return typeof code === 'string' && code.startsWith('LF_') && retryable === true ? 'again' : 'stop';
}

/** Between attempts of what failed on a server. */
export const AGAIN: Backoff = { baseMs: 50, capMs: 5_000 };
/** Between runs of a batch that lost a race for a row. */
export const RERUN: Backoff = { baseMs: 5, capMs: 100 };
/** After so many lost races in a row the loop backs off like for any other fault. */
export const RERUNS = 10;
/** Between looks at an event that is newer than the code. */
export const WAIT: Backoff = { baseMs: 1_000, capMs: 30_000 };
