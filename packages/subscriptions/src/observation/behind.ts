import { InputInvalid } from '@leftfold/core';

/** How far a measurement counts. */
export interface BehindOptions {
  /** Up to how many events of a lane are counted; what is beyond is "more". 1 to 1,000,000, default 10,000. */
  readonly atMost?: number;
}

/** What stands between a place in a lane and the lane's end. */
export interface Behind {
  /** How many, private events of a log among them. Exact, unless `isMore`: then at least so many. */
  readonly events: number;
  /** How many of them are public: what a relay has yet to send. Of a broker all are. */
  readonly publicEvents: number;
  /** Counting ended at its bound. */
  readonly isMore: boolean;
  /** How long ago the oldest of them was recorded, by the clock of the store. Absent where there is none, or the source does not know. */
  readonly oldestMs?: number;
  /** The same, of the public ones. */
  readonly oldestPublicMs?: number;
}

/** How far is counted where nobody says. */
export const BEHIND_AT_MOST = 10_000;

/** The bound of an adapter's count. @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` */
export function countTo({ atMost = BEHIND_AT_MOST }: BehindOptions = {}): number {
  if (Number.isInteger(atMost) && atMost >= 1 && atMost <= 1_000_000) return atMost;
  throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `atMost is ${atMost}; it is a whole number from 1 to 1000000`);
}
