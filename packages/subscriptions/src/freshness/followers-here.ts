import type { Checkpoints, FollowerId } from '../checkpoints.ts';
import type { Places } from './fed-by.ts';

/** A follower that runs in this process, as far as waiting for it goes. */
export interface FollowerHere {
  readonly id: FollowerId;
  /** What it is fed from, as beside its places: the first word of its source's name. */
  readonly kind: string;
  /** Of the lanes that are its own here and of which it has dealt with a batch: up to where all is dealt with, also where that is not saved yet. */
  places(): Places;
  /** Something is parked on one of these lanes. Of others a look must tell. */
  isParking(): boolean;
}

const ofCheckpoints = new WeakMap<Checkpoints, FollowersHere>();

/** The followers of this process, for whoever waits for one of them: it need not ask the database what the process knows itself. */
export class FollowersHere {
  readonly #listeners = new Set<(moved: FollowerHere) => void>();

  private constructor() {}

  static of(checkpoints: Checkpoints): FollowersHere {
    const known = ofCheckpoints.get(checkpoints) ?? new FollowersHere();
    ofCheckpoints.set(checkpoints, known);
    return known;
  }

  /** To be told after each batch. Costs nothing while nobody waits. */
  moved(follower: FollowerHere): void {
    for (const listener of this.#listeners) listener(follower);
  }
  /** Calls back at each move, until what it answers is called. */
  onMove(listener: (moved: FollowerHere) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
