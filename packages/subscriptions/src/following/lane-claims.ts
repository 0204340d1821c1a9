import {
  checkLease,
  type Checkpoints,
  type Claim,
  type FollowerId,
  type Renewal,
  type Standing,
} from '../checkpoints.ts';
import { spreadLanes } from './lane-spread.ts';
import { LeaseRenewal, type Renewing } from './lease-renewal.ts';
import { OwnedLane } from './owned-lane.ts';
import type { Lane } from '../source.ts';
import type { StatusBoard } from './status-board.ts';

/** Between looks at a lane that is ours next: its owner gives it back after a batch, or has lost it just now. */
const GIVEN_BACK_MS = 500;

/** How one process claims the lanes of one follower. */
export interface LaneClaimsOptions {
  readonly checkpoints: Checkpoints;
  readonly follower: FollowerId;
  readonly owner: string;
  readonly leaseMs: number;
  /** True: the process takes its fair share of the lanes, each when no other owner's lease runs. False: the source has given us the lane, so it is taken at once. */
  readonly respectLease: boolean;
  readonly board: StatusBoard;
  /** A lane was given back because it is another process's share. */
  readonly gaveBack?: (lane: Lane) => void;
}

/** Somebody waits for a lane. */
type Waiting = ReturnType<typeof Promise.withResolvers<OwnedLane>>;

/**
 * The lanes this process owns. Where leases decide, {@link LeaseRenewal} renews them and says how the lanes stand, and {@link spreadLanes} which are
 * ours; the others go back between two batches. A lease only saves work: what keeps two owners apart is the epoch.
 */
export class LaneClaims implements Renewing {
  readonly #options: LaneClaimsOptions;
  readonly #renewal: LeaseRenewal;
  readonly #owned = new Map<Lane, OwnedLane>();
  /** Lanes that are our share though the source does not ask for them at present: it reads from a place of before, and will ask when something comes. */
  readonly #spare = new Map<Lane, OwnedLane>();
  /** Lanes the source has asked for, and not been refused since. */
  readonly #asked = new Set<Lane>();
  /** Those we stood still before: until we get on with them, others go first. */
  readonly #shy = new Set<Lane>();
  readonly #waiting = new Map<Lane, Waiting>();
  readonly #taking = new Map<Lane, Promise<void>>();
  /** Owned lanes that are another's share, to be given back after the batch under way. */
  readonly #due = new Set<Lane>();
  /** What the renewal under way is about. */
  #renewing: readonly OwnedLane[] = [];
  #releasing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: LaneClaimsOptions) {
    this.#options = options;
    this.#renewal = LeaseRenewal.of(options.checkpoints);
  }

  get(lane: Lane): OwnedLane | undefined {
    return this.#owned.get(lane);
  }
  /** Claims the lane, as soon as it may: at once when the source has given it to us or we had it before, else when it is free and our share. */
  async obtain(lane: Lane, signal: AbortSignal): Promise<OwnedLane> {
    const { board, leaseMs, respectLease } = this.#options;
    checkLease(leaseMs);
    const before = this.#owned.get(lane);
    const isOurs = before !== undefined && !before.isLost;
    // Else a source that asks anew after a fault hands the same over each time: events that nobody handles, in front of one that cannot be read yet.
    if (isOurs) await saveDone(before);
    this.#owned.delete(lane);
    before?.lose();
    if (before && !isOurs) board.left(lane, 'lost');
    // A fault or a wait stays visible until the lane has gone on.
    const state = board.lane(lane)?.state;
    if (state === undefined || state === 'following') board.set(lane, 'claiming');
    signal.throwIfAborted();
    this.#asked.add(lane);
    // Claimed anew, too: its place may be one of before a fail-over by now.
    const isSpare = this.#ownedOrSpare(lane) !== undefined;
    this.#spare.delete(lane);
    if (!respectLease || isOurs || isSpare) {
      const owned = await this.#claim(lane);
      if (owned) return this.#handOver(lane, owned, signal);
    }
    return this.#wait(lane, signal);
  }
  /** Between two batches: we get on with the lane, and give it back if it is another's share. */
  async betweenBatches(lane: Lane): Promise<void> {
    this.#shy.delete(lane);
    await this.afterTending(lane);
  }
  /** The same after work between batches, which is no sign that the lane goes on. */
  async afterTending(lane: Lane): Promise<void> {
    if (this.#due.has(lane)) await this.#yield(lane);
  }
  /** We cannot go on with the lane: somebody else may be able to. It is not asked for until the source asks for it again. */
  async standStill(lane: Lane): Promise<void> {
    this.#asked.delete(lane);
    this.#shy.add(lane);
    await this.#giveBack(lane);
  }
  /** The source has taken the lane from us. Where leases decide nevertheless, whoever has been given it does not wait until ours ends. */
  lose(lane: Lane): void {
    this.#asked.delete(lane);
    this.#due.delete(lane);
    const owned = this.#ownedOrSpare(lane);
    this.#owned.get(lane)?.lose();
    this.#owned.delete(lane);
    this.#spare.delete(lane);
    if (owned !== undefined && this.#options.respectLease)
      this.#releasing = Promise.all([this.#releasing, this.#release(owned)]);
  }
  /** Saves what is done and gives everything back. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // One under way would extend the leases after they were given back, and keep others waiting for them.
    await this.#renewal.forget(this);
    await Promise.all([...this.#taking.values(), this.#releasing]);
    await Promise.all([...this.#owned.keys(), ...this.#spare.keys()].map((lane) => this.#giveBack(lane)));
    const { checkpoints, follower, owner, respectLease } = this.#options;
    if (respectLease) await checkpoints.leave([{ follower, owner }]).catch(() => {});
  }

  renewal(): Renewal {
    const { follower, owner, leaseMs } = this.#options;
    const lanes = [...this.#asked].filter((lane) => !this.#shy.has(lane) || this.#ownedOrSpare(lane) !== undefined);
    this.#renewing = [...this.#owned.values(), ...this.#spare.values()].filter((lane) => !lane.isLost);
    return { follower, owner, leaseMs, lanes, claims: this.#renewing.map(({ claim }) => claim) };
  }
  renewed({ ours, members, held }: Standing): number | undefined {
    const { owner, leaseMs, board } = this.#options;
    this.#loseAllBut(new Set(ours));
    const shares = spreadLanes(members, held);
    const taken = new Set(held.filter((lane) => lane.owner !== owner).map(({ lane }) => lane));
    // Who has died is replaced when its lease ends, not at the renewal after that.
    const due = [...members, ...held].filter((one) => one.owner !== owner).map(({ endsInMs }) => endsInMs + 1);
    for (const lane of this.#asked) {
      const whose = shares.get(lane);
      const isOurs = this.#ownedOrSpare(lane) !== undefined;
      if (isOurs) this.#keepOrYield(lane, whose ?? owner);
      else if (!taken.has(lane) && (whose === owner || (whose === undefined && this.#waiting.has(lane))))
        this.#take(lane);
      else if (this.#waiting.has(lane)) board.set(lane, 'claiming');
      // It is given back at its owner's next renewal, or after the batch under way.
      if (taken.has(lane) && whose === owner) due.push(Math.min(leaseMs / 3, GIVEN_BACK_MS));
    }
    return due.length === 0 ? undefined : Math.min(...due);
  }
  failed(error: unknown): void {
    for (const lane of this.#waiting.keys()) this.#refuse(lane, error);
  }

  #ownedOrSpare(lane: Lane): OwnedLane | undefined {
    const owned = this.#owned.get(lane) ?? this.#spare.get(lane);
    return owned?.isLost === false ? owned : undefined;
  }
  async #claim(lane: Lane): Promise<OwnedLane | undefined> {
    const { checkpoints, follower, owner, leaseMs, respectLease, board } = this.#options;
    const claim: Claim | undefined = await checkpoints.claim(follower, lane, { owner, leaseMs, respectLease });
    if (claim) board.claimed(lane);
    return claim && new OwnedLane(claim, checkpoints, board);
  }
  async #handOver(lane: Lane, owned: OwnedLane, signal: AbortSignal): Promise<OwnedLane> {
    this.#due.delete(lane);
    this.#owned.set(lane, owned);
    if (signal.aborted) await this.#giveBack(lane);
    signal.throwIfAborted();
    return owned;
  }
  /** Until a look finds that it is ours and {@link #take} has it. */
  async #wait(lane: Lane, signal: AbortSignal): Promise<OwnedLane> {
    signal.throwIfAborted();
    const spare = this.#spare.get(lane);
    this.#spare.delete(lane);
    if (spare && !spare.isLost) return this.#handOver(lane, spare, signal);
    const waiting = Promise.withResolvers<OwnedLane>();
    this.#waiting.set(lane, waiting);
    const aborted = (): void => this.#refuse(lane, signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    this.#renewal.look(this);
    try {
      return await this.#handOver(lane, await waiting.promise, signal);
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }
  #refuse(lane: Lane, error: unknown): void {
    this.#waiting.get(lane)?.reject(error);
    this.#waiting.delete(lane);
  }
  #take(lane: Lane): void {
    if (this.#taking.has(lane) || this.#isClosed) return;
    const taking = this.#claim(lane)
      .then((owned) => {
        if (owned === undefined) return;
        const waiting = this.#waiting.get(lane);
        this.#waiting.delete(lane);
        if (waiting !== undefined) return waiting.resolve(owned);
        // Taken from us, or stood still before, while this was under way: nothing would ever give it back, and its lease would be renewed for ever.
        if (!this.#asked.has(lane)) return this.#letGo(owned);
        this.#spare.set(lane, owned);
        // The source asks when something comes; until then nothing else would say that nobody waits for the lane any more.
        const { board } = this.#options;
        if (board.lane(lane)?.state === 'claiming') board.set(lane, 'following');
      })
      .catch((error: unknown) => this.#refuse(lane, error))
      .finally(() => this.#taking.delete(lane));
    this.#taking.set(lane, taking);
  }
  #keepOrYield(lane: Lane, whose: string): void {
    if (whose === this.#options.owner) this.#due.delete(lane);
    else if (this.#owned.get(lane)?.isHeld === true) this.#due.add(lane);
    else void this.#yield(lane);
  }
  async #yield(lane: Lane): Promise<void> {
    this.#due.delete(lane);
    await this.#giveBack(lane);
    this.#options.board.set(lane, 'claiming');
    this.#options.gaveBack?.(lane);
  }
  /** Saves what is done and lets the lease lapse. Nothing depends on either, so their faults end here. */
  async #giveBack(lane: Lane): Promise<void> {
    const owned = this.#ownedOrSpare(lane);
    this.#owned.delete(lane);
    this.#spare.delete(lane);
    if (owned === undefined) return;
    await saveDone(owned);
    await this.#letGo(owned);
  }
  /** Lets the lease lapse, if it is still ours. */
  async #letGo(owned: OwnedLane): Promise<void> {
    const { lane } = owned.claim;
    if (!owned.isLost) await this.#release(owned);
    owned.lose();
    if (this.#ownedOrSpare(lane) === undefined) this.#options.board.left(lane, 'given-back');
  }
  /** Nobody depends on it, so its faults end here. */
  async #release({ claim }: OwnedLane): Promise<void> {
    // One under way would extend the lease after it was given back, and keep others waiting for it.
    await this.#renewal.settled();
    await this.#options.checkpoints.release(claim).catch(() => {});
  }
  #loseAllBut(ours: ReadonlySet<Lane>): void {
    for (const owned of this.#renewing) {
      const { lane } = owned.claim;
      // Meanwhile it may have been claimed anew, or given back.
      if (ours.has(lane) || owned !== this.#ownedOrSpare(lane)) continue;
      owned.lose();
      this.#spare.delete(lane);
      this.#options.board.left(lane, 'lost');
      this.#options.board.set(lane, 'claiming');
    }
  }
}

/** What is not saved is only looked at again, so its faults end here. */
async function saveDone(owned: OwnedLane): Promise<void> {
  await owned.settle();
  await owned.flush().catch(() => {});
}
