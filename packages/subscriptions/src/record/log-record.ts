import { issuesText, resolvePayload, type StoredEvent } from '@leftfold/core';
import { envelopeOf } from './envelope-of.ts';
import { RecordUndecodable } from './record-undecodable.ts';
import type { LogRecord } from '../source.ts';

/**
 * The record of a stored event: what every log hands over. Its payload is parsed only when it is decoded, resolved from the schema it was written with.
 * `decode` throws {@link RecordUndecodable}, which names the event, the fields and why, and no value.
 */
export function logRecord(event: StoredEvent): LogRecord {
  return {
    ...event,
    keep: () => ({ envelope: envelopeOf(event), raw: null }),
    decode: (reader) => {
      const decoded = resolvePayload(reader, event.schema, event.payload);
      if ('value' in decoded) return decoded.value;
      throw new RecordUndecodable(
        `${event.type}, version ${event.streamVersion} of ${event.stream}, does not fit the reader's schema: ${issuesText(decoded.issues)}`,
      );
    },
  };
}
