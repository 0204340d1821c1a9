import type { Json } from '@leftfold/core';
import { checkLease, LaneLost } from '@leftfold/subscriptions';
import type {
  Checkpoint,
  Checkpoints,
  Claim,
  Cursor,
  FollowerId,
  Lane,
  Move,
  Renewal,
  Standing,
} from '@leftfold/subscriptions';
import type { TurnTaking } from './turn-taking.ts';

interface Row {
  cursor: Cursor | 'start';
  epoch: bigint;
  ledger: Json;
  owner: string;
  leaseEndsAt: number;
}
interface MemberRow {
  readonly owner: string;
  readonly lanes: readonly Lane[];
  readonly endsAt: number;
}

/**
 * Checkpoints in memory. What would wait for a row's lock in a database, claims and moves, takes turns with the read models' transactions, so
 * a lane cannot change hands while a transaction on it is under way.
 */
export class MemoryCheckpoints implements Checkpoints {
  readonly #followers = new Map<string, Map<Lane, Row>>();
  readonly #members = new Map<string, Map<string, MemberRow>>();
  readonly #turns: TurnTaking;
  readonly #now: () => number;

  /** @param now milliseconds since 1970: the clock that leases run by. */
  constructor(turns: TurnTaking, now: () => number) {
    this.#turns = turns;
    this.#now = now;
  }

  claim(
    follower: FollowerId,
    lane: Lane,
    { owner, leaseMs, respectLease }: Parameters<Checkpoints['claim']>[2],
  ): Promise<Claim | undefined> {
    return this.#turns.next(() => {
      checkLease(leaseMs);
      const lanes = this.#lanes(follower);
      const row = lanes.get(lane) ?? { cursor: 'start', epoch: 0n, ledger: null, owner, leaseEndsAt: 0 };
      if (respectLease && row.owner !== owner && row.leaseEndsAt > this.#now()) return undefined;
      lanes.set(lane, row);
      Object.assign(row, { owner, epoch: row.epoch + 1n, leaseEndsAt: this.#now() + leaseMs });
      return { follower, lane, epoch: row.epoch, cursor: row.cursor, ledger: structuredClone(row.ledger) };
    });
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly Standing[]> {
    for (const { leaseMs } of renewals) checkLease(leaseMs);
    return renewals.map((renewal) => {
      const { follower, owner, leaseMs, lanes, claims } = renewal;
      const endsAt = this.#now() + leaseMs;
      const ours = claims.filter((claim) => this.#owned(claim) !== undefined);
      for (const claim of ours) Object.assign(this.#owned(claim) as Row, { leaseEndsAt: endsAt });
      this.#membersOf(follower).set(owner, { owner, lanes: [...lanes], endsAt });
      return { ours: ours.map(({ lane }) => lane).toSorted(), ...this.#standing(follower) };
    });
  }

  async leave(members: Parameters<Checkpoints['leave']>[0]): Promise<void> {
    for (const { follower, owner } of members) this.#membersOf(follower).delete(owner);
  }

  save(claim: Claim, move: Move): Promise<void> {
    return this.#turns.next(() => this.prepare(claim, move)());
  }

  /** Checks a move and answers what carries it out, or a part of it. Only to be called in a turn, and carried out in the same. @throws {@link LaneLost} */
  prepare(claim: Claim, { from, to, ledger }: Move): (end?: Cursor) => void {
    const row = this.#owned(claim);
    if (row === undefined || row.cursor !== from) throw new LaneLost(claim.follower, claim.lane);
    const kept = structuredClone(ledger);
    return (end = to) => {
      row.cursor = end;
      if (kept !== undefined) row.ledger = kept;
    };
  }

  /** The living members of a follower, by name. */
  members(follower: FollowerId): readonly string[] {
    return this.#standing(follower).members.map(({ owner }) => owner);
  }

  /** Who claimed the lane last, if anybody has. */
  ownerOf(follower: FollowerId, lane: Lane): string | undefined {
    return this.#lanes(follower).get(lane)?.owner;
  }

  /** Whether the claim is the lane's last. Only to be relied on in a turn. */
  owns(claim: Claim): boolean {
    return this.#owned(claim) !== undefined;
  }

  async release(claim: Claim): Promise<void> {
    const row = this.#owned(claim);
    if (row) row.leaseEndsAt = 0;
  }

  async list(follower: FollowerId): Promise<readonly Checkpoint[]> {
    return [...this.#lanes(follower)]
      .map(([lane, { cursor, epoch, ledger, owner }]) => ({
        lane,
        cursor,
        epoch,
        ledger: structuredClone(ledger),
        owner,
      }))
      .sort((a, b) => (a.lane < b.lane ? -1 : 1));
  }

  #standing(follower: FollowerId): Pick<Standing, 'members' | 'held'> {
    const now = this.#now();
    const members = this.#membersOf(follower);
    for (const { owner, endsAt } of members.values()) if (endsAt <= now) members.delete(owner);
    const byName = [...members.values()].sort((a, b) => (a.owner < b.owner ? -1 : 1));
    const held = [...this.#lanes(follower)].filter(([, { leaseEndsAt }]) => leaseEndsAt > now);
    return {
      members: byName.map(({ owner, lanes, endsAt }) => ({ owner, lanes, endsInMs: endsAt - now })),
      held: held
        .map(([lane, { owner, leaseEndsAt }]) => ({ lane, owner, endsInMs: leaseEndsAt - now }))
        .sort((a, b) => (a.lane < b.lane ? -1 : 1)),
    };
  }
  #membersOf({ name, version }: FollowerId): Map<string, MemberRow> {
    const key = JSON.stringify([name, version]);
    const members = this.#members.get(key) ?? new Map<string, MemberRow>();
    this.#members.set(key, members);
    return members;
  }
  #owned({ follower, lane, epoch }: Claim): Row | undefined {
    const row = this.#lanes(follower).get(lane);
    return row?.epoch === epoch ? row : undefined;
  }
  #lanes({ name, version }: FollowerId): Map<Lane, Row> {
    const key = JSON.stringify([name, version]);
    const lanes = this.#followers.get(key) ?? new Map<Lane, Row>();
    this.#followers.set(key, lanes);
    return lanes;
  }
}
