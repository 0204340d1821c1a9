import { resolvePayload, type t, type WriterSchema } from '@leftfold/core';
import { RecordUndecodable, type LogRecord } from '@leftfold/subscriptions';
import { storedEvent, type EventRow } from '../store/event-row.ts';

/** The record of a row. Its payload is parsed only when it is decoded. */
export function logRecord(row: EventRow, schema: WriterSchema): LogRecord {
  const event = storedEvent(row, schema);
  return { ...event, decode: (reader) => decoded(event, reader) };
}

function decoded(event: Omit<LogRecord, 'decode'>, reader: t.AnySchema): unknown {
  const result = resolvePayload(reader, event.schema, event.payload);
  if ('value' in result) return result.value;
  const issues = result.issues.map(({ path, message }) => `${path.map(String).join('.')} ${message}`.trimStart());
  throw new RecordUndecodable(
    `${event.type} at ${event.stream} version ${event.streamVersion} does not fit the reader's schema: ${issues.join('; ')}`,
  );
}
