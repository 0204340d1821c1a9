import { t } from '@leftfold/core';
import { projection, type RowOf } from '@leftfold/subscriptions';
import { ledgerOf } from './ledger.ts';
import { bucketOf, CHAIN_BEGINS, chained, delivered, ordered, type Counted } from './events.ts';

/** What feeds a set of models: each is a set of its own, so that they can be held against each other and against the log. */
export const FEEDS = ['log', 'kafkajs', 'platformatic'] as const;
export type Feed = (typeof FEEDS)[number];

const row = { id: t.string(), events: t.int(), amount: t.integer(), chain: t.long() };

/** The models of one feed. @param isMended whether the code can apply bad events */
export function modelsOf(feed: Feed, isMended: boolean) {
  const examine = ({ isBad, n }: Counted): void => {
    if (isBad && !isMended) throw new Error(`no model can apply ${n}`);
  };
  /** A row for each stream: what is applied twice, skipped or out of turn shows in its chain. */
  const tallies = projection(`tallies-by-${feed}`, { version: 1, key: 'id', row }).upsert(
    ordered,
    (before, { data, stream }) => {
      examine(data);
      return {
        id: stream.key,
        events: (before?.events ?? 0) + 1,
        amount: (before?.amount ?? 0) + data.amount,
        chain: BigInt(chained(Number(before?.chain ?? CHAIN_BEGINS), data)),
      };
    },
  );
  /** Rows that many streams feed, hot ones. */
  const bucket = { id: t.string(), events: t.int(), amount: t.integer() };
  type Bucket = RowOf<typeof bucket>;
  const add = (before: Bucket | undefined, { data, stream }: { data: Counted; stream: { key: string } }): Bucket => {
    examine(data);
    return {
      id: bucketOf(data, stream.key),
      events: (before?.events ?? 0) + 1,
      amount: (before?.amount ?? 0) + data.amount,
    };
  };
  const buckets = projection(`buckets-by-${feed}`, { version: 1, key: 'id', row: bucket, order: 'any' })
    .upsert(ordered, { by: ({ data, stream }) => bucketOf(data, stream.key) }, add)
    .upsert(delivered, { by: ({ data, stream }) => bucketOf(data, stream.key) }, add);
  return { tallies, buckets, ledger: ledgerOf(feed, isMended) };
}
