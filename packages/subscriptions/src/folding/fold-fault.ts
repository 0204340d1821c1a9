import { LeftfoldError, type EventId, type RecordedEvent, type StreamId, type StreamVersion } from '@leftfold/core';
import type { RowTable } from '../projection/row-table.ts';

/** What can be wrong with folding one event, with the remedy that its message ends in. */
const REMEDIES = {
  LF_ROW_EXISTS: 'an event is handled twice or in another order than it was written; nothing was changed',
  LF_ROW_MISSING: 'an earlier event is missing, or is not handled; nothing was changed',
  LF_ROW_KEY_INVALID: 'let the route name text for every event of this type',
  LF_ROW_KEY_CHANGED: 'let the fold keep the key its row was found by',
  LF_ROW_INVALID: 'let the fold return every column, each as its schema says, and no others',
  LF_FOLD_FAILED: 'make the fold total and pure, and deploy again',
} as const;

/** Whether an error of this code may repeat what a fold threw, or the values of its rows: nothing for a log. */
export const quotesUserCode = (code: string): boolean => Object.hasOwn(REMEDIES, code);

/** A fold cannot be applied to an event. The batch is rolled back and the lane stops before it. Codes: `LF_ROW_EXISTS`, `LF_ROW_MISSING`, `LF_ROW_KEY_INVALID`, `LF_ROW_KEY_CHANGED`, `LF_ROW_INVALID`, `LF_FOLD_FAILED`. */
export class FoldFault extends LeftfoldError {
  readonly code: keyof typeof REMEDIES;
  readonly retryable = false as const;
  readonly projection: string;
  readonly projectionVersion: number;
  readonly eventId: EventId;
  readonly eventType: string;
  readonly stream: StreamId;
  readonly streamVersion: StreamVersion;
  /** The column, for `LF_ROW_INVALID`; otherwise `''`. */
  readonly path: string;

  constructor(
    code: keyof typeof REMEDIES,
    message: string,
    at: { readonly table: RowTable; readonly event: RecordedEvent; readonly path?: string },
    options?: { readonly cause: unknown },
  ) {
    const { table, event, path = '' } = at;
    super(
      `${table.projection} version ${table.version} at ${event.type} (${event.id}, version ${event.stream.version} of ${event.stream.id}): ${message}; ${REMEDIES[code]}`,
      options,
    );
    this.code = code;
    this.projection = table.projection;
    this.projectionVersion = table.version;
    this.eventId = event.id;
    this.eventType = event.type;
    this.stream = event.stream.id;
    this.streamVersion = event.stream.version;
    this.path = path;
  }
}
