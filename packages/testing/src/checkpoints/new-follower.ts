import { uuidV7 } from '@leftfold/core';
import type { Checkpoints, Claim, Cursor, FollowerId, Lane } from '@leftfold/subscriptions';

/** A lane's name for the cases. */
export const LANE = '0' as Lane;
/** A cursor; its text means nothing to checkpoints. */
export const cursor = (text: string | number): Cursor => `cursor ${text}` as Cursor;
/** A follower that nobody has used before. */
export const newFollower = (version = 1): FollowerId => ({ name: `conformance-${uuidV7()}`, version });

/** Claims whoever has the lane, and expects to get it. */
export async function take(
  checkpoints: Checkpoints,
  follower: FollowerId,
  lane: Lane = LANE,
  owner = 'taker',
): Promise<Claim> {
  const claim = await checkpoints.claim(follower, lane, { owner, leaseMs: 60_000, respectLease: false });
  if (claim === undefined) throw new Error('without respectLease a claim is never refused');
  return claim;
}
