import assert from 'node:assert/strict';
import type { Json } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import type { OpenCheckpoints } from './checkpoints-conformance.ts';
import { cursor, LANE, newFollower, take } from './new-follower.ts';

/** Compare-and-set on the cursor and the epoch. */
export const moveCases = (open: OpenCheckpoints): readonly ConformanceCase[] => [
  {
    title: 'a save moves the cursor, and the ledger if one is given; the next claim finds both',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      await checkpoints.save(claim, { from: 'start', to: cursor(1), ledger: { a: 1 } });
      await checkpoints.save(claim, { from: cursor(1), to: cursor(2) });
      const [saved] = await checkpoints.list(follower);
      assert.deepEqual([saved?.cursor, saved?.ledger], [cursor(2), { a: 1 }]);
      await checkpoints.save(claim, { from: cursor(2), to: cursor(2), ledger: { a: 2 } });
      const next = await take(checkpoints, follower);
      assert.deepEqual([next.cursor, next.ledger], [cursor(2), { a: 2 }]);
    },
  },
  {
    title: 'C1 a save from another cursor than the saved one is LF_LANE_LOST and writes nothing',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      await checkpoints.save(claim, { from: 'start', to: cursor(1), ledger: 'as it was' });
      const before = await checkpoints.list(follower);
      for (const from of ['start', cursor(2)] as const) {
        await assert.rejects(checkpoints.save(claim, { from, to: cursor(3), ledger: 'changed' }), {
          code: 'LF_LANE_LOST',
          retryable: true,
        });
      }
      assert.deepEqual(await checkpoints.list(follower), before);
    },
  },
  {
    title: 'R4 a save of an old owner is LF_LANE_LOST and writes nothing, though its cursor is the saved one',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const old = await take(checkpoints, follower, LANE, 'same name');
      await take(checkpoints, follower, LANE, 'same name');
      const before = await checkpoints.list(follower);
      await assert.rejects(checkpoints.save(old, { from: 'start', to: cursor(1), ledger: 1 }), {
        code: 'LF_LANE_LOST',
        retryable: true,
      });
      assert.deepEqual(await checkpoints.list(follower), before);
    },
  },
  {
    title: 'a save of a lane that nobody has claimed is LF_LANE_LOST',
    run: async () => {
      const checkpoints = await open();
      const claim = { follower: newFollower(), lane: LANE, epoch: 1n, cursor: 'start' as const, ledger: null };
      await assert.rejects(checkpoints.save(claim, { from: 'start', to: cursor(1) }), { code: 'LF_LANE_LOST' });
    },
  },
  {
    title: 'of many saves from one cursor at once exactly one moves it',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      const saves = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          checkpoints.save(claim, { from: 'start', to: cursor(index), ledger: index }),
        ),
      );
      const winners = saves.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      assert.equal(winners.length, 1);
      const [saved] = await checkpoints.list(follower);
      assert.deepEqual([saved?.cursor, saved?.ledger], [cursor(winners[0] ?? -1), winners[0]]);
    },
  },
  {
    title: 'ledgers and cursors come back as they went in',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      const ledgers: readonly Json[] = [
        { topics: { 'orders.order': [1, 2, 9007199254740991] }, 'odd "key" \\ é🙂': [null, true, -0.5, ''] },
        Array.from({ length: 2000 }, (_, index) => ({ partition: index, sequence: String(index) })),
        null,
        'text',
        0,
      ];
      let from: ReturnType<typeof cursor> | 'start' = 'start';
      for (const [index, ledger] of ledgers.entries()) {
        const to = cursor(`${index} "'\\ é🙂 ${'x'.repeat(5000)}`);
        await checkpoints.save(claim, { from, to, ledger });
        const [saved] = await checkpoints.list(follower);
        assert.deepEqual([saved?.cursor, saved?.ledger], [to, ledger]);
        from = to;
      }
    },
  },
  {
    title: 'what is done to a ledger afterwards reaches nobody',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      const ledger = { sequences: [1] };
      await checkpoints.save(claim, { from: 'start', to: cursor(1), ledger });
      ledger.sequences.push(2);
      const found = await take(checkpoints, follower);
      (found.ledger as { sequences: number[] }).sequences.push(3);
      assert.deepEqual((await checkpoints.list(follower))[0]?.ledger, { sequences: [1] });
    },
  },
];
