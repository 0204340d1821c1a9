import { LeftfoldError } from '@leftfold/core';
import { recoveryOf } from '../following/recovery.ts';

/** What cannot be applied cannot be parked either: the storage refuses it. The lane stands still before it, so nothing is lost (hazard C7). `LF_PARKING_REFUSED` */
export class ParkingRefused extends LeftfoldError {
  readonly code = 'LF_PARKING_REFUSED' as const;
  readonly retryable = false as const;

  constructor(cause: unknown) {
    super(
      'an event cannot be applied, and the storage refuses to keep it with the parked ones; mend the storage (see the cause), then start this follower again: nothing was skipped',
      { cause },
    );
  }
}

/** Parks, or says why it cannot. A server that is away is told as it is, and tried again. @throws {@link ParkingRefused} */
export async function parkOrStop(park: () => Promise<void>): Promise<void> {
  try {
    await park();
  } catch (error) {
    if (recoveryOf(error) !== 'stop') throw error;
    throw new ParkingRefused(error);
  }
}
