import type { FollowerId } from './checkpoints.ts';
import type { EventReference } from './following/status.ts';
import type { Lane } from './source.ts';

/** Stands for the source as a whole, where that cannot read, as when a consumer group cannot be joined. No source has a lane of this name. */
export const WHOLE_SOURCE: Lane = '*' as Lane;

/** What keeps a lane from going on, as its owner noted it. No text of an error: that may quote an event, and this is kept. */
export interface LaneCondition {
  /** Or {@link WHOLE_SOURCE}. */
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
  /**
   * Notes how these lanes are now, in place of what was noted. Left out is a lane that another process has claimed since and still runs: what this one knows of it is of before, and
   * nobody would ever take it back.
   */
  note(follower: FollowerId, conditions: readonly Omit<LaneCondition, 'notedAt'>[]): Promise<void>;
  /** These lanes are well, says this owner; left out as in {@link note}. */
  clear(follower: FollowerId, lanes: readonly Lane[], owner: string): Promise<void>;
  /** In the order asked, one statement. */
  of(followers: readonly FollowerId[]): Promise<readonly FollowerConditions[]>;
}
