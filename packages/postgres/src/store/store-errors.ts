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

/** An id that another category has already. */
export function foreignCategory(stream: StreamRef, category: string): InputInvalid {
  return new InputInvalid(
    'LF_STREAM_CATEGORY',
    `the stream ${stream.id} belongs to the category ${category}, not ${stream.category}; rename one of the two so that no ids meet`,
  );
}

/** A call that names a stream twice. */
export function repeatedStream({ id }: StreamRef): InputInvalid {
  return new InputInvalid('LF_STREAM_REPEATED', `${id} occurs twice in one append; put its events together`);
}

/** A call with more events than `limits.appendEvents`. */
export function tooManyEvents(events: number, limit: number): InputInvalid {
  return new InputInvalid(
    'LF_APPEND_TOO_LARGE',
    `one append of ${events} events; the limit is ${limit} (limits.appendEvents), since other writers of these streams wait meanwhile: append in parts`,
  );
}

/** Event ids that stand in the log elsewhere, or in part. */
export function eventIdReused(cause: unknown): InputInvalid {
  return new InputInvalid(
    'LF_EVENT_ID_REUSED',
    'an event with the id of one of these stands in the log already; give each event an id of its own, and repeat a command with its idempotency key',
    { cause },
  );
}
