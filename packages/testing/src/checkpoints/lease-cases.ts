import assert from 'node:assert/strict';
import type { Checkpoints, Claim, FollowerId, Lane, Standing } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { eventually } from '../eventually.ts';
import type { OpenCheckpoints } from './checkpoints-conformance.ts';
import { cursor, LANE, newFollower, take } from './new-follower.ts';

const SECOND_MS = 1_000;

/** Leases. Nothing rests on them but who works; where one lapses, the cases wait for that state. */
export const leaseCases = (open: OpenCheckpoints, passSecond: () => Promise<void>): readonly ConformanceCase[] => [
  {
    title: 'a lane whose lease runs is refused to another owner who respects it, and nothing changes',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower, LANE, 'first');
      const before = await checkpoints.list(follower);
      assert.equal(await respectfully(checkpoints, follower, 'second'), undefined);
      assert.deepEqual(await checkpoints.list(follower), before);
      await checkpoints.save(claim, { from: 'start', to: cursor(1) });
    },
  },
  {
    title: 'the owner itself claims again at once, with a higher epoch',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const { epoch } = await take(checkpoints, follower, LANE, 'first');
      const again = await respectfully(checkpoints, follower, 'first');
      assert.ok(again && again.epoch > epoch);
    },
  },
  {
    title: 'without respect a lane is taken whatever its lease says',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const first = await take(checkpoints, follower, LANE, 'first');
      const second = await take(checkpoints, follower, LANE, 'second');
      assert.ok(second.epoch > first.epoch);
      await assert.rejects(checkpoints.save(first, { from: 'start', to: cursor(1) }), { code: 'LF_LANE_LOST' });
    },
  },
  {
    title: 'when its lease has lapsed a lane goes to the next, at the saved cursor',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await checkpoints.claim(follower, LANE, { owner: 'first', leaseMs: SECOND_MS, respectLease: true });
      assert.ok(claim);
      await checkpoints.save(claim, { from: 'start', to: cursor(1), ledger: { sequences: [1] } });
      await passSecond();
      const next = await eventually(async () => (await respectfully(checkpoints, follower, 'second')) ?? false);
      assert.ok(next.epoch > claim.epoch);
      assert.deepEqual([next.cursor, next.ledger], [cursor(1), { sequences: [1] }]);
    },
  },
  {
    title: 'a renewed lease outlives one that is not renewed',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const [kept, left] = ['kept', 'left'] as Lane[];
      const claims = await Promise.all(
        [kept, left].map((lane) =>
          checkpoints.claim(follower, lane as Lane, { owner: 'first', leaseMs: SECOND_MS, respectLease: true }),
        ),
      );
      assert.deepEqual(await renewed(checkpoints, 'first', [claims[0] as Claim]), [kept]);
      await passSecond();
      await eventually(async () => (await respectfully(checkpoints, follower, 'second', left)) ?? false);
      assert.equal(await respectfully(checkpoints, follower, 'second', kept), undefined);
      await checkpoints.save(claims[0] as Claim, { from: 'start', to: cursor(1) });
    },
  },
  {
    title: 'renewing names the lanes that are still ours, and leaves the others to their owners',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const lanes = ['0', '1', '2'] as Lane[];
      const ours = await Promise.all(lanes.map((lane) => take(checkpoints, follower, lane, 'first')));
      const theirs = await take(checkpoints, follower, '1' as Lane, 'second');
      assert.deepEqual(await renewed(checkpoints, 'first', ours), ['0', '2']);
      assert.deepEqual(await renewed(checkpoints, 'second', [theirs]), ['1']);
      assert.deepEqual(
        (await checkpoints.list(follower)).map(({ owner }) => owner),
        ['first', 'second', 'first'],
      );
    },
  },
  {
    title: 'a released lane goes to the next at once, at the saved cursor; an old owner’s release does nothing',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const first = await take(checkpoints, follower, LANE, 'first');
      await checkpoints.save(first, { from: 'start', to: cursor(1) });
      await checkpoints.release(first);
      const second = await respectfully(checkpoints, follower, 'second');
      assert.equal(second?.cursor, cursor(1));
      await checkpoints.release(first);
      assert.equal(await respectfully(checkpoints, follower, 'third'), undefined);
    },
  },
  {
    title: 'a lease of less than a second or more than five minutes is LF_LEASE_INVALID',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const claim = await take(checkpoints, follower);
      for (const leaseMs of [0, 999, 300_001, Number.NaN]) {
        const options = { owner: 'first', leaseMs, respectLease: false };
        await assert.rejects(checkpoints.claim(follower, LANE, options), { code: 'LF_LEASE_INVALID' });
        const renewal = { follower, owner: 'first', leaseMs, lanes: [], claims: [claim] };
        await assert.rejects(checkpoints.renew([renewal]), { code: 'LF_LEASE_INVALID' });
      }
    },
  },
];

const respectfully = (
  checkpoints: Checkpoints,
  follower: FollowerId,
  owner: string,
  lane: Lane = LANE,
): Promise<Claim | undefined> => checkpoints.claim(follower, lane, { owner, leaseMs: 60_000, respectLease: true });

/** The lanes of one follower that are still the owner's. */
async function renewed(checkpoints: Checkpoints, owner: string, claims: readonly Claim[]): Promise<readonly Lane[]> {
  const { follower } = claims[0] as Claim;
  const [standing] = await checkpoints.renew([{ follower, owner, leaseMs: 60_000, lanes: [], claims }]);
  return (standing as Standing).ours;
}
