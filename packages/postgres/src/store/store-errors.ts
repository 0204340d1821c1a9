import { InputInvalid, LeftfoldError, type StreamRef, type StreamVersion } from '@leftfold/core';

/** A stream does not hold the versions 1, 2, 3, … in order: somebody changed the tables by hand, or restored them in part. `LF_STREAM_CORRUPT` */
export class StreamCorrupt extends LeftfoldError {
  readonly code = 'LF_STREAM_CORRUPT' as const;
  readonly retryable = false as const;
  readonly stream: string;

  constructor({ id, tenant }: StreamRef, expected: StreamVersion, found?: StreamVersion) {
    super(
      `${id}${tenant === '' ? '' : ` of tenant ${tenant}`} ${found === undefined ? 'ends' : `continues with version ${found}`} where version ${expected} belongs; ` +
        'the log was changed from outside: compare it with a backup before anything else is written',
    );
    this.stream = id;
  }
}

/** Event ids that stand in the log elsewhere, or in part. */
export function eventIdReused(cause: unknown): InputInvalid {
  return new InputInvalid(
    'LF_EVENT_ID_REUSED',
    'an event with the id of one of these stands in the log already; give each event an id of its own, and repeat a command with its idempotency key',
    { cause },
  );
}
