import type { Checkpoint, FollowerId } from './checkpoints.ts';
import type { Cursor, Lane } from './source.ts';
import type { LogIdentity } from './storage.ts';

/** What is to be looked at. */
export interface ProgressQuestion {
  /** Distinct. */
  readonly followers: readonly FollowerId[];
  /** Transaction ids of the log's, as tokens name them. Distinct. */
  readonly transactions: readonly bigint[];
}
/** An event, as far as it matters who waits for it. */
export interface WrittenEvent {
  /** As it was written: a type that was renamed since has its former name. */
  readonly type: string;
  readonly hash: number;
  /** `null`: it is private. */
  readonly topic: string | null;
}
/** What a transaction has left in the log. */
export interface LookedUpTransaction {
  /** It has ended, so nothing more comes of it. */
  readonly isOver: boolean;
  /** Its events, each kind once; `undefined` where they are too many to be looked at. Of one that was rolled back there are none. */
  readonly events: readonly WrittenEvent[] | undefined;
}
/** How far followers and the log have come, all at one moment. */
export interface ProgressLook {
  readonly log: LogIdentity;
  /** The first transaction id that has not been given out: who names it, or a later one, names no transaction of this log. */
  readonly next: bigint;
  /** Of each follower that was asked for, in that order, all lanes. */
  readonly followers: readonly {
    readonly id: FollowerId;
    readonly lanes: readonly Checkpoint[];
    /** It has parked events, on whatever lane. */
    readonly isParking: boolean;
  }[];
  /** By transaction. One that the log has not given out is not among them. */
  readonly transactions: ReadonlyMap<bigint, LookedUpTransaction>;
}

/**
 * How far followers have come, for whoever waits for them, in any process: the question behind every token. Never asks for positions: those are drawn before a
 * transaction commits, so a follower may have passed a higher one than that of an event which it has yet to get (hazard C14).
 */
export interface Progress {
  /** One statement, however much is asked, in one snapshot: rows, places and parked events of a moment belong together. @throws as the storage's adapter does while it is away */
  look(question: ProgressQuestion): Promise<ProgressLook>;
  /**
   * The lane, among these places of a follower of the log, on which everything was dealt with that a transaction wrote to streams of this hash; `undefined` where that is not so, or
   * not known. Pure; also of places that this process does not know the lanes of.
   */
  laneBeyond(
    places: ReadonlyMap<Lane, Cursor | 'start'>,
    written: { readonly log: LogIdentity; readonly transaction: bigint; readonly hash: number },
  ): Lane | undefined;
  /** Those of the transactions of which an event is parked for a follower, or kept behind one that is, withheld ones among them. */
  parked(follower: FollowerId, transactions: readonly bigint[]): Promise<ReadonlySet<bigint>>;
}
