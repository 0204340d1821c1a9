import type { Batch, Cursor, Lane, Reader } from '@leftfold/subscriptions';
import { jsonCodec } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { relayed } from '../test/relayed-records.ts';
import { endCursor } from './cursor.ts';
import type { FetchedRecord } from './fetched-batch.ts';
import { LaneRun } from './lane-run.ts';

const AT = { topic: 'tests.noted', partition: 0 };
const LANE = 'tests.noted/0' as Lane;

/** A lane whose client fetches all that is there at once. */
async function batchesOf(count: number, until: Map<Lane, Cursor>, onBatch: (batch: Batch) => void = () => {}) {
  const records = Array.from({ length: count }, (_, i): FetchedRecord => {
    const { key, value, headers } = relayed(AT.topic, 0, i + 1);
    return { key, value, headers, offset: BigInt(i) };
  });
  const batches: Batch[] = [];
  const reader: Reader = {
    name: 'test',
    until,
    from: async () => 'start',
    handle: async (batch) => {
      batches.push(batch);
      onBatch(batch);
    },
    faulted: (_lane, error) => {
      throw error;
    },
  };
  const feed = {
    next: async (offset: bigint) => ({ ...AT, records: records.slice(Number(offset)), nextOffset: BigInt(count) }),
    done: () => {},
    stop: () => {},
  };
  const watermarks = { of: async () => new Map([[0, { low: 0n, high: BigInt(count) }]]) };
  const run = new LaneRun(AT, { reader, watermarks, codec: jsonCodec(), onSeen: () => {} }, feed);
  expect(await run.run()).toBe(true);
  return batches;
}

test('however much a client has fetched, a batch holds at most a thousand events; they join, and end at the end', async () => {
  const batches = await batchesOf(2_500, new Map([[LANE, endCursor(2_300n)]]));
  expect(batches.map(({ records }) => records.length)).toEqual([1_000, 1_000, 300]);
  expect(batches.map(({ from }) => from)).toEqual(['start', ...batches.slice(0, -1).map(({ to }) => to)]);
});
test('an end that is moved on while its lane is read is read on to', async () => {
  const until = new Map([[LANE, endCursor(10n)]]);
  const batches = await batchesOf(100, until, () => until.set(LANE, endCursor(25n)));
  expect(batches.map(({ records }) => records.length)).toEqual([10, 15]);
});
