import { parseRecord, prepareRecords, recognise, topicRecord, undecodableAt } from '@leftfold/subscriptions';
import type { Codec, Reader, TopicRecord } from '@leftfold/subscriptions';
import type { Batch, IHeaders } from 'kafkajs';
import type { Place } from './cursor.ts';
import { topicLane } from './topic-lane.ts';

/** What {@link readRecords} needs beside the batch. */
export interface RecordReading {
  readonly codec: Codec;
  /** Whose records they are. */
  readonly reader: Pick<Reader, 'only'>;
  /** Told how many records of a batch were re-sent ones, and therefore dropped. */
  readonly onSeen: (count: number) => void;
}
/** The records that are next, in their order, and the place after them. With a fault, both end before the record that has it. */
export interface RecordsRead {
  readonly records: readonly TopicRecord[];
  readonly place: Place;
  /** `LF_RECORD_UNDECODABLE`, what {@link recognise} finds, or what {@link Codec.prepare} rejects with. */
  readonly fault?: unknown;
}

/**
 * Reads a batch from a place: drops what was seen, stops before what does not join. Payloads stay undecoded; what their decoding needs is looked up, and
 * where that fails the batch ends before the first record that it concerns.
 * @throws the signal's reason once it aborts
 */
export async function readRecords(
  place: Place,
  batch: Pick<Batch, 'topic' | 'partition' | 'messages' | 'lastOffset'>,
  { codec, reader: { only }, onSeen }: RecordReading,
  signal: AbortSignal,
): Promise<RecordsRead> {
  const records: TopicRecord[] = [];
  /** How it was before each of the records. */
  const before: { readonly place: Place; readonly seen: number }[] = [];
  let { last, nextOffset } = place;
  let seen = 0;
  let fault: unknown;
  for (const message of batch.messages) {
    const raw = { key: message.key?.toString() ?? null, value: message.value, headers: headerTexts(message.headers) };
    const at = `${topicLane(batch.topic, batch.partition)} at offset ${message.offset}`;
    try {
      const { envelope, stamp } = parseRecord(raw);
      const recognised = recognise(last, stamp);
      if (recognised.kind === 'fault') throw recognised.fault;
      if (recognised.kind === 'seen') seen++;
      else {
        before.push({ place: { last, nextOffset }, seen });
        last = recognised.place;
        records.push(topicRecord(envelope, raw, at, codec));
      }
      nextOffset = BigInt(message.offset) + 1n;
    } catch (error) {
      fault = undecodableAt(error, { place: at, record: raw });
      break;
    }
  }
  const prepared = await prepareRecords(codec, records, { signal, ...(only && { only }) });
  const unprepared = before[prepared.ready];
  onSeen(unprepared?.seen ?? seen);
  if (unprepared !== undefined)
    return { records: records.slice(0, prepared.ready), place: unprepared.place, fault: prepared.fault };
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
