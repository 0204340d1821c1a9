import { RELAY, type Checkpoints, type FollowerId } from '../checkpoints.ts';
import { recoveryOf } from '../following/recovery.ts';
import type { Progress, ProgressLook } from '../progress.ts';
import type { Log, Storage } from '../storage.ts';
import { followerName } from './awaited-follower.ts';
import { AwaitedWrite } from './awaited-write.ts';
import { fedBy, foundOf } from './fed-by.ts';
import { FollowersHere, type FollowerHere } from './followers-here.ts';
import { NotYetApplied } from './freshness-errors.ts';
import { ParkedWrites } from './parked-writes.ts';
import { Waiter } from './waiter.ts';
import { AwaitedLog, type LookAtLog } from './awaited-log.ts';

/** Between two looks: doubled while nobody comes, so that what is late is late by no more than it let wait. */
const LOOK_MS = { first: 5, most: 50 };
/** A token can be made up, and each that waits costs memory. */
const MOST_WAITING = 20_000;

const ofProgress = new WeakMap<Progress, TokenPoll>();

/**
 * Where a process waits for writes: one look after the other, each one statement for all who wait, whatever for, and none while nobody does. Followers of this process say themselves
 * when they have moved: then no look is needed.
 */
export class TokenPoll {
  readonly #progress: Progress;
  readonly #log: Log;
  readonly #checkpoints: Checkpoints;
  readonly #waiting = new Set<Waiter>();
  #lookMs = LOOK_MS.first;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #last: ProgressLook | undefined;
  #leaveHere: (() => void) | undefined;
  readonly #moved = new Set<FollowerHere>();
  #soon: NodeJS.Immediate | undefined;

  private constructor({ progress, log, checkpoints }: Storage) {
    this.#progress = progress;
    this.#log = log;
    this.#checkpoints = checkpoints;
  }
  static of(storage: Storage): TokenPoll {
    const known = ofProgress.get(storage.progress) ?? new TokenPoll(storage);
    ofProgress.set(storage.progress, known);
    return known;
  }

  /** Waits until all of it is applied. @throws as {@link Freshness.applied} */
  wait(
    awaited: readonly (AwaitedWrite | AwaitedLog)[],
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const waiter = new Waiter(awaited, { timeoutMs, signal, left: (left) => this.#left(left) });
    this.#waiting.add(waiter);
    if (this.#waiting.size > MOST_WAITING) {
      waiter.reject(new NotYetApplied(waiter.followers, timeoutMs, { why: `and ${MOST_WAITING} wait already` }));
      return waiter.promise;
    }
    this.#leaveHere ??= FollowersHere.of(this.#checkpoints).onMove((moved) => this.#heard(moved));
    // Who comes in one turn of the event loop is looked after together.
    const isFirst = this.#waiting.size === 1;
    this.#lookMs = LOOK_MS.first;
    if (!this.#isLooking) this.#lookWithin(isFirst ? 0 : this.#lookMs);
    return waiter.promise;
  }

  #left(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = this.#soon = this.#last = undefined;
    this.#moved.clear();
    this.#leaveHere?.();
    this.#leaveHere = undefined;
  }

  #lookAt = 0;
  #lookWithin(ms: number): void {
    const at = performance.now() + ms;
    if (this.#timer !== undefined && this.#lookAt <= at) return;
    clearTimeout(this.#timer);
    this.#lookAt = at;
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    this.#timer = undefined;
    if (this.#isLooking || this.#waiting.size === 0) return;
    this.#isLooking = true;
    const waiters = [...this.#waiting];
    try {
      const at = this.#lookAtLog(await this.#progress.look(questionOf(waiters)));
      this.#last = at.look;
      const parked = new ParkedWrites(this.#progress);
      for (const waiter of waiters) await this.#settle(waiter, at, parked);
      await parked.settle();
      for (const waiter of waiters) waiter.lookedAt();
    } catch (error) {
      // A server that is away may be back in time; what no repetition mends is told to all.
      const isAway = recoveryOf(error) === 'again';
      for (const waiter of waiters)
        if (isAway) waiter.lookedAt(error);
        else waiter.reject(error);
    } finally {
      this.#isLooking = false;
      if (this.#waiting.size > 0) {
        this.#lookWithin(this.#lookMs);
        this.#lookMs = Math.min(this.#lookMs * 2, LOOK_MS.most);
      }
    }
  }

  async #settle(waiter: Waiter, at: LookAtLog, parked: ParkedWrites): Promise<void> {
    try {
      // What takes another's place meanwhile is looked at with it.
      const open = [...waiter.open];
      for (const one of open) {
        const verdict = await this.#verdict(waiter, one, at);
        if (verdict === undefined) continue;
        if (foundOf(at.look, one.follower.id).isParking) parked.ask(waiter, verdict);
        else waiter.applied(verdict);
      }
    } catch (error) {
      // Of this token or follower alone.
      if (recoveryOf(error) === 'again') throw error;
      waiter.reject(error);
    }
  }
  /** What is applied; `undefined` while it is not. */
  async #verdict(
    waiter: Waiter,
    one: AwaitedWrite | AwaitedLog,
    at: LookAtLog,
  ): Promise<AwaitedWrite | AwaitedLog | undefined> {
    if (one instanceof AwaitedLog) return (await one.isApplied(at)) ? one : undefined;
    const verdict = one.verdict(at.look);
    if (verdict !== 'earlier') return verdict === 'applied' ? one : undefined;
    const whole = one.asLog(this.#log);
    waiter.open.add(whole);
    waiter.open.delete(one);
    return (await whole.isApplied(at)) ? whole : undefined;
  }

  #lookAtLog(look: ProgressLook): LookAtLog {
    let head: ReturnType<LookAtLog['head']> | undefined;
    const behind = new Map<object, ReturnType<LookAtLog['behind']>>();
    return {
      look,
      head: () => (head ??= this.#log.head()),
      behind: (places) => {
        const counted = behind.get(places) ?? this.#log.behind(places, { atMost: 1_000 });
        behind.set(places, counted);
        return counted;
      },
    };
  }

  #heard(moved: FollowerHere): void {
    this.#moved.add(moved);
    this.#soon ??= setImmediate(() => this.#lookHere());
  }
  /** What followers of this process say for themselves. Nobody is here to catch what is thrown: a look finds it again, and tells whoever waits. */
  #lookHere(): void {
    this.#soon = undefined;
    const moved = [...this.#moved];
    this.#moved.clear();
    try {
      for (const here of moved) if (this.#last !== undefined) this.#tellMoved(here, this.#last);
    } catch {
      this.#lookWithin(0);
    }
  }
  #tellMoved(here: FollowerHere, last: ProgressLook): void {
    const found = foundOf(last, here.id);
    const places = new Map([...(fedBy(found).get(here.kind) ?? []), ...here.places()]);
    for (const waiter of this.#waiting) {
      for (const one of waiter.open) {
        if (!(one instanceof AwaitedWrite) || !isSame(one.follower.id, here.id)) continue;
        if (!one.isBeyond(here.kind, places)) continue;
        // Whether it is one of the parked ones a look finds out. A lane of another process may hold it: of that only a look knows.
        if (found.isParking || here.isParking()) this.#lookWithin(0);
        else waiter.applied(one);
      }
    }
  }
}

function questionOf(waiters: readonly Waiter[]): {
  readonly followers: readonly FollowerId[];
  readonly transactions: readonly bigint[];
} {
  const followers = new Map<string, FollowerId>();
  const transactions = new Set<bigint>();
  for (const { open } of waiters) {
    for (const one of open) {
      followers.set(followerName(one.follower.id), one.follower.id);
      if (one.asksRelay) followers.set(followerName(RELAY), RELAY);
      if (one instanceof AwaitedWrite && one.isUnknown) transactions.add(one.written.transaction);
    }
  }
  return { followers: [...followers.values()], transactions: [...transactions] };
}

const isSame = (a: FollowerId, b: FollowerId): boolean => a.name === b.name && a.version === b.version;
