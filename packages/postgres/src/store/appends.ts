import type { Abort, AppendOutcome, KeyChange, NewReply, StreamAppend } from '@leftfold/core';

/** One call of append, checked: streams differ, limits hold, something is to be written. */
export interface AppendCall {
  /** Those with events. */
  readonly written: readonly StreamAppend[];
  /** In the order of the call. */
  readonly all: readonly StreamAppend[];
  readonly reply: NewReply | undefined;
  readonly keys: readonly KeyChange[];
  readonly signal: Abort | undefined;
}

/** A way in which appends reach the database. */
export interface Appends {
  append(call: AppendCall): Promise<AppendOutcome>;
}
