import { LeftfoldError } from '@leftfold/core';

/**
 * The reader was lent a connection inside an open transaction. One that has an id would count that id as seen, and its later events would be lost (hazard
 * L17); one with a snapshot of before would not show what is to be read. Somebody gives connections back to the pool without COMMIT or ROLLBACK. Tried again, on another connection perhaps. `LF_READER_HAS_XID`
 */
export class ReaderHasXid extends LeftfoldError {
  readonly code = 'LF_READER_HAS_XID' as const;
  readonly retryable = true as const;

  /** @param xid `undefined`: it has none yet, and its snapshot is too old. */
  constructor(xid: string | undefined) {
    super(
      `the pool lent a connection inside ${xid === undefined ? 'an open transaction' : `the open transaction ${xid}`}, in which the log cannot be read; ` +
        'find who gives connections back to the pool before COMMIT or ROLLBACK',
    );
  }
}

/**
 * The cursor lies beyond the end of its log: the log was restored from a backup, or failed over and lost its last events. Reading on would swallow
 * new ones. `LF_AHEAD_OF_LOG`
 */
export class AheadOfLog extends LeftfoldError {
  readonly code = 'LF_AHEAD_OF_LOG' as const;
  readonly retryable = false as const;

  constructor(cursor: bigint, log: bigint) {
    super(
      `the cursor has seen transactions up to ${cursor}, but the log's cluster is only at ${log}: it lost its last ones, or is a restored one. ` +
        'Nothing was read; start this follower anew under another version, and its target with it',
    );
  }
}
