import type { PublishRecord } from '@leftfold/subscriptions';

/**
 * Records on their way to a thread: a few things instead of thousands. A structured clone of the records costs the thread four times as much, and takes along
 * the whole pool that a small Buffer lies in (decision 0035).
 */
export interface PackedRecords {
  /** Keys and values of headers, one after the other. */
  readonly text: string;
  /** Values, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each record: topic, partition, names of headers, length of key and of value; then the length of each header's value. */
  readonly marks: Float64Array<ArrayBuffer>;
  readonly topics: readonly string[];
  /** Names of headers, each combination once. */
  readonly names: readonly (readonly string[])[];
}

const MARKS = 5;

/** Packs records in their order. They are not changed, and share no memory with what is answered. */
export function packRecords(records: readonly PublishRecord[]): PackedRecords {
  let text = '';
  let size = 0;
  for (const { value } of records) size += value.byteLength;
  const bytes = new Uint8Array(size);
  const marks: number[] = [];
  const topics: string[] = [];
  const names: (readonly string[])[] = [];
  let at = 0;
  let [topic, topicAt] = ['', -1];
  for (const record of records) {
    const { key, value, headers } = record;
    if (topicAt < 0 || record.topic !== topic) [topic, topicAt] = [record.topic, placeOf(record.topic, topics)];
    const own = Object.keys(headers);
    marks.push(topicAt, record.partition, placeOfNames(own, names), key.length, value.byteLength);
    text += key;
    for (const name of own) {
      const header = headers[name] as string;
      text += header;
      marks.push(header.length);
    }
    bytes.set(value, at);
    at += value.byteLength;
  }
  return { text, bytes, marks: Float64Array.from(marks), topics, names };
}

/** The records as they were; their values are views of one buffer. */
export function unpackRecords({ text, bytes, marks, topics, names }: PackedRecords): readonly PublishRecord[] {
  const records: PublishRecord[] = [];
  let [atText, atByte] = [0, 0];
  const take = (length: number): string => text.slice(atText, (atText += length));
  for (let at = 0; at < marks.length;) {
    const [topicAt, partition, namesAt, keyLength, valueLength] = marks.subarray(at, at + MARKS) as unknown as Mark;
    at += MARKS;
    const key = take(keyLength);
    const headers: Record<string, string> = {};
    for (const name of names[namesAt] as readonly string[]) headers[name] = take(marks[at++] as number);
    const value = bytes.subarray(atByte, (atByte += valueLength));
    records.push({ topic: topics[topicAt] as string, partition, key, value, headers });
  }
  return records;
}

type Mark = readonly [topic: number, partition: number, names: number, key: number, value: number];

/** Buffers that are handed over instead of copied. */
export const transferOf = ({ bytes, marks }: PackedRecords): readonly ArrayBuffer[] => [bytes.buffer, marks.buffer];

function placeOf(topic: string, topics: string[]): number {
  const found = topics.indexOf(topic);
  return found >= 0 ? found : topics.push(topic) - 1;
}

/** Almost always the last one: events of a batch carry the same headers. */
function placeOfNames(own: readonly string[], names: (readonly string[])[]): number {
  const found = names.findLastIndex((one) => one.length === own.length && one.every((name, nth) => name === own[nth]));
  return found >= 0 ? found : names.push(own) - 1;
}
