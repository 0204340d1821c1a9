import type { Checkpoint, Checkpoints, FollowerId } from '../checkpoints.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { AnyReaction } from './reaction.ts';
import type { Cursor, Lane } from '../source.ts';
import type { Json } from '@leftfold/core';

// Places beside the checkpoints of a reaction, kept as rows of followers that nobody runs: so whatever carries checkpoints over, to a new generation of the log or to another cluster, carries
// these over, too. No reaction and no projection has a dot in its name.

/** Where it begins, by lane, if it begins from now on. */
export const beginningsOf = ({ name }: Pick<AnyReaction, 'name'>): FollowerId => ({
  name: `${name}.begin`,
  version: 0,
});
/** How far it ever came, by lane, if it was told to go back. */
export const reachedOf = ({ name }: AnyReaction): FollowerId => ({ name: `${name}.reached`, version: 0 });

/** Only as long as the row is written; nobody runs such a follower. */
const LEASE_MS = 1_000;

/**
 * Changes a row under a claim of its own: whoever had the lane moves it no more. `to` is told the row as it is then, and answers where it is to stand, or
 * `undefined` to leave it.
 */
export async function moveRow(
  checkpoints: Checkpoints,
  at: { readonly follower: FollowerId; readonly lane: Lane; readonly owner: string },
  to: (
    row: Pick<Checkpoint, 'cursor' | 'ledger'>,
  ) => Promise<{ readonly cursor: Cursor; readonly ledger: Json } | undefined>,
): Promise<void> {
  const { follower, lane, owner } = at;
  for (;;) {
    const claim = await checkpoints.claim(follower, lane, { owner, leaseMs: LEASE_MS, respectLease: false });
    if (claim === undefined) continue;
    try {
      const moved = await to(claim);
      if (moved !== undefined) {
        await checkpoints.save(claim, { from: claim.cursor, to: moved.cursor, ledger: moved.ledger });
      }
      await checkpoints.release(claim);
      return;
    } catch (error) {
      // Somebody claimed it meanwhile: the same again, on what stands there now.
      if (recoveryOf(error) !== 'reclaim') throw error;
    }
  }
}
