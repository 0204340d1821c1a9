import { InputInvalid, LeftfoldError } from '@leftfold/core';
import type { AppendOutcome, OutcomeUnknown } from '@leftfold/core';
import { InlineRefused } from '@leftfold/subscriptions';
import type { AppendCall } from './appends.ts';
import { isFinal } from './refused-append.ts';

/** How long an append whose connection was lost is sent again; a server that was stopped is back by then, or it takes longer than a caller waits. */
const RESEND_MS = 15_000;
const PAUSE_MS = { first: 20, most: 500 };

/**
 * When to give up. Appends that shared a statement were lost by one fault, and are sent again a few at a time: with 15 s for each, the last of 128 would be
 * told after minutes.
 */
const ends = new WeakMap<OutcomeUnknown, number>();
function endOf(lost: OutcomeUnknown): number {
  const end = ends.get(lost) ?? performance.now() + RESEND_MS;
  ends.set(lost, end);
  return end;
}

/** Whether a call says of itself, when it is sent again, that it was carried out before: by its event ids or its reply's key. */
export const canResend = ({ written, reply }: AppendCall): boolean => written.length > 0 || reply !== undefined;

/**
 * Sends an append again, once at least, until a sending is answered, and hands that answer out if no other sending can change it any more (decision 0012).
 * @param again one sending.
 * @throws `lost` when there is no such answer in time; what refuses the call whatever became of its first sending (`LF_EVENT_ID_REUSED`, `LF_STREAM_CATEGORY`)
 */
export async function resend(
  call: AppendCall,
  lost: OutcomeUnknown,
  again: () => Promise<AppendOutcome>,
): Promise<AppendOutcome> {
  const end = endOf(lost);
  for (let pause = PAUSE_MS.first; ; pause = Math.min(pause * 2, PAUSE_MS.most)) {
    const outcome = await again().catch((error: unknown) => {
      // Nothing of a transaction stays without its COMMIT: where this sending came as far as the fold, no other has left anything.
      if (error instanceof InputInvalid || error instanceof InlineRefused) throw error;
      // A server that is not back yet, a lock that the first sending holds, one more lost connection: none of it is an answer.
      if (error instanceof LeftfoldError) return undefined;
      throw lost;
    });
    if (outcome !== undefined && isFinal(call, outcome)) return outcome;
    if (outcome !== undefined || performance.now() + pause > end) throw lost;
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
  }
}
