import assert from 'node:assert/strict';
import type { PartitionOutcome, PublishOutcome, Publisher, PublishRecord } from '@leftfold/subscriptions';
import type { PublisherScene } from './publisher-conformance.ts';

/** A record as it stands in its partition. */
export interface StoredRecord {
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: { readonly [name: string]: string };
}

/** Tells a record from all others of its partition. */
export const ID = 'x-id';

/** The n-th record of a partition. */
export const published = (topic: string, partition: number, n: number, value = `value ${n}`): PublishRecord => ({
  topic,
  partition,
  key: `key-${n % 3}`,
  value: Buffer.from(value),
  headers: { [ID]: String(n), 'x-partition': String(partition) },
});

/** Records `from` to `to` of a partition. */
export const publishedRun = (
  topic: string,
  partition: number,
  from: number,
  to: number,
  value?: string,
): readonly PublishRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => published(topic, partition, from + i, value));

/** The numbers of what stands in a partition. */
export const idsOf = (stored: readonly StoredRecord[] | undefined): readonly number[] =>
  (stored ?? []).map(({ headers }) => Number(headers[ID]));

/** From `from` to `to`, both included. */
export const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The outcome of one partition; there must be exactly one. */
export function outcomeOf(outcome: PublishOutcome, partition: number, topic?: string): PartitionOutcome {
  const found = outcome.filter((each) => each.partition === partition && (topic ?? each.topic) === each.topic);
  assert.equal(found.length, 1, `outcomes of partition ${partition}`);
  return found[0] as PartitionOutcome;
}

/** Runs `use` with a publisher, and closes it. */
export async function publishing<T>(scene: PublisherScene, use: (publisher: Publisher) => Promise<T>): Promise<T> {
  const publisher = await scene.publisher();
  try {
    return await use(publisher);
  } finally {
    await publisher.close();
  }
}

/** Publishes what must go well at once: nothing is broken. */
export async function allWritten(publisher: Publisher, records: readonly PublishRecord[]): Promise<PublishOutcome> {
  const outcome = await publisher.publish(records);
  for (const each of outcome)
    assert.equal(each.kind, 'written', 'cause' in each ? `${String(each.cause)}` : 'a partition is not written');
  return outcome;
}
