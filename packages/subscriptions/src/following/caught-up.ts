import { LeftfoldError } from '@leftfold/core';
import type { Checkpoints, FollowerId } from '../checkpoints.ts';
import type { LaneClaims } from './lane-claims.ts';
import { nothingBehind } from '../observation/nothing-behind.ts';
import { pause } from './pause.ts';
import { recoveryOf } from './recovery.ts';
import type { Cursor, Lane, Source, SourceRecord } from '../source.ts';
import type { StatusBoard } from './status-board.ts';
import type { FollowerStatus, LaneFault, LaneStatus } from './status.ts';

/** Looks at the checkpoints, between the first and when nothing moves for long. */
const LOOK_MS = { first: 2, most: 100 };
const TIMEOUT_MS = 30_000;

/** How to wait for a follower. */
export interface CaughtUpOptions {
  readonly signal?: AbortSignal;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/** A follower did not pass the source's end in time. It may still. `LF_NOT_CAUGHT_UP` */
export class NotCaughtUp extends LeftfoldError {
  readonly code = 'LF_NOT_CAUGHT_UP' as const;
  readonly retryable = true as const;
  /** The lanes that are behind. */
  readonly lanes: readonly Lane[];

  constructor(follower: FollowerId, timeoutMs: number, behind: readonly Behind[], cause: unknown) {
    const named = behind.map(
      ({ lane, cursor, head, state }) => `lane ${lane} (${state}) at ${cursor}, not past ${head}`,
    );
    super(
      `${follower.name} version ${follower.version} was not caught up after ${timeoutMs} ms: ${named.join('; ') || 'its source did not answer'}; see its status, and that a process runs it`,
      { cause },
    );
    this.lanes = behind.map(({ lane }) => lane);
  }
}

/** What is waited for will not come: a lane that is needed stands still, or the follower was stopped. `LF_FOLLOWER_STOPPED` */
export class FollowerStopped extends LeftfoldError {
  readonly code = 'LF_FOLLOWER_STOPPED' as const;
  readonly retryable = false as const;
  readonly lane: Lane;
  /** Why; absent when it was simply told to stop. */
  readonly fault: LaneFault | undefined;

  constructor(follower: FollowerId, lane: Lane, fault: LaneFault | undefined) {
    const why = fault ? `${fault.code}: ${fault.message}` : 'it was told to';
    super(
      `${follower.name} version ${follower.version} stopped on lane ${lane}: ${why}; remove the cause and start it again`,
    );
    this.lane = lane;
    this.fault = fault;
  }
}

/** A follower, as far as waiting for it goes. */
export interface Followed {
  readonly source: Source<SourceRecord>;
  readonly checkpoints: Checkpoints;
  readonly follower: FollowerId;
  readonly claims: LaneClaims;
  readonly board: StatusBoard;
}
interface Behind {
  readonly lane: Lane;
  readonly head: Cursor;
  readonly cursor: Cursor | 'start';
  /** With the code of its fault, when it has one, and how often it has failed. */
  readonly state: string;
}

/**
 * Waits until every lane of the source has passed where it ended at this call. Passed is what the saved checkpoints say, whichever process moved
 * them; and for a lane of this process also what it has dealt with but not saved yet, which it does not save at once only when nothing depended on it.
 */
export async function caughtUp(followed: Followed, options: CaughtUpOptions = {}): Promise<void> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  const deadline = performance.now() + timeoutMs;
  const never = new AbortController().signal;
  let heads: ReadonlyMap<Lane, Cursor> | undefined;
  let behind: readonly Behind[] = [];
  let isRefused = false;
  for (let lookMs = LOOK_MS.first; ; lookMs = Math.min(lookMs * 2, LOOK_MS.most)) {
    signal?.throwIfAborted();
    let cause: unknown;
    try {
      heads ??= await followed.source.head();
      behind = await lanesBehind(followed, heads);
      if (behind.length === 0) return;
      isRefused = false;
    } catch (error) {
      // Once is none: places are carried over as a log's generation rises, which may have been between asking for them and asking what stands behind them.
      if (recoveryOf(error) !== 'again' && isRefused) throw error;
      isRefused = recoveryOf(error) !== 'again';
      cause = error;
    }
    refuseStopped(followed, behind);
    if (performance.now() >= deadline) throw new NotCaughtUp(followed.follower, timeoutMs, behind, cause);
    await pause(Math.min(lookMs, Math.max(1, deadline - performance.now())), signal ?? never);
  }
}

async function lanesBehind(followed: Followed, heads: ReadonlyMap<Lane, Cursor>): Promise<readonly Behind[]> {
  const { source, checkpoints, follower, claims, board } = followed;
  const unpassed = [...heads].filter(([lane, head]) => {
    const owned = claims.get(lane);
    // What was dealt with on a lane that is lost does not count: it may have been sent back.
    return owned === undefined || owned.isLost || !source.hasPassed(owned.done, head);
  });
  if (unpassed.length === 0) return [];
  const saved = new Map((await checkpoints.list(follower)).map(({ lane, cursor }) => [lane, cursor]));
  const unsaved = unpassed.filter(([lane, head]) => !source.hasPassed(saved.get(lane) ?? 'start', head));
  const nothing = await nothingBehind(
    source,
    saved,
    unsaved.map(([lane]) => lane),
  );
  return unsaved.flatMap(([lane, head]): readonly Behind[] => {
    const cursor = saved.get(lane) ?? 'start';
    if (nothing.has(lane)) return [];
    return [{ lane, head, cursor, state: stateOf(board.lane(lane)) }];
  });
}

/** Tells apart what fails again and again from what is still under way. */
function stateOf({ state, fault, trouble }: Partial<LaneStatus> = {}): string {
  if (fault === undefined) return state ?? 'not here';
  const since = trouble && `, ${trouble.failures} failed since ${trouble.since.toISOString()}`;
  return `${state}: ${fault.code}${since ?? ''}`;
}

function refuseStopped({ board, follower }: Followed, behind: readonly Behind[]): void {
  const status: FollowerStatus = board.snapshot();
  for (const { lane } of behind) {
    const own = board.lane(lane);
    if (own?.state === 'stopped') throw new FollowerStopped(follower, lane, own.fault);
    if (!status.isRunning) throw new FollowerStopped(follower, lane, status.fault);
  }
}
