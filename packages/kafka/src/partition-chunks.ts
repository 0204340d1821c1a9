import type { PublishRecord } from '@leftfold/subscriptions';
import { headerName } from './header-name.ts';
import type { TopicPartition } from './topic-lane.ts';

/** The records of one partition in the order given, cut into what is sent at once. */
export interface PartitionChunks extends TopicPartition {
  readonly chunks: readonly (readonly PublishRecord[])[];
  /** Of the largest single record, with the batch around it. */
  readonly largestBytes: number;
}

/**
 * kafkajs puts all records of a partition into one record batch, and the broker refuses the whole of a batch over its limit: 3.6 MB of small
 * records fail as if one were too large.
 */
export const CHUNK_BYTES = 900_000;

/** Of a record batch without records (format 2). */
const BATCH_BYTES = 61;

/** Groups by partition, in order of first appearance; within a partition the order stays. A record over `chunkBytes` is alone in its chunk. */
export function partitionChunks(
  records: readonly PublishRecord[],
  chunkBytes: number = CHUNK_BYTES,
): readonly PartitionChunks[] {
  const groups = new Map<
    string,
    { readonly chunks: PublishRecord[][]; filledBytes: number; largestBytes: number } & TopicPartition
  >();
  for (const record of records) {
    const { topic, partition } = record;
    const id = `${topic}/${partition}`;
    let group = groups.get(id);
    if (group === undefined)
      groups.set(id, (group = { topic, partition, chunks: [[]], filledBytes: BATCH_BYTES, largestBytes: 0 }));
    const bytes = recordBytes(record);
    if (group.filledBytes + bytes > chunkBytes) {
      // There is a chunk from the start, whatever the limit is: a record that stood in none would count as written.
      if (group.filledBytes > BATCH_BYTES) group.chunks.push([]);
      group.filledBytes = BATCH_BYTES;
    }
    group.chunks.at(-1)?.push(record);
    group.filledBytes += bytes;
    group.largestBytes = Math.max(group.largestBytes, BATCH_BYTES + bytes);
  }
  return [...groups.values()];
}

/** What a record takes in a batch of format 2, uncompressed, to within the 8 bytes its place in the batch may cost. */
export function recordBytes({ key, value, headers }: PublishRecord): number {
  let bytes = 1 + 5 + 3 + sized(Buffer.byteLength(key)) + sized(value.byteLength);
  let count = 0;
  for (const name in headers) {
    count++;
    bytes += sized(headerName(name).length) + sized(Buffer.byteLength(headers[name] ?? ''));
  }
  bytes += varintBytes(count);
  return sized(bytes);
}

function sized(bytes: number): number {
  return varintBytes(bytes) + bytes;
}

/** Zigzag: one bit is the sign. */
function varintBytes(value: number): number {
  return value < 64 ? 1 : value < 8_192 ? 2 : value < 1_048_576 ? 3 : value < 134_217_728 ? 4 : 5;
}
