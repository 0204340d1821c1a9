import { InputInvalid } from '@leftfold/core';
import type { Lane } from '@leftfold/subscriptions';

/** One lane of so many: the events whose hash, mod their number, is its own. */
export interface LaneClass {
  readonly lane: number;
  readonly of: number;
}

/** The lane of a log that has one. */
export const WHOLE: LaneClass = { lane: 0, of: 1 };

const MOST_LANES = 16;

/** A power of two, so that the lanes of a smaller number are unions of lanes of a larger one, and whole partitions. @throws {@link InputInvalid} `LF_OPTION_OUT_OF_RANGE` */
export function checkLanes(lanes: number): void {
  if (Number.isInteger(lanes) && lanes >= 1 && lanes <= MOST_LANES && (lanes & (lanes - 1)) === 0) return;
  throw new InputInvalid('LF_OPTION_OUT_OF_RANGE', `lanes is ${lanes}; it must be 1, 2, 4, 8 or ${MOST_LANES}`);
}

/** All lanes of a log, in order. */
export const lanesOf = (of: number): readonly LaneClass[] => Array.from({ length: of }, (_, lane) => ({ lane, of }));

export const laneName = ({ lane }: LaneClass): Lane => String(lane) as Lane;

/** The class of a lane by its name. */
export const laneNamed = (name: Lane, of: number): LaneClass => ({ lane: Number(name), of });

/** The lane of a hash. `of` is a power of two, the hash not negative. */
export const laneOfHash = (hash: number, of: number): number => hash & (of - 1);
