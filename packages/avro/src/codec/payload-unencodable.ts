import { LeftfoldError, type WriterSchema } from '@leftfold/core';

/** A stored payload is not what the schema beside it says, so it cannot be put on the wire; nothing was. Its message holds the place, no value. `LF_PAYLOAD_UNENCODABLE` */
export class PayloadUnencodable extends LeftfoldError {
  readonly code = 'LF_PAYLOAD_UNENCODABLE' as const;
  readonly retryable = false as const;
  readonly eventType: string;
  readonly version: number;
  /** From the root of the payload; `''` for the root. */
  readonly path: string;

  constructor({ type, version }: Pick<WriterSchema, 'type' | 'version'>, path: string, what: string) {
    const place = path === '' ? 'the payload' : `'${path}'`;
    super(`${type}, version ${version}, is not as its schema says: ${place} ${what}; see who else writes to this log`);
    this.eventType = type;
    this.version = version;
    this.path = path;
  }
}
