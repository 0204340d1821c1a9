import type { EventGate } from '../dealing/applier.ts';
import { AtEvent } from '../following/at-event.ts';
import type { DealtEvent } from '../dealing/dealt-event.ts';
import type { FailedEvent } from '../dealing/batch-gate.ts';
import { recoveryOf } from '../following/recovery.ts';

/** Lets parked events through up to the first that fails: those behind it go on waiting. */
export class DrainGate implements EventGate {
  failure: FailedEvent | undefined;
  seen = 0;

  constructor(failure?: FailedEvent) {
    this.failure = failure;
  }

  admits(): boolean {
    this.seen += 1;
    return this.failure === undefined;
  }
  failed(event: DealtEvent, error: unknown): void {
    if (recoveryOf(error) !== 'stop') throw new AtEvent(error, event.reference);
    this.failure ??= { event, error };
  }
  fork(): DrainGate {
    return new DrainGate(this.failure);
  }
  adopt(fork: DrainGate): void {
    this.failure = fork.failure;
  }
}
