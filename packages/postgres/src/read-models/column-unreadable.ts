import { LeftfoldError } from '@leftfold/core';

/** A column holds what its definition does not allow, e.g. a `t.integer()` beyond 2⁵³. Nothing is rounded or guessed. `LF_COLUMN_UNREADABLE` */
export class ColumnUnreadable extends LeftfoldError {
  readonly code = 'LF_COLUMN_UNREADABLE' as const;
  readonly retryable = false as const;

  /** @param what the column or its type. The value is not repeated: it may be personal data. */
  constructor(what: string, why: string) {
    super(`a value of ${what} cannot be read: ${why}`);
  }
}
