import { AtEvent } from './at-event.ts';
import type { FollowerChange } from '../observation/follower-change.ts';
import type { Cursor, Lane } from '../source.ts';
import type { FollowerStatus, LaneFault, LaneState, LaneStatus, LaneTrouble, WorkUnderWay } from './status.ts';

/**
 * Where a follower's parts write how they are, and where whoever watches hears of it. In memory alone: for people and for `caughtUp`, never for decisions
 * about events.
 */
export class StatusBoard {
  readonly #lanes = new Map<Lane, LaneStatus>();
  readonly #held = new Set<Lane>();
  readonly #underWay = new Map<Lane, Set<WorkUnderWay>>();
  readonly #follower: Pick<FollowerStatus, 'name' | 'version' | 'source'>;
  readonly #listeners = new Set<(change: FollowerChange) => void>();
  #fault: LaneFault | undefined;
  #trouble: LaneTrouble | undefined;
  #isRunning = true;

  constructor(follower: Pick<FollowerStatus, 'name' | 'version' | 'source'>) {
    this.#follower = follower;
  }

  snapshot(): FollowerStatus {
    const lanes = [...this.#lanes.values()]
      .sort((a, b) => (a.lane < b.lane ? -1 : 1))
      .map((status): LaneStatus => {
        const underWay = [...(this.#underWay.get(status.lane) ?? [])];
        return underWay.length === 0 ? status : { ...status, underWay };
      });
    return {
      ...this.#follower,
      isRunning: this.#isRunning,
      ...(this.#fault && { fault: this.#fault }),
      ...(this.#trouble && { trouble: this.#trouble }),
      lanes,
    };
  }
  lane(lane: Lane): LaneStatus | undefined {
    return this.#lanes.get(lane);
  }
  /** Calls back at each change from now on, until what it answers is called. A listener that throws harms nobody. */
  onChange(listener: (change: FollowerChange) => void): () => void {
    // A function of its own, so that one listener given twice is two.
    const own = (change: FollowerChange): void => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** The lane's state, with an error one more failed attempt; `since` moves only when the state or the code changes. */
  set(lane: Lane, state: LaneState, error?: unknown): void {
    this.#put(lane, state, error, true);
  }
  /** Shows an error that was told before, though the lane was claimed anew meanwhile: no further attempt has failed. */
  showAgain(lane: Lane, state: LaneState, error: unknown): void {
    this.#put(lane, state, error, false);
  }
  cursor(lane: Lane, cursor: Cursor | 'start'): void {
    const status = this.#lanes.get(lane);
    if (status) this.#lanes.set(lane, { ...status, cursor });
  }
  /** A batch was dealt with, so the lane follows. */
  handled(lane: Lane, events: number, ms = 0): void {
    if (this.#lanes.get(lane)?.state !== 'following') this.set(lane, 'following');
    const status = this.#lanes.get(lane) as LaneStatus;
    this.#lanes.set(lane, { ...status, batches: status.batches + 1, events: status.events + events });
    this.source(undefined);
    this.#tell({ kind: 'batch', lane, events, ms });
  }
  /** So many keys of the lane are withheld. */
  withholding(lane: Lane, keys: number): void {
    const { withheldKeys: before = 0, ...status } = this.#lanes.get(lane) ?? {};
    if (keys === before || !('lane' in status)) return;
    this.#lanes.set(lane, { ...status, ...(keys > 0 && { withheldKeys: keys }) });
    this.#tell({ kind: 'withholding', lane, keys, before });
  }
  /** So many keys of the lane are parked. */
  parking(lane: Lane, keys: number): void {
    const { parkedKeys: before = 0, ...status } = this.#lanes.get(lane) ?? {};
    if (keys === before || !('lane' in status)) return;
    this.#lanes.set(lane, { ...status, ...(keys > 0 && { parkedKeys: keys }) });
    this.#tell({ kind: 'parking', lane, keys, before });
  }
  /** Something is under way, until what this answers is called. Told to nobody: it may be many a second. */
  began(lane: Lane, work: WorkUnderWay): () => void {
    const all = this.#underWay.get(lane) ?? new Set<WorkUnderWay>();
    this.#underWay.set(lane, all.add(work));
    return () =>
      void (all.delete(work) && all.size === 0 && this.#underWay.get(lane) === all && this.#underWay.delete(lane));
  }
  forget(lane: Lane): void {
    const before = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    if (before) this.#tell({ kind: 'forgotten', lane, before });
  }

  /** The lane is ours. Told once, however often its owner claims it anew. */
  claimed(lane: Lane): void {
    if (this.#held.has(lane)) return;
    this.#held.add(lane);
    this.#tell({ kind: 'claimed', lane });
  }
  /** The lane is ours no more, if it was. */
  left(lane: Lane, how: 'given-back' | 'lost'): void {
    if (!this.#held.delete(lane)) return;
    const { withheldKeys, parkedKeys, ...status } = this.#lanes.get(lane) ?? {};
    // Of these the next owner tells.
    if ((withheldKeys ?? parkedKeys) !== undefined && 'lane' in status) this.#lanes.set(lane, status);
    this.#tell({ kind: how, lane });
  }

  /** What the source says of itself as a whole; `undefined`: it reads again. */
  source(error: unknown): void {
    if (error === undefined && this.#fault === undefined) return;
    this.#fault = error === undefined ? undefined : faultOf(error);
    this.#trouble = this.#fault && troubleAfter(this.#trouble, new Date(), true);
    this.#tell({ kind: 'source', fault: this.#fault });
  }
  ended(): void {
    this.#isRunning = false;
    this.#tell({ kind: 'ended', fault: this.#fault });
  }

  #put(lane: Lane, state: LaneState, error: unknown, isAttempt: boolean): void {
    const before = this.#lanes.get(lane);
    const fault = error === undefined ? undefined : faultOf(error);
    const isSame = before?.state === state && before.fault?.code === fault?.code;
    const { cursor, batches = 0, events = 0, withheldKeys, parkedKeys } = before ?? {};
    const now = new Date();
    const since = isSame ? before.since : now;
    const trouble = fault && troubleAfter(before?.trouble, now, isAttempt);
    const status: LaneStatus = {
      lane,
      state,
      ...(fault && { fault }),
      since,
      ...(trouble && { trouble }),
      ...(cursor && { cursor }),
      batches,
      events,
      ...(withheldKeys !== undefined && { withheldKeys }),
      ...(parkedKeys !== undefined && { parkedKeys }),
    };
    this.#lanes.set(lane, status);
    if (!isSame || (fault && isAttempt)) this.#tell({ kind: 'lane', lane, status, before });
  }
  #tell(change: FollowerChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch {
        // Who watches must not harm what is watched.
      }
    }
  }
}

const troubleAfter = (before: LaneTrouble | undefined, now: Date, isAttempt: boolean): LaneTrouble => ({
  since: before?.since ?? now,
  failures: (before?.failures ?? 0) + (isAttempt ? 1 : 0),
});

/** An error as status shows it. */
function faultOf(error: unknown): LaneFault {
  const event = error instanceof AtEvent ? error.event : undefined;
  const cause = error instanceof AtEvent ? error.cause : error;
  const fault: LaneFault = {
    code: codeOf(cause),
    message: cause instanceof Error ? cause.message : String(cause),
    ...(event && { event }),
  };
  return Object.defineProperty(fault, 'error', { value: cause, enumerable: false });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
