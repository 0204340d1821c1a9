import { AtEvent } from './at-event.ts';
import type { Cursor, Lane } from './source.ts';
import type { FollowerStatus, LaneFault, LaneState, LaneStatus } from './status.ts';

/** Where a follower's parts write how they are. In memory alone: for people and for `caughtUp`, never for decisions about events. */
export class StatusBoard {
  readonly #lanes = new Map<Lane, LaneStatus>();
  readonly #follower: Pick<FollowerStatus, 'name' | 'version' | 'source'>;
  #fault: LaneFault | undefined;
  #isRunning = true;

  constructor(follower: Pick<FollowerStatus, 'name' | 'version' | 'source'>) {
    this.#follower = follower;
  }

  snapshot(): FollowerStatus {
    const lanes = [...this.#lanes.values()].sort((a, b) => (a.lane < b.lane ? -1 : 1));
    return { ...this.#follower, isRunning: this.#isRunning, ...(this.#fault && { fault: this.#fault }), lanes };
  }
  lane(lane: Lane): LaneStatus | undefined {
    return this.#lanes.get(lane);
  }

  /** The lane's state; `since` moves only when the state or the code changes. */
  set(lane: Lane, state: LaneState, error?: unknown): void {
    const before = this.#lanes.get(lane);
    const fault = error === undefined ? undefined : faultOf(error);
    const isSame = before?.state === state && before.fault?.code === fault?.code;
    const { cursor, batches = 0, events = 0 } = before ?? {};
    const since = isSame ? before.since : new Date();
    this.#lanes.set(lane, { lane, state, ...(fault && { fault }), since, ...(cursor && { cursor }), batches, events });
  }
  cursor(lane: Lane, cursor: Cursor | 'start'): void {
    const status = this.#lanes.get(lane);
    if (status) this.#lanes.set(lane, { ...status, cursor });
  }
  /** A batch was dealt with, so the lane follows. */
  handled(lane: Lane, events: number): void {
    if (this.#lanes.get(lane)?.state !== 'following') this.set(lane, 'following');
    const status = this.#lanes.get(lane) as LaneStatus;
    this.#lanes.set(lane, { ...status, batches: status.batches + 1, events: status.events + events });
    this.#fault = undefined;
  }
  forget(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** What the source says of itself as a whole; `undefined`: it reads again. */
  source(error: unknown): void {
    this.#fault = error === undefined ? undefined : faultOf(error);
  }
  ended(): void {
    this.#isRunning = false;
  }
}

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
