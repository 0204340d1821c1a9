import type { Claim, FollowerId } from './checkpoints.ts';
import type { Cursor, Lane } from './source.ts';

/** How far one partition had come at a milestone. */
export interface PartitionReached {
  readonly topic: string;
  readonly partition: number;
  /** The sequence of the next record: everything below was confirmed by the broker. */
  readonly next: number;
  /**
   * Whoever reads the partition from this offset finds every record with a sequence of `next` or above. There may be some below: re-sends, or older ones; they are
   * known by their sequence. 0 where the relay was never told an offset.
   */
  readonly offset: bigint;
}
/** A place of one lane of the log, and the same place in its topics: all that stands before the cursor is published, nothing after it is counted in. */
export interface Milestone {
  readonly lane: Lane;
  /** Rises with each of a lane. */
  readonly number: bigint;
  /** By the database's clock, when it was written. Everything before `cursor` was recorded before. */
  readonly at: Date;
  /** The log and its generation: a milestone of another one says nothing of this. */
  readonly log: string;
  readonly generation: number;
  readonly cursor: Cursor;
  /** Of every topic the lane has published to, the partitions that are the lane's. */
  readonly partitions: readonly PartitionReached[];
}
/** A milestone as its owner writes it. */
export type NewMilestone = Omit<Milestone, 'lane' | 'number' | 'at'>;

/**
 * Milestones on a relay's way: each is one place, in the log and in the topics. Who takes history from the log and goes on from the topics needs one for each
 * lane: the newest at or before the place, or the time, where the history ends ({@link newestMilestone}, {@link before}), or the oldest from which the topics still
 * hold everything ({@link oldestMilestone}). Reading on from its offsets, with `next - 1` as the last sequence seen, gives every later record once.
 *
 * Thinned as they age, so that their number is bounded by the logarithm of the time rather than by it.
 */
export interface Milestones {
  /**
   * Writes a milestone, if the claim still is the lane's: a succeeded owner writes none (hazard R4). One that a crash of the server forgets is no loss.
   * @throws `LF_LANE_LOST`
   */
  write(claim: Claim, milestone: NewMilestone): Promise<void>;
  /** Of one lane, newest first. @param options `below`: only numbers below this one. `limit` 1 to 1,000, default 100. */
  list(
    follower: FollowerId,
    lane: Lane,
    options?: { readonly below?: bigint; readonly limit?: number },
  ): Promise<readonly Milestone[]>;
  /** The newest of each lane that was written at or before this time: everything recorded later lies beyond it. */
  before(follower: FollowerId, time: Date): Promise<ReadonlyMap<Lane, Milestone>>;
  /**
   * Removes what {@link MILESTONES_KEPT} does not keep of the claim's lane, and what is older than `keepMs`; never the newest. Idempotent.
   * @throws `LF_LANE_LOST`
   */
  thin(claim: Claim, options?: { readonly keepMs?: number }): Promise<void>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * All of the last hour; of those that are older than `olderThanMs` the first in every `oneInMs`. With one every ten seconds: 360, 1,440 of the first day, 720 of the
 * first thirty, one a day beyond, as long as the topics may hold their records.
 */
export const MILESTONES_KEPT: readonly { readonly olderThanMs: number; readonly oneInMs: number }[] = [
  { olderThanMs: 30 * DAY_MS, oneInMs: DAY_MS },
  { olderThanMs: DAY_MS, oneInMs: HOUR_MS },
  { olderThanMs: HOUR_MS, oneInMs: MINUTE_MS },
];

/**
 * The newest milestone of a lane that fits, or `undefined`. As `isReached` for a place in the log: `({ cursor }) => log.hasPassed(place, cursor)`, which is false for
 * milestones of other generations, too.
 */
export async function newestMilestone(
  milestones: Milestones,
  follower: FollowerId,
  lane: Lane,
  isReached: (milestone: Milestone) => boolean,
): Promise<Milestone | undefined> {
  for await (const milestone of newestFirst(milestones, follower, lane)) if (isReached(milestone)) return milestone;
  return undefined;
}

/**
 * The oldest milestone of a lane from which the topics still hold everything, or `undefined`: the oldest before which none fits that is not inside any more.
 * @param logStart the offset of the first record that a partition still holds
 */
export async function oldestMilestone(
  milestones: Milestones,
  follower: FollowerId,
  lane: Lane,
  logStart: (topic: string, partition: number) => bigint,
): Promise<Milestone | undefined> {
  let oldest: Milestone | undefined;
  for await (const milestone of newestFirst(milestones, follower, lane)) {
    const isInside = milestone.partitions.every(({ topic, partition, offset }) => offset >= logStart(topic, partition));
    if (!isInside || milestone.log !== (oldest?.log ?? milestone.log)) break;
    oldest = milestone;
  }
  return oldest;
}

async function* newestFirst(
  milestones: Milestones,
  follower: FollowerId,
  lane: Lane,
): AsyncGenerator<Milestone, void, void> {
  for (let below: bigint | undefined; ;) {
    const page = await milestones.list(follower, lane, below === undefined ? {} : { below });
    yield* page;
    below = page.at(-1)?.number;
    if (below === undefined) return;
  }
}
