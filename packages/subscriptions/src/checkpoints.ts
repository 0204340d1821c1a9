import type { Json } from '@leftfold/core';
import { InputInvalid, LeftfoldError } from '@leftfold/core';
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

/** One process among those that run a follower: what the others are told of it, and what it asks. */
export interface Renewal {
  readonly follower: FollowerId;
  /** Names the process: the `owner` of its claims. */
  readonly owner: string;
  /** How long it counts as living, and its claims run, without another renewal. 1,000 to 300,000. */
  readonly leaseMs: number;
  /** The lanes it has or would take. A lane it stands still before is none of them. */
  readonly lanes: readonly Lane[];
  /** Its claims on lanes of this follower. */
  readonly claims: readonly Claim[];
}
/** A process that runs a follower and has renewed within its lease. */
export interface Member {
  readonly owner: string;
  readonly lanes: readonly Lane[];
  /** When it counts as gone, if it does not renew. */
  readonly endsInMs: number;
}
/** A lane whose lease runs. */
export interface HeldLane {
  readonly lane: Lane;
  readonly owner: string;
  readonly endsInMs: number;
}
/** How a follower's lanes stand, as a renewal found them. */
export interface Standing {
  /** Of the renewed claims those that are still ours, by lane. */
  readonly ours: readonly Lane[];
  /** All living members, the asking one among them, by name. */
  readonly members: readonly Member[];
  /** All lanes with a running lease, ours among them, by lane. */
  readonly held: readonly HeldLane[];
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

/** @throws {@link InputInvalid} `LF_LEASE_INVALID`: shorter than a second it would run out in a pause for garbage, beyond five minutes nobody would take over. */
export function checkLease(leaseMs: number): void {
  if (Number.isInteger(leaseMs) && leaseMs >= 1_000 && leaseMs <= 300_000) return;
  throw new InputInvalid('LF_LEASE_INVALID', `a lease lasts 1000 to 300000 whole milliseconds, not ${leaseMs}`);
}

/**
 * Where followers stand, who owns them, and which processes run them: one row per follower, version and lane, and one per follower, version and process, in the
 * log's own cluster. Leases run by the database's clock alone. They and the members decide who shall work, nothing else: that two owners do not move one
 * lane is the epoch's doing, whatever anybody believes of the others.
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
  /**
   * For all followers of a process at once, in one statement: extends the leases of its claims where they are still its own, notes it as a living member of each
   * follower, removes members that are gone, and says how each follower's lanes stand, in the order asked. Need not survive a crash of the
   * server. A lane that is being moved for long may be passed by: it counts as its own, its lease is not extended. @throws `LF_LEASE_INVALID`, then nothing was done
   */
  renew(renewals: readonly Renewal[]): Promise<readonly Standing[]>;
  /** The process is no member of these followers any more. Its claims stay: {@link release} them first. */
  leave(members: readonly Pick<Renewal, 'follower' | 'owner'>[]): Promise<void>;
  /** Moves the cursor, durably, in a transaction of its own. @throws {@link LaneLost} */
  save(claim: Claim, move: Move): Promise<void>;
  /** Lets the lease lapse at once, if it is still ours. The cursor stays. */
  release(claim: Claim): Promise<void>;
  /** All lanes of a follower, by lane. */
  list(follower: FollowerId): Promise<readonly Checkpoint[]>;
}
