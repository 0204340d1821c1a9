import { LaneLost, MILESTONES_KEPT } from '@leftfold/subscriptions';
import type { Claim, FollowerId, Lane, Milestone, Milestones, NewMilestone } from '@leftfold/subscriptions';
import type { MemoryCheckpoints } from './memory-checkpoints.ts';

/** Milestones in memory. */
export class MemoryMilestones implements Milestones {
  readonly #lanes = new Map<string, Map<Lane, readonly Milestone[]>>();
  readonly #checkpoints: MemoryCheckpoints;
  readonly #now: () => number;
  #drawn = 0n;

  /** @param now milliseconds since 1970 */
  constructor(checkpoints: MemoryCheckpoints, now: () => number) {
    this.#checkpoints = checkpoints;
    this.#now = now;
  }

  async write(claim: Claim, milestone: NewMilestone): Promise<void> {
    this.#check(claim);
    const written = {
      ...structuredClone(milestone),
      lane: claim.lane,
      number: ++this.#drawn,
      at: new Date(this.#now()),
    };
    this.#keep(claim, [written, ...this.#newestFirst(claim.follower, claim.lane)]);
  }

  async list(
    follower: FollowerId,
    lane: Lane,
    { below, limit = 100 }: { readonly below?: bigint; readonly limit?: number } = {},
  ): Promise<readonly Milestone[]> {
    const all = this.#newestFirst(follower, lane).filter(({ number }) => below === undefined || number < below);
    return structuredClone(all.slice(0, Math.min(limit, 1_000)));
  }

  async before(follower: FollowerId, time: Date): Promise<ReadonlyMap<Lane, Milestone>> {
    const newest = [...this.#of(follower)].flatMap(([lane, all]) => {
      const found = all.find(({ at }) => at <= time);
      return found === undefined ? [] : [[lane, structuredClone(found)] as const];
    });
    return new Map(newest);
  }

  async thin(claim: Claim, { keepMs = Infinity }: { readonly keepMs?: number } = {}): Promise<void> {
    this.#check(claim);
    const now = this.#now();
    const seen = new Set<string>();
    const [newest, ...older] = this.#newestFirst(claim.follower, claim.lane);
    if (newest === undefined) return;
    const kept = older.toReversed().filter(({ at }) => {
      const ageMs = now - at.getTime();
      if (ageMs > keepMs) return false;
      const step = MILESTONES_KEPT.find(({ olderThanMs }) => ageMs > olderThanMs);
      if (step === undefined) return true;
      const bucket = `${step.oneInMs} ${Math.floor(at.getTime() / step.oneInMs)}`;
      return !seen.has(bucket) && seen.add(bucket);
    });
    this.#keep(claim, [newest, ...kept.toReversed()]);
  }

  /** @throws {@link LaneLost} */
  #check(claim: Claim): void {
    if (!this.#checkpoints.owns(claim)) throw new LaneLost(claim.follower, claim.lane);
  }
  #keep({ follower, lane }: Claim, newestFirst: readonly Milestone[]): void {
    this.#of(follower).set(lane, newestFirst);
  }
  #newestFirst(follower: FollowerId, lane: Lane): readonly Milestone[] {
    return this.#of(follower).get(lane) ?? [];
  }
  #of({ name, version }: FollowerId): Map<Lane, readonly Milestone[]> {
    const key = JSON.stringify([name, version]);
    const lanes = this.#lanes.get(key) ?? new Map<Lane, readonly Milestone[]>();
    this.#lanes.set(key, lanes);
    return lanes;
  }
}
