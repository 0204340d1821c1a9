import { kafkaKey, type Envelope, type WriterSchema } from '@leftfold/core';
import type { RecordStamp } from './recognition.ts';
import type { RecordMark } from './record-mark.ts';

/** What a relay adds to an event to make a record of it. */
export interface RecordFrame {
  readonly stamp: RecordStamp;
  /** Of the event's writer schema. */
  readonly writer: Pick<WriterSchema, 'fingerprint'>;
  /** Name of the service: `ce_source`. */
  readonly source: string;
  /** Of the codec that made the value. */
  readonly contentType: string;
  /** Of a record that is no event sent for the first time. */
  readonly mark?: RecordMark;
}

/**
 * Key and headers of a record: the wire form, which is for ever. Pure; the same event with the same frame gives the same text.
 *
 * The key is the stream's id, after `tenant/` when there is a tenant. Headers are CloudEvents 1.0 in Kafka's binary mode, `content-type`, `traceparent`
 * when there is one, and one header `lf`, since each header costs a client more than its bytes: compact JSON with `v` (the version of this format), then the log's id,
 * generation, where that began in this partition, and sequence; tenant, category, key, stream version, position; the event's version and the
 * fingerprint of its writer schema; correlation, and when there are any causation, actor and effective time. 64-bit numbers of the log are decimal strings.
 *
 * `v` is 1 where the value is the event's, and 2 where the record only stands for it: then `withheld` has the code of the cause, or `givenUp` a reason. An event
 * that was withheld before has `redriven: true`.
 */
export function formatRecord(
  event: Envelope,
  { stamp, writer, source, contentType, mark }: RecordFrame,
): { readonly key: string; readonly headers: { readonly [name: string]: string } } {
  const { correlationId, causationId, actor, traceparent, effectiveAt, headers } = event.metadata;
  const lf = {
    v: mark === undefined || mark.kind === 'redriven' ? 1 : 2,
    log: stamp.log,
    generation: stamp.generation,
    began: stamp.began,
    sequence: stamp.sequence,
    tenant: event.tenant,
    category: event.category,
    key: event.key,
    streamVersion: String(event.streamVersion),
    position: String(event.position),
    eventVersion: event.version,
    schema: writer.fingerprint,
    correlation: correlationId,
    ...(causationId !== undefined && { causation: causationId }),
    ...(actor !== undefined && { actor }),
    ...(effectiveAt !== undefined && { effective: effectiveAt.toISOString() }),
    ...(mark !== undefined && markMembers(mark)),
  };
  return {
    key: kafkaKey(event.tenant, event.stream),
    headers: {
      ...headers,
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: source,
      ce_type: event.type,
      ce_time: event.recordedAt.toISOString(),
      ce_subject: event.stream,
      'content-type': contentType,
      ...(traceparent !== undefined && { traceparent }),
      lf: JSON.stringify(lf),
    },
  };
}

function markMembers(mark: RecordMark): { readonly [member: string]: string | true } {
  if (mark.kind === 'redriven') return { redriven: true };
  return mark.kind === 'withheld' ? { withheld: mark.code } : { givenUp: mark.reason };
}
