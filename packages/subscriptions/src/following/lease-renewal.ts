import type { Checkpoints, Renewal, Standing } from '../checkpoints.ts';

/** Leases are renewed at least this often, however long they are: it is also how often who waits for a lane looks whether one has come free. */
const MOST_MS = 2_500;
/** After a renewal that failed it is tried again in a fifth of the time, so that one or two of them cost no lease. */
const SOONER = 1 / 5;
/** Between two looks at least, whatever is about to lapse. */
const LEAST_MS = 20;

/** One follower of this process, as far as its leases go. */
export interface Renewing {
  renewal(): Renewal;
  /** How the lanes stand. Answers when something is due that is worth a look before the next renewal, in milliseconds from now. */
  renewed(standing: Standing): number | undefined;
  /** Nobody could be asked; it is tried again. */
  failed(error: unknown): void;
}

const ofCheckpoints = new WeakMap<Checkpoints, LeaseRenewal>();

/**
 * The one place where a process renews: one statement for all its followers of one {@link Checkpoints}, also for those that only wait for a lane, each half
 * of the shortest lease. So what an idle process costs does not grow with what it runs.
 */
export class LeaseRenewal {
  readonly #checkpoints: Checkpoints;
  readonly #followers = new Set<Renewing>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #underWay: Promise<void> | undefined;
  #isWanted = false;

  private constructor(checkpoints: Checkpoints) {
    this.#checkpoints = checkpoints;
  }
  static of(checkpoints: Checkpoints): LeaseRenewal {
    const known = ofCheckpoints.get(checkpoints) ?? new LeaseRenewal(checkpoints);
    ofCheckpoints.set(checkpoints, known);
    return known;
  }

  /** The follower takes part from now on, and somebody looks at once. Idempotent. */
  look(follower: Renewing): void {
    this.#followers.add(follower);
    this.#isWanted = true;
    // Lanes that are asked for together are looked at together.
    if (this.#underWay === undefined) this.#soon ??= setImmediate(() => this.#renew());
  }
  /** The follower takes part no longer. Resolves when nothing of it is under way. */
  async forget(follower: Renewing): Promise<void> {
    this.#followers.delete(follower);
    if (this.#followers.size === 0) this.#rest();
    await this.#underWay;
  }
  /** Resolves when what is under way has ended: until then it may extend a lease. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = this.#soon = undefined;
  }
  #renew(): void {
    this.#rest();
    if (this.#underWay !== undefined || this.#followers.size === 0) return;
    this.#isWanted = false;
    this.#underWay = this.#ask().then((withinMs) => {
      this.#underWay = undefined;
      if (this.#followers.size === 0) return;
      if (this.#isWanted) this.#soon ??= setImmediate(() => this.#renew());
      else this.#timer = setTimeout(() => this.#renew(), withinMs);
    });
  }
  /** Never rejects. */
  async #ask(): Promise<number> {
    const followers = [...this.#followers];
    const renewals = followers.map((follower) => follower.renewal());
    const half = Math.min(MOST_MS, ...renewals.map(({ leaseMs }) => leaseMs / 2));
    try {
      const standings = await this.#checkpoints.renew(renewals);
      const due = followers.map((follower, i) => {
        // Meanwhile it may have stopped.
        const standing = this.#followers.has(follower) ? standings[i] : undefined;
        return (standing && follower.renewed(standing)) ?? half;
      });
      return Math.min(half, Math.max(LEAST_MS, Math.min(...due)));
    } catch (error) {
      // Should a lease lapse meanwhile, whoever takes the lane raises its epoch, and our next move fails.
      for (const follower of followers) if (this.#followers.has(follower)) follower.failed(error);
      return half * SOONER;
    }
  }
}
