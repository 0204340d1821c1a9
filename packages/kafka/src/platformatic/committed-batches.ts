import type { RecordsBatch } from '@platformatic/kafka';

/** A batch that belongs to a transaction. */
const IS_TRANSACTIONAL = 0x10;
/** A batch of markers that end a transaction, no records. */
const IS_CONTROL = 0x20;

/** The part of a batch that says where it belongs. */
export type BatchFrame = Pick<RecordsBatch, 'firstOffset' | 'lastOffsetDelta' | 'attributes' | 'producerId'>;
/** A transaction that was rolled back and has something in an answer. */
export interface RolledBack {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/**
 * Those that hold records, in their order, and that were not rolled back. The package leaves out some by itself, but not where the answer ends before the
 * transaction does, where one producer has rolled back twice, or where another partition of the answer failed: brokers send it all, and a list of what is void.
 *
 * Source: `read_committed` of Kafka's own consumer (KIP-98).
 */
export function* committedBatches<B extends BatchFrame>(
  batches: readonly B[],
  rolledBack: readonly RolledBack[],
): Generator<B> {
  const toCome = rolledBack.toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  const isVoid = new Set<bigint>();
  for (const batch of batches) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let next = toCome[0]; next !== undefined && next.firstOffset <= last; next = toCome[0]) {
      isVoid.add(next.producerId);
      toCome.shift();
    }
    if ((batch.attributes & IS_CONTROL) !== 0) isVoid.delete(batch.producerId);
    else if ((batch.attributes & IS_TRANSACTIONAL) === 0 || !isVoid.has(batch.producerId)) yield batch;
  }
}
