import type { Json } from '@leftfold/core';
import { LeftfoldError } from '@leftfold/core';
import type { Cursor, Lane } from './source.ts';

/** A follower's identity in its checkpoints. A new version starts anew, beside the old. */
export interface FollowerId {
  readonly name: string;
  readonly version: number;
}
/** The relay's. No projection has its name: each would move the other's cursor. */
export const RELAY: FollowerId = { name: 'relay', version: 1 };

/** The right to move one follower along one lane. Every move names its epoch; whoever claims later has a higher one, so an old owner's moves fail. */
export interface Claim {
  readonly follower: FollowerId;
  readonly lane: Lane;
  readonly epoch: bigint;
  readonly cursor: Cursor | 'start';
  /** What the follower keeps beside the cursor: the relay its sequences. `null` at first. */
  readonly ledger: Json;
}
/** From a cursor that must still be the saved one, to the next. */
export interface Move {
  readonly from: Cursor | 'start';
  readonly to: Cursor;
  /** Replaces the ledger, if given. */
  readonly ledger?: Json;
}
/** A checkpoint as anybody may read it. */
export interface Checkpoint {
  readonly lane: Lane;
  readonly cursor: Cursor | 'start';
  readonly epoch: bigint;
  readonly ledger: Json;
  /** Who claimed it last. */
  readonly owner: string;
}

/** Another owner has claimed the lane, or the cursor is not the saved one any more. Nothing was written. Claim again. `LF_LANE_LOST` */
export class LaneLost extends LeftfoldError {
  readonly code = 'LF_LANE_LOST' as const;
  readonly retryable = true as const;

  constructor(follower: FollowerId, lane: Lane) {
    super(
      `${follower.name} version ${follower.version} does not own lane ${lane} any more; it is claimed again before anything else is done`,
    );
  }
}

/**
 * Where followers stand, and who owns them: one row per follower, version and lane, in the log's own cluster. Leases run by the database's clock alone.
 */
export interface Checkpoints {
  /**
   * Takes the lane: raises its epoch, whoever had it. With `respectLease`, only when no other owner's lease runs: otherwise answers `undefined`
   * and changes nothing. @param options `leaseMs` 1,000 to 300,000. @throws `LF_LEASE_INVALID` outside of that, as does {@link renew}.
   */
  claim(
    follower: FollowerId,
    lane: Lane,
    options: { readonly owner: string; readonly leaseMs: number; readonly respectLease: boolean },
  ): Promise<Claim | undefined>;
  /** Extends the leases of these claims, in one statement; the answer names the lanes that are still ours. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Lane[]>;
  /** Moves the cursor, durably, in a transaction of its own. @throws {@link LaneLost} */
  save(claim: Claim, move: Move): Promise<void>;
  /** Lets the lease lapse at once, if it is still ours. The cursor stays. */
  release(claim: Claim): Promise<void>;
  /** All lanes of a follower, by lane. */
  list(follower: FollowerId): Promise<readonly Checkpoint[]>;
}
