import { LeftfoldError } from '@leftfold/core';
import type { RawRecord } from './parse-record.ts';

/** Which record it is, where one is known. */
export interface UndecodableRecord {
  /** For people who look for it with another tool: `orders.order/3 at offset 17`. */
  readonly place: string;
  /** As it came, bytes and all. */
  readonly record: RawRecord;
}

/**
 * A record is not what a relay writes: of another producer, cut, or in a format this code does not know. Its lane stops there. Of a record of a topic it
 * has the place and the record as it came; no message repeats its bytes, which may be personal data. `LF_RECORD_UNDECODABLE`
 */
export class RecordUndecodable extends LeftfoldError {
  readonly code = 'LF_RECORD_UNDECODABLE' as const;
  readonly retryable = false as const;
  /** What is wrong with it. */
  readonly what: string;
  readonly place: string | undefined;
  readonly #record: RawRecord | undefined;

  constructor(what: string, options: { readonly cause?: unknown; readonly at?: UndecodableRecord } = {}) {
    const { cause, at } = options;
    super(
      `${at ? `the record ${at.place}` : 'a record'} cannot be read: ${what}; see who else writes there, or deploy the release that knows this format`,
      cause === undefined ? undefined : { cause },
    );
    this.what = what;
    this.place = at?.place;
    this.#record = at?.record;
  }

  /** As it came, with its bytes; no field, so that no logger prints it. */
  get record(): RawRecord | undefined {
    return this.#record;
  }
}

/** The same error, saying of which record it is. Any other error comes back as it is; one is known by its code, since its class may be another copy's. */
export function undecodableAt(error: unknown, at: UndecodableRecord): unknown {
  const { code, message, what, cause } = (error ?? {}) as Partial<RecordUndecodable> & { readonly cause?: unknown };
  if (code !== 'LF_RECORD_UNDECODABLE') return error;
  return new RecordUndecodable(what ?? message ?? '', { cause, at });
}
