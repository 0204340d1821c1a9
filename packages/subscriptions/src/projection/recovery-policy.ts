import { DefinitionError } from '@leftfold/core';

/**
 * What is done about a fault of a handler's own: it throws, its row is not there, its statement is refused. A closed set. Faults of servers and network are none of it: they are
 * tried again until they are over, visibly; and an event that is newer than the code waits.
 */
export type RecoveryStep = { readonly kind: 'stop' } | { readonly kind: 'park' };
/** A {@link RecoveryStep}, or that after some repetitions. */
export type Recover =
  | RecoveryStep
  | { readonly kind: 'retry'; readonly times: number; readonly backoffMs: number; readonly then: RecoveryStep };

/** Per projection or reaction: how it recovers where it follows, and in a rebuild. */
export interface RecoveryPolicy {
  /** Default {@link park}. */
  readonly live?: Recover;
  /** Default {@link stop}: a rebuild that is not whole is none. */
  readonly rebuild?: Recover;
}

/** The lane stands still before the event, visibly, until somebody acts and the follower is started again. */
export const stop = (): RecoveryStep => ({ kind: 'stop' });
/** The event and all later ones of its key are kept, in order, until somebody asks for them; all other keys go on. */
export const park = (): RecoveryStep => ({ kind: 'park' });

/**
 * The same again, `times` times, after a pause of `backoffMs`, which doubles each time up to a minute, with jitter; the lane waits meanwhile. Then the step.
 * @param options `times` 1 to 100; `backoffMs` 0 to 60,000
 * @throws {@link DefinitionError} `LF_RECOVERY_INVALID` outside of that
 */
export function retry(options: {
  readonly times: number;
  readonly backoffMs: number;
  readonly then: 'park' | 'stop';
}): Recover {
  const { times, backoffMs, then } = options;
  const isWhole = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to;
  if (!isWhole(times, 1, 100) || !isWhole(backoffMs, 0, 60_000) || (then !== 'park' && then !== 'stop')) {
    throw new DefinitionError(
      'LF_RECOVERY_INVALID',
      `retry({ times: ${times}, backoffMs: ${backoffMs}, then: ${JSON.stringify(then)} }): times is 1 to 100, backoffMs 0 to 60000, then 'park' or 'stop'`,
    );
  }
  return { kind: 'retry', times, backoffMs, then: { kind: then } };
}
