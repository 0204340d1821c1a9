import { InputInvalid } from '@leftfold/core';
import type { Json } from '@leftfold/core';
import { LaneLost } from '@leftfold/subscriptions';
import type { Checkpoint, Checkpoints, Claim, Cursor, FollowerId, Lane, Move } from '@leftfold/subscriptions';
import type { TurnTaking } from './turn-taking.ts';

interface Row {
  cursor: Cursor | 'start';
  epoch: bigint;
  ledger: Json;
  owner: string;
  leaseEndsAt: number;
}

/**
 * Checkpoints in memory. What would wait for a row's lock in a database, claims and moves, takes turns with the read models' transactions, so
 * a lane cannot change hands while a transaction on it is under way.
 */
export class MemoryCheckpoints implements Checkpoints {
  readonly #followers = new Map<string, Map<Lane, Row>>();
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

  async renew(claims: readonly Claim[], leaseMs: number): Promise<readonly Lane[]> {
    checkLease(leaseMs);
    const ours = claims.filter((claim) => this.#owned(claim) !== undefined);
    for (const claim of ours) Object.assign(this.#owned(claim) as Row, { leaseEndsAt: this.#now() + leaseMs });
    return ours.map(({ lane }) => lane);
  }

  save(claim: Claim, move: Move): Promise<void> {
    return this.#turns.next(() => this.prepare(claim, move)());
  }

  /** Checks a move and answers what carries it out. Only to be called in a turn, and carried out in the same. @throws {@link LaneLost} */
  prepare(claim: Claim, { from, to, ledger }: Move): () => void {
    const row = this.#owned(claim);
    if (row === undefined || row.cursor !== from) throw new LaneLost(claim.follower, claim.lane);
    const kept = structuredClone(ledger);
    return () => {
      row.cursor = to;
      if (kept !== undefined) row.ledger = kept;
    };
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

function checkLease(leaseMs: number): void {
  if (leaseMs >= 1_000 && leaseMs <= 300_000) return;
  throw new InputInvalid(
    'LF_LEASE_INVALID',
    `a lease of ${leaseMs} ms was asked for; it is from 1000 to 300000 ms long`,
  );
}
