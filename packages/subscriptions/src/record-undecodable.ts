import { LeftfoldError } from '@leftfold/core';

/** A record is not what a relay writes: of another producer, cut, or in a format this code does not know. Its lane stops there. `LF_RECORD_UNDECODABLE` */
export class RecordUndecodable extends LeftfoldError {
  readonly code = 'LF_RECORD_UNDECODABLE' as const;
  readonly retryable = false as const;

  constructor(what: string, options?: { readonly cause?: unknown }) {
    super(
      `a record cannot be read: ${what}; see who else writes to this topic, or deploy the release that knows this format`,
      options,
    );
  }
}
