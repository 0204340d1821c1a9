import type { Conditions, FollowerConditions, FollowerId, Lane, LaneCondition } from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';

/** Conditions in memory. */
export class MemoryConditions implements Conditions {
  readonly #followers = new Map<string, Map<Lane, LaneCondition>>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #now: () => number;

  constructor(checkpoints: MemoryCheckpoints, now: () => number) {
    this.#checkpoints = checkpoints;
    this.#now = now;
  }

  async note(follower: FollowerId, conditions: readonly Omit<LaneCondition, 'notedAt'>[]): Promise<void> {
    const notedAt = new Date(this.#now());
    for (const condition of conditions)
      if (!this.#isAnothers(follower, condition)) this.#lanes(follower).set(condition.lane, { ...condition, notedAt });
  }
  async clear(follower: FollowerId, lanes: readonly Lane[], owner: string): Promise<void> {
    for (const lane of lanes) if (!this.#isAnothers(follower, { lane, owner })) this.#lanes(follower).delete(lane);
  }
  async of(followers: readonly FollowerId[]): Promise<readonly FollowerConditions[]> {
    return followers.map((follower) => ({
      members: this.#checkpoints.members(follower),
      lanes: [...this.#lanes(follower).values()].toSorted((a, b) => (a.lane < b.lane ? -1 : 1)),
    }));
  }

  /** Somebody else has claimed the lane since, and runs. */
  #isAnothers(follower: FollowerId, { lane, owner }: Pick<LaneCondition, 'lane' | 'owner'>): boolean {
    const last = this.#checkpoints.ownerOf(follower, lane);
    return last !== undefined && last !== owner && this.#checkpoints.members(follower).includes(last);
  }
  #lanes({ name, version }: FollowerId): Map<Lane, LaneCondition> {
    const key = JSON.stringify([name, version]);
    const lanes = this.#followers.get(key) ?? new Map<Lane, LaneCondition>();
    this.#followers.set(key, lanes);
    return lanes;
  }
}
