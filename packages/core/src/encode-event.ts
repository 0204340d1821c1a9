import { DefinitionError, EventInvalid } from './errors.ts';
import type { EncodedEvent } from './event-store.ts';
import type { AnyEventType, NewEvent } from './event.ts';
import { versionsOf } from './event.ts';
import type { EventId, Metadata } from './message.ts';
import { pathText } from './schema/issue.ts';
import { encodePayload } from './schema/payload.ts';
import { utf8Length } from './text.ts';

/** Largest payload: 256 KiB of JSON text. Larger data goes by reference. */
export const MAX_PAYLOAD_BYTES: number = 256 * 1024;

/**
 * Makes an event ready for a store: checked against the latest version of its schema and its constraints, as deterministic JSON text. Pure; called
 * before any transaction.
 * @throws {@link DefinitionError} `LF_EVENT_RETIRED` for an event of a type that is no longer written
 * @throws {@link EventInvalid} `LF_EVENT_INVALID` with the path of the first faulty field, for a version other than the latest, and above 256 KiB
 */
export function encodeEvent(type: AnyEventType, event: NewEvent, id: EventId, metadata: Metadata): EncodedEvent {
  if (type.retired) {
    throw new DefinitionError(
      'LF_EVENT_RETIRED',
      `${type.type} is retired, so it is read and no longer written; decide another event, or take \`retired\` off the type. Nothing was written`,
    );
  }
  const version = versionsOf(type).at(-1);
  if (version === undefined || event.version !== version.version) {
    throw invalid(type, '', `version ${event.version} was decided, but only the latest, ${type.latest}, is written`);
  }
  const encoded = encodePayload(version.schema, event.data);
  if ('issues' in encoded) {
    const [first, ...others] = encoded.issues;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw invalid(type, pathText(first?.path ?? []), `${first?.message ?? 'does not fit its schema'}${more}`);
  }
  const bytes = utf8Length(encoded.text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    const remedy = 'store large data elsewhere and record where';
    throw invalid(type, '', `its JSON text is ${bytes} bytes long, the limit is ${MAX_PAYLOAD_BYTES}; ${remedy}`);
  }
  return { id, schema: version.writer, payload: encoded.text, private: type.private, metadata };
}

const invalid = (type: AnyEventType, path: string, message: string): EventInvalid =>
  new EventInvalid({ eventType: type.type, path, message });
