/** How much of appending goes on at once. The first three count connections. */
export interface AppendPace {
  /** So many appends go alone, as they come. With more under way the next ones wait, and share. */
  readonly atOnce: number;
  /** Statements that appends share. */
  readonly groups: number;
  /** Appends that go alone since they could not share, or that wait for a lock; they hold up nobody else. */
  readonly apart: number;
  /** After how long an append that was sent alone counts among those. */
  readonly stallMs: number;
  /** Whether the statement that is shared also serves a group of one; the one for a single append is quicker. */
  readonly groupsOfOne: boolean;
  /** What a group takes before the next one gets the rest: so many at least, and equal shares above. */
  readonly fewest: number;
  readonly most: { readonly appends: number; readonly events: number; readonly bytes: number };
}

/** Measured: decision 0013. Together the connections are as many as a pool has that was given no size. */
export const APPEND_PACE: AppendPace = {
  atOnce: 4,
  groups: 2,
  apart: 4,
  stallMs: 20,
  groupsOfOne: false,
  fewest: 8,
  most: { appends: 128, events: 512, bytes: 1024 * 1024 },
};
