import { LeftfoldError, type Envelope } from '@leftfold/core';

/** An event that was kept to be dealt with later is not where it was read from any more. Nothing was skipped. `LF_RECORD_GONE` */
export class RecordGone extends LeftfoldError {
  readonly code = 'LF_RECORD_GONE' as const;
  readonly retryable = false as const;

  /** @param where it was looked for, for people. */
  constructor({ id, type, stream, streamVersion }: Envelope, where: string) {
    super(
      `${type} (${id}, version ${streamVersion} of ${stream}) cannot be had from ${where}; restore it, or discard it from the parked events with a reason`,
    );
  }
}
