import {
  kafkaKey,
  RESERVED_HEADER,
  streamRef,
  type Envelope,
  type EventId,
  type LogPosition,
  type Metadata,
  type StreamVersion,
} from '@leftfold/core';
import type { RecordStamp } from './recognition.ts';
import type { RecordMark } from './record-mark.ts';
import { RecordUndecodable } from './record-undecodable.ts';

/** A record as a broker gives it, its texts already read as UTF-8. */
export interface RawRecord {
  readonly key: string | null;
  readonly value: Uint8Array | null;
  readonly headers: { readonly [name: string]: string };
}
/** What a record says beside its payload. */
export interface ParsedRecord {
  readonly envelope: Envelope;
  readonly stamp: RecordStamp;
  /** Fingerprint of the writer's schema. */
  readonly fingerprint: string;
  readonly contentType: string;
  /** Absent where it is an event that was sent for the first time. One that only stands for an event is not to be decoded: see `passesMark`. */
  readonly mark?: RecordMark;
}

/**
 * Reads back what {@link formatRecord} wrote. Strict: whatever is missing, malformed or contradicts the rest makes the record undecodable, since a
 * record half understood would be applied to a wrong row.
 * @throws {@link RecordUndecodable} `LF_RECORD_UNDECODABLE`
 */
export function parseRecord({ key, value, headers }: RawRecord): ParsedRecord {
  if (value === null || value.length === 0) throw new RecordUndecodable('its value is empty, as of a deletion');
  const header = (name: string): string => {
    const text = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (text === undefined || text === '') throw new RecordUndecodable(`it has no header ${name}`);
    return text;
  };
  const specVersion = header('ce_specversion');
  if (specVersion !== '1.0') throw new RecordUndecodable(`ce_specversion is ${quote(specVersion)}, not 1.0`);
  header('ce_source');
  const lf = parsedFields(header('lf'));
  const tenant = lf.text('tenant');
  const stamp: RecordStamp = {
    log: lf.name('log'),
    generation: lf.count('generation'),
    began: lf.count('began'),
    sequence: lf.count('sequence'),
  };
  if (stamp.began > stamp.sequence)
    throw new RecordUndecodable(
      `its sequence ${stamp.sequence} lies before ${stamp.began}, where its generation began`,
    );
  const mark = markOf(lf);
  const stream = streamOf(lf.name('category'), lf.name('key'), tenant);
  if (header('ce_subject') !== stream.id || key !== kafkaKey(tenant, stream.id))
    throw new RecordUndecodable(`its key ${quote(key)} and subject are not those of the stream ${quote(stream.id)}`);
  return {
    stamp,
    fingerprint: lf.name('schema'),
    contentType: header('content-type'),
    ...(mark && { mark }),
    envelope: {
      id: header('ce_id') as EventId,
      type: header('ce_type'),
      version: lf.count('eventVersion'),
      tenant,
      stream: stream.id,
      category: stream.category,
      key: stream.key,
      streamVersion: lf.whole('streamVersion') as StreamVersion,
      position: lf.whole('position') as LogPosition,
      recordedAt: instant('ce_time', header('ce_time')),
      metadata: metadataOf(lf, headers),
    },
  };
}

function markOf(lf: Fields): RecordMark | undefined {
  if (lf.version === 1) return lf.has('redriven') ? { kind: 'redriven' } : undefined;
  return lf.has('givenUp')
    ? { kind: 'given-up', reason: lf.name('givenUp') }
    : { kind: 'withheld', code: lf.name('withheld') };
}

function metadataOf(lf: Fields, headers: RawRecord['headers']): Metadata {
  const own = Object.keys(headers).filter((name) => !RESERVED_HEADER.test(name));
  const { traceparent } = headers;
  const tenant = lf.text('tenant');
  return {
    correlationId: lf.name('correlation'),
    ...(lf.has('causation') && { causationId: lf.name('causation') }),
    ...(tenant !== '' && { tenant }),
    ...(lf.has('actor') && { actor: lf.name('actor') }),
    ...(traceparent !== undefined && { traceparent }),
    ...(lf.has('effective') && { effectiveAt: instant('effective', lf.name('effective')) }),
    ...(own.length > 0 && { headers: Object.fromEntries(own.map((name) => [name, headers[name] as string])) }),
  };
}

function streamOf(category: string, key: string, tenant: string): ReturnType<typeof streamRef> {
  try {
    return streamRef(category, key, tenant);
  } catch (cause) {
    throw new RecordUndecodable(`it names a stream that cannot be: ${(cause as Error).message}`, { cause });
  }
}

function instant(name: string, text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RecordUndecodable(`${name} is no time: ${quote(text)}`);
  return date;
}

/** The members of the header `lf`, each asked for by its type. */
interface Fields {
  readonly version: 1 | 2;
  has(name: string): boolean;
  text(name: string): string;
  /** Text that is not empty. */
  name(name: string): string;
  /** A whole number from 1. */
  count(name: string): number;
  /** The same as a decimal string, up to 2⁶³−1. */
  whole(name: string): bigint;
}

function parsedFields(text: string): Fields {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be anybody's.
    throw new RecordUndecodable('its header lf is no JSON');
  }
  if (typeof json !== 'object' || json === null) throw new RecordUndecodable('its header lf is no object');
  const fields = json as { readonly [name: string]: unknown };
  const fault = (name: string): never => {
    throw new RecordUndecodable(`${name} in its header lf is ${quote(fields[name])}`);
  };
  const version = fields['v'];
  if (version !== 1 && version !== 2)
    throw new RecordUndecodable(`it is in version ${quote(version)} of the record format; this code reads 1 and 2`);
  const string = (name: string): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return typeof value === 'string' ? value : fault(name);
  };
  return {
    version,
    has: (name) => Object.hasOwn(fields, name),
    text: string,
    name: (name) => string(name) || fault(name),
    count: (name) => {
      const value = fields[name];
      return Number.isSafeInteger(value) && (value as number) >= 1 ? (value as number) : fault(name);
    },
    whole: (name) => {
      const value = string(name);
      return /^[1-9][0-9]{0,18}$/.test(value) && BigInt(value) <= MAX_BIGINT ? BigInt(value) : fault(name);
    },
  };
}

const MAX_BIGINT = 2n ** 63n - 1n;
const quote = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? String(value);
