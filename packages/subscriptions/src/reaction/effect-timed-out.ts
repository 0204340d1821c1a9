import { LeftfoldError } from '@leftfold/core';

/**
 * An effect did not end within the `timeoutMs` of its reaction. What it had begun may still come about, and it may be run again, under the same idempotency key. A failure of
 * the effect, as if it had rejected. `LF_EFFECT_TIMED_OUT`
 */
export class EffectTimedOut extends LeftfoldError {
  readonly code = 'LF_EFFECT_TIMED_OUT' as const;
  readonly retryable = false as const;

  /** @param cause what it rejected with when it was told to end; absent where it did not even end then */
  constructor(reaction: string, type: string, timeoutMs: number, cause?: unknown) {
    super(
      `the effect of reaction ${reaction} for ${type} did not end within ${timeoutMs} ms; give its signal to what it waits for, and where it needs longer raise the reaction's timeoutMs`,
      cause === undefined ? undefined : { cause },
    );
  }
}
