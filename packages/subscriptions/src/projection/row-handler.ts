import type { AnyEventType, RecordedEvent } from '@leftfold/core';
import type { Row } from '../read-models.ts';

/** What a projection does for one event type. */
export type RowHandler = {
  readonly on: AnyEventType;
  /** Which rows: a field of the payload or a function; without it the row of the event's stream. */
  readonly by?: string | ((event: RecordedEvent) => unknown) | undefined;
} & (
  | { readonly verb: 'insert'; readonly fold: (event: RecordedEvent) => Row }
  | { readonly verb: 'update'; readonly fold: (row: Row, event: RecordedEvent) => Row }
  | { readonly verb: 'upsert'; readonly fold: (row: Row | undefined, event: RecordedEvent, key: string) => Row }
  | { readonly verb: 'delete' }
);
