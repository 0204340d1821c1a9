import { LeftfoldError } from '@leftfold/core';

/**
 * A relay must not go on; its lane stops, nothing is skipped.
 *
 * - `LF_PARTITION_COUNT_CHANGED`: a topic has another number of partitions than its keys were spread over, so keys would move (hazard R10).
 * - `LF_PARTITION_SHARED`: a topic's number of partitions is no multiple of the log's lanes, so two lanes would number the records of one partition.
 * - `LF_RECORD_REFUSED`: the broker will never take records for a partition, whatever they are: it is not there, or a right is missing. A record that it
 *   refuses for what it is does not stop a lane: it is withheld (hazard R15).
 * - `LF_WITHHELD_REFUSED`: the broker refuses even the small record that stands for a withheld event.
 * - `LF_PAYLOAD_UNENCODABLE`: a stored payload does not fit the schema it was written with, so nothing can be made of it for the topic.
 * - `LF_LEDGER_FOREIGN`: the numbers beside the relay's cursor are of another log, of a later generation than this log's, or in a format that this code does not know.
 */
export class RelayFault extends LeftfoldError {
  readonly code:
    | 'LF_PARTITION_COUNT_CHANGED'
    | 'LF_PARTITION_SHARED'
    | 'LF_RECORD_REFUSED'
    | 'LF_WITHHELD_REFUSED'
    | 'LF_PAYLOAD_UNENCODABLE'
    | 'LF_LEDGER_FOREIGN';
  readonly retryable = false as const;

  constructor(code: RelayFault['code'], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The broker did not confirm all records of a batch; they are sent again. Shown in the status. `LF_RECORDS_UNCONFIRMED` */
export class RecordsUnconfirmed extends LeftfoldError {
  readonly code = 'LF_RECORDS_UNCONFIRMED' as const;
  readonly retryable = true as const;

  constructor(partitions: readonly string[], cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the broker has not confirmed the records for ${partitions.join(', ')}: ${why}; they are sent again under the same numbers`,
      { cause },
    );
  }
}
