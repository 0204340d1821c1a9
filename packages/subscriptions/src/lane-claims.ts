import type { Checkpoints, FollowerId } from './checkpoints.ts';
import { OwnedLane } from './owned-lane.ts';
import { pause } from './pause.ts';
import type { Lane } from './source.ts';
import type { StatusBoard } from './status-board.ts';

/** How one process claims the lanes of one follower. */
export interface LaneClaimsOptions {
  readonly checkpoints: Checkpoints;
  readonly follower: FollowerId;
  readonly owner: string;
  readonly leaseMs: number;
  /** True: wait until no other owner's lease runs. False: the source has given us the lane, so it is taken at once. */
  readonly respectLease: boolean;
  readonly board: StatusBoard;
}

/** The lanes this process owns, and their leases, which one timer renews. A lease only saves work: what keeps two owners apart is the epoch. */
export class LaneClaims {
  readonly #options: LaneClaimsOptions;
  readonly #owned = new Map<Lane, OwnedLane>();
  #renewal: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: LaneClaimsOptions) {
    this.#options = options;
  }

  get(lane: Lane): OwnedLane | undefined {
    return this.#owned.get(lane);
  }
  /** Claims the lane, as soon as it may. Waits for another owner's lease to lapse, with a look every second or so. */
  async obtain(lane: Lane, signal: AbortSignal): Promise<OwnedLane> {
    const { checkpoints, follower, owner, leaseMs, respectLease, board } = this.#options;
    const before = this.#owned.get(lane);
    // Else a source that asks anew after a fault hands the same over each time: events that nobody handles, in front of one that cannot be read yet.
    if (before && !before.isLost) await saveDone(before);
    this.lose(lane);
    // A fault or a wait stays visible until the lane has gone on.
    const state = board.lane(lane)?.state;
    if (state === undefined || state === 'following') board.set(lane, 'claiming');
    for (;;) {
      signal.throwIfAborted();
      const claim = await checkpoints.claim(follower, lane, { owner, leaseMs, respectLease });
      if (claim) {
        const owned = new OwnedLane(claim, checkpoints, board);
        this.#owned.set(lane, owned);
        if (signal.aborted) await this.giveBack(lane);
        signal.throwIfAborted();
        this.#renewFromNowOn();
        return owned;
      }
      board.set(lane, 'claiming');
      const lookMs = Math.min(1_000, leaseMs / 4);
      await pause(lookMs / 2 + (Math.random() * lookMs) / 2, signal);
    }
  }
  /** Saves what is done and lets the lease lapse. Nothing depends on either, so their faults end here. */
  async giveBack(lane: Lane): Promise<void> {
    const owned = this.#owned.get(lane);
    this.#owned.delete(lane);
    if (!owned || owned.isLost) return;
    await saveDone(owned);
    // One under way would extend the lease after it was given back, and keep others waiting for it.
    await this.#renewing;
    if (!owned.isLost) await this.#options.checkpoints.release(owned.claim).catch(() => {});
  }
  /** The lane is not ours any more. */
  lose(lane: Lane): void {
    this.#owned.get(lane)?.lose();
    this.#owned.delete(lane);
  }
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    await Promise.all([...this.#owned.keys()].map((lane) => this.giveBack(lane)));
  }

  #renewFromNowOn(): void {
    const { respectLease, leaseMs } = this.#options;
    if (respectLease) this.#renewal ??= setInterval(() => this.#renewUnlessUnderWay(), leaseMs / 3);
  }
  #renewUnlessUnderWay(): void {
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
  }
  async #renew(): Promise<void> {
    const { checkpoints, leaseMs, board } = this.#options;
    const owned = [...this.#owned.values()].filter((lane) => !lane.isLost);
    if (owned.length === 0) return;
    try {
      const ours = new Set(
        await checkpoints.renew(
          owned.map(({ claim }) => claim),
          leaseMs,
        ),
      );
      for (const lane of owned) {
        // Meanwhile it may have been claimed again, or given back.
        if (ours.has(lane.claim.lane) || this.#owned.get(lane.claim.lane) !== lane) continue;
        lane.lose();
        board.set(lane.claim.lane, 'claiming');
      }
    } catch {
      // The next turn tries again. Should the lease lapse meanwhile, whoever takes the lane raises its epoch, and our next move fails.
    }
  }
}

/** What is not saved is only looked at again, so its faults end here. */
async function saveDone(owned: OwnedLane): Promise<void> {
  await owned.settle();
  await owned.flush().catch(() => {});
}
