import type { FollowerId } from './checkpoints.ts';
import type { EventReference } from './following/status.ts';
import type { Lane } from './source.ts';

/** What keeps a lane from going on, as its owner noted it. No text of an error: that may quote an event, and this is kept. */
export interface LaneCondition {
  readonly lane: Lane;
  readonly state: 'retrying' | 'waiting' | 'stopped';
  /** `LF_…`; `other` for what is no error of ours. */
  readonly code: string;
  /** Where it is about one event. */
  readonly event?: EventReference;
  /** Since when the lane has not been well, whatever the reasons were meanwhile, and how many attempts have failed. */
  readonly since: Date;
  readonly failures: number;
  /** Who noted it. */
  readonly owner: string;
  /** When it was noted last, by the clock of the store. */
  readonly notedAt: Date;
}

/** How a follower is, over all its processes. */
export interface FollowerConditions {
  /** The processes that run it now, by name. One that died counts until its lease ends. */
  readonly members: readonly string[];
  /** Of the lanes that are not well, by lane. */
  readonly lanes: readonly LaneCondition[];
}

/**
 * What keeps lanes from going on, so that anybody can ask, also when the process that knew is gone. Written when something changes and rarely while it lasts; a lane that is well has
 * nothing here, and costs nothing. For people: nothing is decided by it.
 */
export interface Conditions {
  /** Notes how these lanes are now, in place of what was noted; the last word counts, whoever says it. */
  note(follower: FollowerId, conditions: readonly Omit<LaneCondition, 'notedAt'>[]): Promise<void>;
  /** These lanes are well. */
  clear(follower: FollowerId, lanes: readonly Lane[]): Promise<void>;
  /** In the order asked, one statement. */
  of(followers: readonly FollowerId[]): Promise<readonly FollowerConditions[]>;
}
