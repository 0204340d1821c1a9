import type { CaughtUpOptions } from './caught-up.ts';
import type { FollowerChange } from '../observation/follower-change.ts';
import type { FollowerStatus } from './status.ts';

/** A running follower: what {@link follow} and {@link relay} answer. */
export interface Running {
  /** How it is now, in this process. */
  status(): FollowerStatus;
  /** Calls back at each change of the status, and after each batch, until what it answers is called. At once, so be quick; one that throws harms nobody. */
  onChange(listener: (change: FollowerChange) => void): () => void;
  /**
   * Resolves when everything that stood in the source at this call has been dealt with, by whichever process. Aborting ends the waiting, nothing else.
   * @throws {@link NotCaughtUp} `LF_NOT_CAUGHT_UP` after `timeoutMs`, naming what is behind
   * @throws {@link FollowerStopped} `LF_FOLLOWER_STOPPED` at once when a lane that this needs has stopped here
   */
  caughtUp(options?: CaughtUpOptions): Promise<void>;
  /** Finishes the batches under way, saves, gives back the leases. Repetitions under way are given up: they begin again from the saved place. Idempotent; never rejects. */
  stop(): Promise<void>;
}
