import { parseRecord, recognise } from '@leftfold/subscriptions';
import type { Codec, EncodedRecord, SourceRecord } from '@leftfold/subscriptions';
import type { Batch, IHeaders } from 'kafkajs';
import type { Place } from './cursor.ts';

const NOTHING = new Uint8Array();

/** What {@link readRecords} needs beside the batch. */
export interface RecordReading {
  readonly codec: Codec;
  /** Told how many records of a batch were re-sent ones, and therefore dropped. */
  readonly onSeen: (count: number) => void;
}
/** The records that are next, in their order, and the place after them. With a fault, both end before the record that has it. */
export interface RecordsRead {
  readonly records: readonly SourceRecord[];
  readonly place: Place;
  /** `LF_RECORD_UNDECODABLE`, or what {@link recognise} finds. */
  readonly fault?: Error;
}

/**
 * Reads a batch from a place: drops what was seen, stops before what does not join. Payloads stay undecoded; what their decoding needs is looked up.
 * Rejects as {@link Codec.prepare} does.
 */
export async function readRecords(
  place: Place,
  batch: Pick<Batch, 'messages' | 'lastOffset'>,
  { codec, onSeen }: RecordReading,
): Promise<RecordsRead> {
  const records: SourceRecord[] = [];
  const encoded: EncodedRecord[] = [];
  let { last, nextOffset } = place;
  let seen = 0;
  let fault: Error | undefined;
  for (const message of batch.messages) {
    try {
      const raw = { key: message.key?.toString() ?? null, value: message.value, headers: headerTexts(message.headers) };
      const { envelope, stamp } = parseRecord(raw);
      const recognised = recognise(last, stamp);
      if (recognised.kind === 'fault') throw recognised.fault;
      if (recognised.kind === 'seen') seen++;
      else {
        last = recognised.place;
        const record = { value: message.value ?? NOTHING, headers: raw.headers };
        encoded.push(record);
        records.push({ ...envelope, decode: (reader) => codec.decode(record, reader) });
      }
      nextOffset = BigInt(message.offset) + 1n;
    } catch (error) {
      fault = error as Error;
      break;
    }
  }
  onSeen(seen);
  if (encoded.length > 0) await codec.prepare({ records: encoded });
  // Beyond the last record may stand control records, which kafkajs does not show.
  if (fault === undefined) return { records, place: { last, nextOffset: BigInt(batch.lastOffset()) + 1n } };
  return { records, place: { last, nextOffset }, fault };
}

/** The last one counts where a name stands twice. */
function headerTexts(headers: IHeaders | undefined): { readonly [name: string]: string } {
  const texts: { [name: string]: string } = Object.create(null) as { [name: string]: string };
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString();
  }
  return texts;
}
