import type { Envelope, Json, LogPosition, Metadata, StreamVersion } from '@leftfold/core';
import { envelopeOf } from '@leftfold/subscriptions';
import type {
  FollowerId,
  KeptRecord,
  Lane,
  NewParked,
  ParkedCause,
  ParkedEvent,
  ParkedHead,
  ParkedNote,
} from '@leftfold/subscriptions';
import { metadataOf } from '../store/event-row.ts';

/** A parked key as `list` answers it. */
export interface HeadRow extends RequestRow {
  readonly follower: string;
  readonly version: number;
  readonly lane: Lane;
  readonly tenant: string;
  readonly key: string;
  readonly code: string;
  readonly cause: string;
  readonly stack: string | null;
  readonly attempts: number;
  readonly since: Date;
  readonly last_tried: Date;
  readonly events: bigint;
  readonly envelope: string;
}
/** What was asked for it; all null: nothing. */
export interface RequestRow {
  readonly request: 'retry' | 'discard' | null;
  readonly request_first: bigint | null;
  readonly requested_by: string | null;
  readonly requested_at: Date | null;
  readonly reason: string | null;
}
/** A kept event. JSON as text, bytes in base64. */
export interface ParkedRow {
  readonly n: bigint;
  readonly envelope: string;
  readonly withheld: boolean;
  readonly kept: string | null;
  readonly value: string | null;
  readonly edited: string | null;
  readonly edited_by: string | null;
  readonly edited_at: Date | null;
  readonly edit_reason: string | null;
}

/** What became of one. */
export interface NoteRow {
  readonly lane: Lane;
  readonly tenant: string;
  readonly key: string;
  readonly n: bigint;
  readonly envelope: string;
  readonly kind: ParkedNote['kind'];
  readonly noted_by: string;
  readonly reason: string;
  readonly at: Date;
}

/** What a kept record has beside its envelope and the bytes of its value. */
interface KeptText {
  readonly key: string | null;
  readonly headers: { readonly [name: string]: string };
  readonly place: string;
}

export function requestOf(row: RequestRow): ParkedHead['request'] {
  const { request: kind, request_first: first, requested_by: by, requested_at: at, reason } = row;
  if (kind === null || first === null || by === null || at === null) return undefined;
  return { kind, first, by, at, ...(reason !== null && { reason }) };
}

export function headOf(row: HeadRow): ParkedHead {
  const { tenant, key, lane, attempts, since, code, cause: text, stack } = row;
  const request = requestOf(row);
  return {
    follower: { name: row.follower, version: row.version },
    lane,
    tenant,
    key,
    cause: { code, text, ...(stack !== null && { stack }) },
    attempts,
    since,
    lastTried: row.last_tried,
    events: Number(row.events),
    first: envelopeFrom(row.envelope),
    ...(request && { request }),
  };
}

export function parkedEventOf(row: ParkedRow): ParkedEvent {
  const { n, edited, edited_by: by, edited_at: at, edit_reason: reason } = row;
  const envelope = envelopeFrom(row.envelope);
  return {
    n,
    envelope,
    kept: row.withheld ? null : { envelope, raw: rawOf(row) },
    ...(edited !== null &&
      by !== null &&
      at !== null && { edited: { payload: JSON.parse(edited) as Json, by, at, reason: reason ?? '' } }),
  };
}

export function noteOf(follower: FollowerId, { noted_by: by, envelope, ...row }: NoteRow): ParkedNote {
  return { ...row, follower, by, envelope: envelopeFrom(envelope) };
}

function rawOf({ kept, value }: ParkedRow): KeptRecord['raw'] {
  if (kept === null) return null;
  const { key, headers, place } = JSON.parse(kept) as KeptText;
  return { key, headers, place, value: value === null ? null : new Uint8Array(Buffer.from(value, 'base64')) };
}

/** An event as the statement takes it. */
export function newParkedJson({ tenant, key, envelope, kept, cause, attempts = 1 }: NewParked, ord: number): object {
  return {
    ord,
    tenant,
    key,
    event_id: envelope.id,
    stream_id: envelope.stream,
    stream_version: String(envelope.streamVersion),
    envelope: envelopeText(envelope),
    withheld: kept === null,
    kept: keptText(kept),
    value: valueText(kept),
    attempts,
    ...(cause && causeColumns(cause)),
  };
}

/** Everything of it but its value; `null` for an event of the log. */
export function keptText(kept: KeptRecord | null): string | null {
  if (kept === null || kept.raw === null) return null;
  const { key, headers, place } = kept.raw;
  return JSON.stringify({ key, headers, place } satisfies KeptText);
}
export const valueText = (kept: KeptRecord | null): string | null =>
  kept?.raw?.value ? Buffer.from(kept.raw.value).toString('base64') : null;

/** Most characters of what is kept of an error. */
const MOST = 20_000;

/** What somebody threw, as a column takes it: it may quote anything, and a dead letter that cannot be stored stops its lane (hazard C7). */
export function causeColumns({ code, text, stack }: ParkedCause): {
  code: string;
  cause: string;
  stack: string | null;
} {
  return { code: storable(code), cause: storable(text), stack: stack === undefined ? null : storable(stack) };
}
const storable = (text: string): string => text.slice(0, MOST).toWellFormed().replaceAll('\0', '\ufffd');

/** 64-bit numbers as text. */
export function envelopeText(envelope: Envelope): string {
  const { streamVersion, position, ...rest } = envelopeOf(envelope);
  return JSON.stringify({ ...rest, streamVersion: String(streamVersion), position: String(position) });
}
function envelopeFrom(text: string): Envelope {
  const { streamVersion, position, recordedAt, metadata, ...rest } = JSON.parse(text) as Omit<
    Envelope,
    'streamVersion' | 'position' | 'recordedAt' | 'metadata'
  > & { streamVersion: string; position: string; recordedAt: string; metadata: Metadata };
  return {
    ...rest,
    streamVersion: BigInt(streamVersion) as StreamVersion,
    position: BigInt(position) as LogPosition,
    recordedAt: new Date(recordedAt),
    metadata: metadataOf(JSON.stringify(metadata)),
  };
}
