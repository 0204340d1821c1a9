import assert from 'node:assert/strict';
import type { Lane, WrittenEvent } from '@leftfold/subscriptions';
import { cursor, LANE, newFollower, take } from '../checkpoints/new-follower.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream, thingHappened } from '../event-store/encoded-events.ts';
import { appendTo, hashOf, lookAt, type OpenProgress } from './progress-scene.ts';

/** What a look finds. */
export const lookCases = (open: OpenProgress): readonly ConformanceCase[] => [
  {
    title: 'of each follower all lanes are told as they stand, in the order asked; of one that nobody knows none',
    run: async () => {
      const { progress, checkpoints } = await open();
      const [first, second] = [newFollower(), newFollower(2)];
      for (const lane of ['b', 'a', LANE] as Lane[]) {
        const claim = await take(checkpoints, first, lane, 'somebody');
        if (lane !== 'b') await checkpoints.save(claim, { from: 'start', to: cursor(lane), ledger: { of: lane } });
      }
      await take(checkpoints, second);
      const nobody = { ...first, version: 2 };
      const { followers } = await progress.look({ followers: [second, nobody, first], transactions: [] });
      assert.deepEqual(
        followers.map(({ id, isParking }) => [id, isParking]),
        [second, nobody, first].map((id) => [id, false]),
      );
      assert.deepEqual(
        followers.map(({ lanes }) => lanes),
        [await checkpoints.list(second), [], await checkpoints.list(first)],
      );
      assert.equal(followers[2]?.lanes.length, 3);
    },
  },
  {
    title: 'what a transaction wrote is told, each kind once, of public and of private streams',
    run: async () => {
      const storage = await open();
      const streams = [newStream(), newStream('conformance.unpublished')];
      const { transaction, events } = await appendTo(storage, streams, 3);
      const found = (await lookAt(storage, transaction.transaction)).transactions.get(transaction.transaction);
      const byHash = (a: WrittenEvent, b: WrittenEvent): number => a.hash - b.hash;
      const expected = streams.map((stream): WrittenEvent => ({
        type: thingHappened.type,
        hash: hashOf(stream),
        topic: events.find((event) => event.stream === stream.id)?.topic ?? null,
      }));
      assert.deepEqual(found?.events?.toSorted(byHash), expected.toSorted(byHash));
      assert.equal(found?.isOver, true);
    },
  },
  {
    title: 'each transaction is told of by itself, and of no other; one that the log has not given out is not told of',
    run: async () => {
      const storage = await open();
      const [one, other] = [await appendTo(storage), await appendTo(storage)];
      const ids = [one, other].map(({ transaction }) => transaction.transaction) as [bigint, bigint];
      const { log, next } = await lookAt(storage);
      assert.deepEqual(log, await storage.log.identity());
      assert.ok(ids.every((id) => id < next));
      const nobodys = next + 1_000_000n;
      const { transactions } = await lookAt(storage, ids[1], nobodys, ids[0]);
      assert.deepEqual(new Set(transactions.keys()), new Set(ids));
      for (const { transaction, streams } of [one, other])
        assert.deepEqual(
          transactions.get(transaction.transaction)?.events?.map(({ hash }) => hash),
          streams.map(hashOf),
        );
    },
  },
  {
    title: 'nothing to look at is nothing',
    run: async () => {
      const storage = await open();
      const { followers, transactions } = await lookAt(storage);
      assert.deepEqual([followers, transactions.size], [[], 0]);
      assert.equal((await storage.progress.parked(newFollower(), [])).size, 0);
    },
  },
];
