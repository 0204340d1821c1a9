import { NewerEvent, upcast, versionsOf, type AnyEventType, type Metadata, type RecordedEvent } from '@leftfold/core';
import type { SourceRecord } from '../source.ts';

/** What was made of a record, for as long as somebody has the record: followers that share a reading share the work. By type, since two definitions may have one name. */
const made = new WeakMap<SourceRecord, Made>();
interface Made {
  readonly of: AnyEventType;
  readonly event: RecordedEvent;
  /** What another definition made of it. */
  readonly before: Made | undefined;
}

/**
 * A record of a source as handlers see it: decoded by this code's schema of the version it was written with, then upcast to the latest, at the
 * one boundary every reader shares (hazard C8). One that was written before its type was renamed has the present name. Frozen all through, save bytes and dates,
 * since all who read the same record are given the same event; so it is decoded once for them.
 *
 * @throws {@link NewerEvent} `LF_NEWER_EVENT` when it was written by a newer release; nothing is decoded then
 * @throws `LF_RECORD_UNDECODABLE`, `LF_PAYLOAD_UNDECODABLE`, `LF_UPCAST_FAILED`
 */
export function readEvent(type: AnyEventType, record: SourceRecord): RecordedEvent {
  const before = made.get(record);
  for (let known = before; known !== undefined; known = known.before) if (known.of === type) return known.event;
  const event = makeEvent(type, record);
  made.set(record, { of: type, event, before });
  return event;
}

function makeEvent(type: AnyEventType, record: SourceRecord): RecordedEvent {
  const latest = type.latest as number;
  if (record.version > latest) throw new NewerEvent(type.type, record.version, latest);
  const schema = versionsOf(type)[record.version - 1]?.schema;
  const data: unknown = upcast(type, record.version, schema && record.decode(schema));
  return Object.freeze({
    type: type.type,
    version: latest,
    data: deepFrozen(data),
    id: record.id,
    stream: Object.freeze({
      id: record.stream,
      category: record.category,
      key: record.key,
      version: record.streamVersion,
    }),
    position: record.position,
    recordedAt: record.recordedAt,
    metadata: metadataOf(record),
    writtenVersion: record.version,
  });
}

/** The same from every source: the tenant of the stream, as a broker's record says it, and no empty headers. A fold that keeps them must not depend on where it reads. */
function metadataOf({ metadata, tenant }: SourceRecord): Metadata {
  const { tenant: said = '', headers, ...others } = metadata;
  const hasHeaders = headers !== undefined && Object.keys(headers).length > 0;
  if (said === tenant && hasHeaders === 'headers' in metadata && (said !== '') === 'tenant' in metadata)
    return metadata;
  return { ...others, ...(tenant !== '' && { tenant }), ...(hasHeaders && { headers }) };
}

/** Dates and bytes cannot be frozen. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
