import { LaneLost } from '@leftfold/subscriptions';
import type { ModelPart } from '@leftfold/subscriptions';

/** Why a shared transaction was rolled back: what one of its parts threw. */
export class PartFailed extends Error {
  readonly part: ModelPart;
  override readonly cause: unknown;

  constructor(part: ModelPart, cause: unknown) {
    super('a part of a shared transaction failed');
    this.part = part;
    this.cause = cause;
  }
}

/**
 * Runs parts together, and again without the one that failed, until what is left is committed: each costs the others one run at most. `together` answers the parts whose
 * lane was lost, which were left out. A failure of the transaction itself, as of its connection, is that of all that were in it.
 *
 * Parts go in the order of their followers' names, whatever the order given: two processes that share transactions over the same tables lock them in the same order (hazard C13).
 */
export async function runParts(
  parts: readonly ModelPart[],
  together: (parts: readonly ModelPart[]) => Promise<readonly ModelPart[]>,
): Promise<readonly PromiseSettledResult<void>[]> {
  const outcomes = new Map<ModelPart, PromiseSettledResult<void>>();
  let left = parts.toSorted(byFollower);
  while (left.length > 0) {
    const running = left;
    try {
      const lost = await together(running);
      for (const part of running) outcomes.set(part, lost.includes(part) ? lostOutcome(part) : DONE);
      left = [];
    } catch (error) {
      const failed = error instanceof PartFailed ? [error.part] : running;
      const reason: unknown = error instanceof PartFailed ? error.cause : error;
      for (const part of failed) outcomes.set(part, { status: 'rejected', reason });
      left = running.filter((part) => !failed.includes(part));
    }
  }
  return parts.map((part) => outcomes.get(part) ?? DONE);
}

const DONE: PromiseSettledResult<void> = { status: 'fulfilled', value: undefined };
const lostOutcome = ({ claim }: ModelPart): PromiseSettledResult<void> => ({
  status: 'rejected',
  reason: new LaneLost(claim.follower, claim.lane),
});

function byFollower({ claim: a }: ModelPart, { claim: b }: ModelPart): number {
  if (a.follower.name !== b.follower.name) return a.follower.name < b.follower.name ? -1 : 1;
  return a.follower.version - b.follower.version;
}
