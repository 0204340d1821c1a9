import type {
  EventId,
  LogPosition,
  Metadata,
  StoredEvent,
  StreamId,
  StreamVersion,
  WriterSchema,
} from '@leftfold/core';

/** What is read of an event, everywhere in the same way. */
export const EVENT_COLUMNS =
  'position, version, recorded_at, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata';

/** A row of {@link EVENT_COLUMNS}. */
export interface EventRow {
  readonly position: bigint;
  readonly version: bigint;
  readonly recorded_at: Date;
  readonly event_id: string;
  readonly hash: number;
  readonly schema_id: number;
  readonly tenant: string;
  readonly stream_id: string;
  readonly category: string;
  readonly topic: string | null;
  readonly payload: string;
  readonly metadata: string;
}

/** The event of a row. Its key is what follows the category in the stream id. */
export function storedEvent(row: EventRow, schema: WriterSchema): StoredEvent {
  return {
    id: row.event_id as EventId,
    type: schema.type,
    version: schema.version,
    tenant: row.tenant,
    stream: row.stream_id as StreamId,
    category: row.category,
    key: row.stream_id.slice(row.category.length + 1),
    streamVersion: row.version as StreamVersion,
    position: row.position as LogPosition,
    recordedAt: row.recorded_at,
    metadata: metadataOf(row.metadata),
    payload: row.payload,
    schema,
    topic: row.topic,
    hash: row.hash,
  };
}

/** Metadata as JSON text; what is absent is left out. */
export function metadataText(metadata: Metadata): string {
  // A Date writes itself as ISO text; one that is none would write null.
  if (metadata.effectiveAt !== undefined) metadata.effectiveAt.toISOString();
  return JSON.stringify(metadata);
}

/** Metadata of its JSON text. */
export function metadataOf(text: string): Metadata {
  const metadata = JSON.parse(text) as Metadata;
  const effectiveAt: unknown = metadata.effectiveAt;
  // Copied only where it must be: this is a good part of what reading an event costs.
  return typeof effectiveAt === 'string' ? { ...metadata, effectiveAt: new Date(effectiveAt) } : metadata;
}
