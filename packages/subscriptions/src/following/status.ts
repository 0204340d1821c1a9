import type { EventId, StreamId, StreamVersion } from '@leftfold/core';
import type { Cursor, Lane } from '../source.ts';

/**
 * What a lane is doing. `claiming`: another owner has it, or nobody could be asked yet. `following`: all is well. `retrying`: a server failed, or a schema is not
 * registered yet; the same is tried again. `waiting`: the next event is newer than this code. `stopped`: it stands still until a person acts; nothing was skipped.
 */
export type LaneState = 'claiming' | 'following' | 'retrying' | 'waiting' | 'stopped';

/** The event a lane stands before. */
export interface EventReference {
  readonly id: EventId;
  readonly type: string;
  readonly stream: StreamId;
  readonly streamVersion: StreamVersion;
}

/** Why a lane is not following. */
export interface LaneFault {
  /** `LF_…`; of an error that is not ours, its own code or name. */
  readonly code: string;
  readonly message: string;
  /** Where it is about one event, under the present name of its type. */
  readonly event?: EventReference;
  /**
   * The error itself, for code: of a record that cannot be read it holds the bytes (`RecordUndecodable.record`). Not enumerable, so not in any JSON or log
   * that is made of a status: the bytes may be personal data.
   */
  readonly error?: unknown;
}

/** How long something has not been well, whatever the reasons were meanwhile: unlike `since` it does not begin anew with each. */
export interface LaneTrouble {
  readonly since: Date;
  /** Attempts that failed since then. */
  readonly failures: number;
}

/** What a lane waits for while it is under way. */
export interface WorkUnderWay {
  readonly event: EventReference;
  /** From 1. */
  readonly attempt: number;
  readonly since: Date;
}

/** One lane as this process has it. */
export interface LaneStatus {
  readonly lane: Lane;
  readonly state: LaneState;
  /** Set while the lane is retrying, waiting or stopped. */
  readonly fault?: LaneFault;
  /** Since when it has been in this state, for this reason. */
  readonly since: Date;
  /** Set while the lane is retrying, waiting or stopped. */
  readonly trouble?: LaneTrouble;
  /** The saved place, as far as this process knows it. */
  readonly cursor?: Cursor | 'start';
  /** Dealt with by this process since it started: batches, and events in them. */
  readonly batches: number;
  readonly events: number;
  /** Of a relay: keys of the lane that are withheld, since the broker refused a record. Absent where there are none. */
  readonly withheldKeys?: number;
  /** Keys of the lane that are parked, since an event of theirs cannot be applied. Absent where there are none. */
  readonly parkedKeys?: number;
  /** Of a reaction: attempts of effects that are under way, the oldest first. Absent where there are none. */
  readonly underWay?: readonly WorkUnderWay[];
}

/** A follower as this process has it. A snapshot; ask again for a newer one. */
export interface FollowerStatus {
  readonly name: string;
  readonly version: number;
  /** Name of the source. */
  readonly source: string;
  /** False after a stop, and when the source gave up as a whole: then `fault` says why. */
  readonly isRunning: boolean;
  /** What concerns the source as a whole rather than one lane. */
  readonly fault?: LaneFault;
  /** Set together with `fault`. */
  readonly trouble?: LaneTrouble;
  readonly lanes: readonly LaneStatus[];
}
