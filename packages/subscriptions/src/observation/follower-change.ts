import type { Lane } from '../source.ts';
import type { LaneFault, LaneStatus } from '../following/status.ts';

/** Something that happened to a follower in this process. Told as it happens, in order. */
export type FollowerChange =
  /**
   * A lane's state or the code of its fault is another, or one more attempt failed (then only `trouble` differs). `before` is absent where the lane is
   * new here.
   */
  | { readonly kind: 'lane'; readonly lane: Lane; readonly status: LaneStatus; readonly before: LaneStatus | undefined }
  /** The lane is none of this process any more. */
  | { readonly kind: 'forgotten'; readonly lane: Lane; readonly before: LaneStatus }
  /** A batch was dealt with, `ms` after it was handed over. */
  | { readonly kind: 'batch'; readonly lane: Lane; readonly events: number; readonly ms: number }
  /** The lane is ours; was given back by us; was taken from us. An owner who claims its own lane anew tells nothing. */
  | { readonly kind: 'claimed' | 'given-back' | 'lost'; readonly lane: Lane }
  /** Of a relay: so many keys of the lane are withheld now. */
  | { readonly kind: 'withholding'; readonly lane: Lane; readonly keys: number; readonly before: number }
  /** So many keys of the lane are parked now, since an event of theirs cannot be applied. */
  | { readonly kind: 'parking'; readonly lane: Lane; readonly keys: number; readonly before: number }
  /** What concerns the source as a whole; without a fault it reads again. Told each time it is reported. */
  | { readonly kind: 'source'; readonly fault: LaneFault | undefined }
  /** The follower runs no more: it was stopped, or its source gave up for this reason. */
  | { readonly kind: 'ended'; readonly fault: LaneFault | undefined };
