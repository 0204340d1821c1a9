import type { Checkpoints, FollowerId } from '../checkpoints.ts';
import type { Places } from '../freshness/fed-by.ts';
import { FollowersHere, type FollowerHere } from '../freshness/followers-here.ts';
import type { Cursor, Lane } from '../source.ts';
import type { LaneClaims } from './lane-claims.ts';
import type { OwnedLane } from './owned-lane.ts';
import type { StatusBoard } from './status-board.ts';

/** What it is made of. */
export interface DealtPlacesOptions {
  readonly id: FollowerId;
  readonly kind: string;
  readonly checkpoints: Checkpoints;
  readonly claims: LaneClaims;
  readonly board: StatusBoard;
}

/**
 * How far a follower has come on its lanes in this process, for whoever waits for it here. A lane counts from the first batch on that was dealt with under this claim, and up to where
 * that ended: before it, and within it, it is not known yet what is parked there (hazard C14).
 */
export class DealtPlaces implements FollowerHere {
  readonly id: FollowerId;
  readonly kind: string;
  readonly #waitedFor: FollowersHere;
  readonly #claims: LaneClaims;
  readonly #board: StatusBoard;
  readonly #dealt = new Map<Lane, { readonly owned: OwnedLane; readonly to: Cursor | 'start' }>();

  constructor({ id, kind, checkpoints, claims, board }: DealtPlacesOptions) {
    this.id = id;
    this.kind = kind;
    this.#waitedFor = FollowersHere.of(checkpoints);
    this.#claims = claims;
    this.#board = board;
  }

  /** A batch was dealt with: whoever waits is told. */
  moved(owned: OwnedLane): void {
    this.#dealt.set(owned.claim.lane, { owned, to: owned.done });
    this.#waitedFor.moved(this);
  }
  /** The lane is not ours any more. */
  forget(lane: Lane): void {
    this.#dealt.delete(lane);
  }

  places(): Places {
    const ours = [...this.#dealt].filter(([lane, { owned }]) => this.#claims.get(lane) === owned && !owned.isLost);
    return new Map(ours.map(([lane, { to }]) => [lane, to]));
  }
  isParking(): boolean {
    return this.#board.snapshot().lanes.some(({ parkedKeys = 0 }) => parkedKeys > 0);
  }
}
