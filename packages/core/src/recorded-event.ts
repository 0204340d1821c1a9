import { foreign } from './aggregate.ts';
import type { StoredEvent } from './event-store.ts';
import type { AnyEventType, RecordedEvent } from './event.ts';
import { decodeStored } from './upcast.ts';

/**
 * An event of the log as handlers see it: decoded by the schema it was written with, then upcast to the latest version, under the name its type has today.
 * @param types by all names that they have in the log, as {@link eventTypesByName} has them
 * @throws `LF_EVENT_FOREIGN` when its type is not among these; `LF_PAYLOAD_UNDECODABLE`, `LF_UPCAST_FAILED`, `LF_NEWER_EVENT`
 */
export function recordedEvent(
  category: string,
  types: ReadonlyMap<string, AnyEventType>,
  stored: StoredEvent,
): RecordedEvent {
  const type = types.get(stored.type);
  if (type === undefined) throw foreign(category, stored.type);
  const data: unknown = decodeStored(type, stored.schema, stored.payload);
  return {
    type: type.type,
    version: type.latest as number,
    data,
    id: stored.id,
    stream: { id: stored.stream, category: stored.category, key: stored.key, version: stored.streamVersion },
    position: stored.position,
    recordedAt: stored.recordedAt,
    metadata: stored.metadata,
    writtenVersion: stored.version,
  };
}
