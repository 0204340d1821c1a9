import { DefinitionError } from '@leftfold/core';
import type { AnyProjection } from '@leftfold/subscriptions';
import { SetMetadata } from '@nestjs/common';

/** How a query waits for what its client has written. */
export interface ReadsOwnWritesOptions {
  /** 0 to 30,000 milliseconds, default 2,000. */
  readonly waitMs?: number;
  /** What is done when they are not applied by then: answer with what there is and `Leftfold-Stale: true`, the default; or refuse, 503 with `Retry-After`. */
  readonly otherwise?: 'stale' | 'refuse';
  readonly instance?: string;
}
/** Which handler waits for what. */
export interface AwaitedByHandler extends Required<ReadsOwnWritesOptions> {
  readonly projections: readonly AnyProjection[];
}

/** An answer that may lack what the client has written says so with this header, `true`. */
export const STALE_HEADER = 'leftfold-stale';
/** Where a handler says what it waits for. */
export const READS_OWN_WRITES = 'leftfold:reads-own-writes';

/**
 * On a query: it is answered when these projections have applied what the client has written, which it says by sending back the `Leftfold-Token` of the answers to its commands, in a header of
 * the same name; of several, joined by commas. It does not matter which processes project, and what from. Without the header nothing is waited for.
 *
 * After `waitMs`, and at once where an event of the write is parked, the answer is what there is, with `Leftfold-Stale: true`; with `otherwise: 'refuse'` it is 503 `LF_NOT_YET_APPLIED` or
 * `LF_WRITE_PARKED`. A header that is no token of this log is 400 (`LF_TOKEN_INVALID`, `LF_TOKEN_FOREIGN`). It waits after the guards. On a controller: for all of its handlers.
 *
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE`
 */
export function ReadsOwnWrites(
  projections: readonly AnyProjection[],
  { waitMs = 2_000, otherwise = 'stale', instance = 'default' }: ReadsOwnWritesOptions = {},
): MethodDecorator & ClassDecorator {
  if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > 30_000) {
    throw new DefinitionError(
      'LF_OPTION_OUT_OF_RANGE',
      `waitMs of @ReadsOwnWrites is ${waitMs}; it is a whole number from 0 to 30000`,
    );
  }
  return SetMetadata<string, AwaitedByHandler>(READS_OWN_WRITES, { projections, waitMs, otherwise, instance });
}
