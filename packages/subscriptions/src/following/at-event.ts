import type { EventReference } from './status.ts';

/** An error on its way up, with the event it is about. Never leaves the loop: what people see is its cause. */
export class AtEvent extends Error {
  readonly event: EventReference;

  constructor(cause: unknown, event: EventReference) {
    super('', { cause });
    this.event = event;
  }
}
