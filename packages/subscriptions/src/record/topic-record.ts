import type { Envelope } from '@leftfold/core';
import type { Codec, EncodedRecord } from '../codec.ts';
import type { RawRecord } from './parse-record.ts';
import type { RecordMark } from './record-mark.ts';
import { undecodableAt } from './record-undecodable.ts';
import type { Reader, SourceRecord } from '../source.ts';

const NOTHING = new Uint8Array();

/** A record of a topic whose envelope was read; its payload still is what came. */
export interface TopicRecord extends SourceRecord {
  readonly encoded: EncodedRecord;
}

/**
 * A record of a topic as a source hands it over: it is decoded when its reader asks for it, and what cannot be decoded then says where it stands and keeps
 * its bytes (hazard A7).
 * @param place for people who look for it with another tool: `orders.order/3 at offset 17`
 */
export function topicRecord(
  envelope: Envelope,
  raw: RawRecord,
  place: string,
  codec: Codec,
  mark?: RecordMark,
): TopicRecord {
  const encoded: EncodedRecord = { value: raw.value ?? NOTHING, headers: raw.headers };
  return {
    ...envelope,
    encoded,
    ...(mark && { mark }),
    keep: () => ({ envelope, raw: { key: raw.key, value: raw.value, headers: raw.headers, place } }),
    decode: (reader) => {
      try {
        return codec.decode(encoded, reader);
      } catch (error) {
        throw undecodableAt(error, { place, record: raw });
      }
    },
  };
}

/**
 * Looks up what decoding these needs, all at once; not of types that their reader does not look at. Answers how many of them, from the first on, can be
 * decoded, and why not the next: what a registry does not know yet, or cannot be asked for, must not keep back what stands before it.
 * @throws the signal's reason once it aborts
 */
export async function prepareRecords(
  codec: Codec,
  records: readonly TopicRecord[],
  { signal, only }: { readonly signal: AbortSignal } & Pick<Reader, 'only'>,
): Promise<{ readonly ready: number; readonly fault?: unknown }> {
  const types = only?.types && new Set(only.types);
  // What only stands for an event has nothing to decode.
  const events = records.filter(({ mark }) => mark === undefined || mark.kind === 'redriven');
  const needed = types ? events.filter(({ type }) => types.has(type)) : events;
  const prepare = (part: readonly TopicRecord[]): Promise<void> =>
    codec.prepare({ records: part.map(({ encoded }) => encoded) }, { signal });
  if (needed.length === 0) return { ready: records.length };
  try {
    await prepare(needed);
    return { ready: records.length };
  } catch {
    signal.throwIfAborted();
  }
  // One by one: what is known is not asked for again, so only the first that is not costs an answer of the registry.
  for (const record of needed) {
    try {
      await prepare([record]);
    } catch (fault) {
      signal.throwIfAborted();
      return { ready: records.indexOf(record), fault };
    }
  }
  return { ready: records.length };
}
