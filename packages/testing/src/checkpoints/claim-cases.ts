import assert from 'node:assert/strict';
import type { Lane } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import type { OpenCheckpoints } from './checkpoints-conformance.ts';
import { cursor, LANE, newFollower, take } from './new-follower.ts';

/** Who owns a lane, and what it finds there. */
export const claimCases = (open: OpenCheckpoints): readonly ConformanceCase[] => [
  {
    title: 'the first claim of a lane stands at the start, with no ledger',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      assert.deepEqual(await checkpoints.list(follower), []);
      const { epoch, ...claim } = await take(checkpoints, follower);
      assert.deepEqual(claim, { follower, lane: LANE, cursor: 'start', ledger: null });
      assert.ok(epoch > 0n);
    },
  },
  {
    title: 'each claim has a higher epoch than all before it, whoever had the lane',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      let last = 0n;
      for (const owner of ['a', 'b', 'b', 'a']) {
        const { epoch } = await take(checkpoints, follower, LANE, owner);
        assert.ok(epoch > last, `${epoch} after ${last}`);
        last = epoch;
      }
    },
  },
  {
    title: 'of many owners that claim at once and respect leases exactly one gets the lane',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          checkpoints.claim(follower, LANE, { owner: `owner ${index}`, leaseMs: 60_000, respectLease: true }),
        ),
      );
      assert.equal(claims.filter((claim) => claim !== undefined).length, 1);
      const winner = claims.findIndex((claim) => claim !== undefined);
      assert.equal((await checkpoints.list(follower))[0]?.owner, `owner ${winner}`);
    },
  },
  {
    title: 'many that claim at once without respect each get an epoch of their own; only the highest can move',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claims = await Promise.all(Array.from({ length: 20 }, () => take(checkpoints, follower)));
      const epochs = claims.map(({ epoch }) => epoch);
      assert.equal(new Set(epochs).size, 20);
      const highest = epochs.reduce((a, b) => (a > b ? a : b));
      for (const claim of claims.filter(({ epoch }) => epoch !== highest)) {
        await assert.rejects(checkpoints.save(claim, { from: 'start', to: cursor(1) }), {
          code: 'LF_LANE_LOST',
          retryable: true,
        });
      }
      for (const claim of claims.filter(({ epoch }) => epoch === highest))
        await checkpoints.save(claim, { from: 'start', to: cursor(1) });
    },
  },
  {
    title: 'followers, versions and lanes are apart from each other',
    run: async () => {
      const checkpoints = await open();
      const [first, other] = [newFollower(1), newFollower(1)];
      const second = { ...first, version: 2 };
      const [a, b] = ['orders/0', 'orders/10'] as Lane[];
      for (const [follower, lane] of [
        [first, a],
        [first, b],
        [second, a],
        [other, a],
      ] as const) {
        const claim = await take(checkpoints, follower, lane);
        await checkpoints.save(claim, {
          from: 'start',
          to: cursor(`${follower.version} ${lane}`),
          ledger: [lane ?? ''],
        });
      }
      const places = async (follower: typeof first) =>
        (await checkpoints.list(follower)).map(({ lane, cursor: at, ledger }) => [lane, at, ledger]);
      assert.deepEqual(await places(first), [
        [a, cursor('1 orders/0'), [a]],
        [b, cursor('1 orders/10'), [b]],
      ]);
      assert.deepEqual(await places(second), [[a, cursor('2 orders/0'), [a]]]);
      assert.deepEqual((await places(other)).length, 1);
    },
  },
  {
    title: 'the list shows each lane’s cursor, epoch, ledger and last owner, by lane',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const lanes = ['2', '10', '1', 'b/0', 'a/0'] as Lane[];
      const claims = await Promise.all(lanes.map((lane) => take(checkpoints, follower, lane, `owner of ${lane}`)));
      const listed = await checkpoints.list(follower);
      assert.deepEqual(
        listed.map(({ lane }) => lane),
        ['1', '10', '2', 'a/0', 'b/0'],
      );
      for (const { lane, epoch } of claims) {
        assert.deepEqual(
          listed.find((one) => one.lane === lane),
          { lane, cursor: 'start', epoch, ledger: null, owner: `owner of ${lane}` },
        );
      }
    },
  },
];
