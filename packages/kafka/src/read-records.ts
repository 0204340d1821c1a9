import {
  parseRecord,
  passesMark,
  prepareRecords,
  recognise,
  topicRecord,
  undecodableAt,
} from '@leftfold/subscriptions';
import type { Codec, Reader, TopicRecord } from '@leftfold/subscriptions';
import type { Place } from './cursor.ts';
import type { FetchedBatch } from './fetched-batch.ts';
import { topicLane } from './topic-lane.ts';

/** What {@link readRecords} needs beside the batch. */
export interface RecordReading {
  readonly codec: Codec;
  /** Whose records they are. */
  readonly reader: Pick<Reader, 'only' | 'settled' | 'marks'>;
  /** Told how many records of a batch were re-sent ones, and therefore dropped. */
  readonly onSeen: (count: number) => void;
  /** Nothing from this offset on is read. */
  readonly end?: bigint | undefined;
}
/** The records that are next, in their order, and the place after them. With a fault, both end before the record that has it. */
export interface RecordsRead {
  readonly records: readonly TopicRecord[];
  readonly place: Place;
  /** Before each of the records, by its index. */
  readonly before: (index: number) => Place;
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
  { topic, partition, ...batch }: FetchedBatch,
  { codec, reader, onSeen, end }: RecordReading,
  signal: AbortSignal,
): Promise<RecordsRead> {
  const { only } = reader;
  const records: TopicRecord[] = [];
  /** How it was before each of the records. */
  const before: { readonly place: Place; readonly seen: number }[] = [];
  let { last, nextOffset } = place;
  let seen = 0;
  let fault: unknown;
  for (const raw of batch.records) {
    if (end !== undefined && raw.offset >= end) break;
    const at = `${topicLane(topic, partition)} at offset ${raw.offset}`;
    try {
      const { envelope, stamp, mark } = parseRecord(raw);
      const recognised = recognise(last, stamp);
      if (recognised.kind === 'fault') throw recognised.fault;
      if (recognised.kind === 'seen') seen++;
      else {
        const isPassed = mark !== undefined && (await passesMark({ topic, envelope, ...stamp, mark }, reader));
        if (!isPassed) before.push({ place: { ...place, last, nextOffset }, seen });
        last = recognised.place;
        if (!isPassed) records.push(topicRecord(envelope, raw, at, codec, mark));
      }
      nextOffset = raw.offset + 1n;
    } catch (error) {
      fault = undecodableAt(error, { place: at, record: raw });
      break;
    }
  }
  const prepared = await prepareRecords(codec, records, { signal, ...(only && { only }) });
  const unprepared = before[prepared.ready];
  const placeBefore = (index: number): Place => (before[index] as (typeof before)[number]).place;
  onSeen(unprepared?.seen ?? seen);
  if (unprepared !== undefined)
    return {
      records: records.slice(0, prepared.ready),
      place: unprepared.place,
      before: placeBefore,
      fault: prepared.fault,
    };
  // Beyond the last record may stand markers of transactions, which no client shows.
  if (fault === undefined) nextOffset = end !== undefined && end < batch.nextOffset ? end : batch.nextOffset;
  const read: RecordsRead = { records, place: { ...place, last, nextOffset }, before: placeBefore };
  return fault === undefined ? read : { ...read, fault };
}
