import { InputInvalid, LeftfoldError } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';

const named = (followers: readonly FollowerId[]): string =>
  followers.map(({ name, version }) => `${name} version ${version}`).join(', ');

/** A write was not applied in the time that was given. It may be in a moment: what is read now may lack it. `LF_NOT_YET_APPLIED` */
export class NotYetApplied extends LeftfoldError {
  readonly code = 'LF_NOT_YET_APPLIED' as const;
  readonly retryable = true as const;
  /** Those that have it not, or of which it is not known. */
  readonly followers: readonly FollowerId[];

  /** @param why another reason than the time, as a clause */
  constructor(followers: readonly FollowerId[], timeoutMs: number, { cause, why }: { cause?: unknown; why?: string }) {
    super(
      `${named(followers)} had not applied the write ${why ?? `after ${timeoutMs} ms`}; read again later, or see how far behind they are, and that a process runs them`,
      { cause },
    );
    this.followers = followers;
  }
}

/**
 * An event of a write is parked, or kept behind one that is, so no waiting will show it: not before somebody retries or discards its key. What is read lacks it.
 * `LF_WRITE_PARKED`
 */
export class WriteParked extends LeftfoldError {
  readonly code = 'LF_WRITE_PARKED' as const;
  readonly retryable = true as const;
  readonly followers: readonly FollowerId[];

  constructor(followers: readonly FollowerId[]) {
    super(
      `an event of the write is parked by ${named(followers)}, so what is read lacks it until somebody retries its key; look at the parked keys`,
    );
    this.followers = followers;
  }
}

/** @returns {@link InputInvalid} `LF_TOKEN_FOREIGN` */
export const tokenForeign = (why: string): InputInvalid =>
  new InputInvalid('LF_TOKEN_FOREIGN', `the token ${why}; it is of no use here: leave it out`);
