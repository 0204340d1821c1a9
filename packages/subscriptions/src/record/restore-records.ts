import type { Codec } from '../codec.ts';
import type { KeptRecord } from '../source.ts';
import { RecordGone } from './record-gone.ts';
import { topicRecord, type TopicRecord } from './topic-record.ts';

/**
 * Kept records of topics, whole again, in the order given: what decoding them needs is looked up, all at once.
 * @throws {@link RecordGone} `LF_RECORD_GONE` for one that was kept of a log, which has no bytes of its own · as {@link Codec.prepare} rejects
 */
export async function restoreTopicRecords(
  codec: Codec,
  kept: readonly KeptRecord[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly TopicRecord[]> {
  const records = kept.map(({ envelope, raw }) => {
    if (raw === null) throw new RecordGone(envelope, 'a topic; it was kept of a log: let the follower ask that log');
    return topicRecord(envelope, raw, raw.place, codec);
  });
  await codec.prepare({ records: records.map(({ encoded }) => encoded) }, { signal });
  return records;
}
