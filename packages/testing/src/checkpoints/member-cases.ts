import assert from 'node:assert/strict';
import type { Checkpoints, FollowerId, Lane, Renewal, Standing } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { eventually } from '../eventually.ts';
import type { OpenCheckpoints } from './checkpoints-conformance.ts';
import { cursor, newFollower, take } from './new-follower.ts';

const LANES = ['0', '1', '2'] as Lane[];

/** Which processes are there, and what each is told of the others: what a fair share of the lanes is reckoned from. */
export const memberCases = (open: OpenCheckpoints, passSecond: () => Promise<void>): readonly ConformanceCase[] => [
  {
    title: 'who renews is a member with its lanes; who leaves is none at once; what it has claimed stays its own',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      assert.deepEqual(names(await renew(checkpoints, follower, 'b', { lanes: LANES })), ['b']);
      const both = await renew(checkpoints, follower, 'a', { lanes: ['2'] as Lane[] });
      assert.deepEqual(
        both.members.map(({ owner, lanes }) => [owner, lanes]),
        [
          ['a', ['2']],
          ['b', LANES],
        ],
      );
      for (const { endsInMs } of both.members) assert.ok(endsInMs > 0 && endsInMs <= 60_000, String(endsInMs));
      const claim = await take(checkpoints, follower, '0' as Lane, 'b');
      await checkpoints.leave([{ follower, owner: 'b' }]);
      await checkpoints.leave([{ follower, owner: 'nobody' }]);
      await checkpoints.leave([]);
      assert.deepEqual(names(await renew(checkpoints, follower, 'a')), ['a']);
      await checkpoints.save(claim, { from: 'start', to: cursor(1) });
      // What it would take may change.
      assert.deepEqual((await renew(checkpoints, follower, 'a', { lanes: LANES })).members[0]?.lanes, LANES);
    },
  },
  {
    title: 'who does not renew is no member once its lease has ended, and is one again when it renews',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      await renew(checkpoints, follower, 'dies', { leaseMs: 1_000 });
      await renew(checkpoints, follower, 'lives');
      await passSecond();
      await eventually(async () => names(await renew(checkpoints, follower, 'lives')).join() === 'lives');
      assert.deepEqual(names(await renew(checkpoints, follower, 'dies', { leaseMs: 1_000 })), ['dies', 'lives']);
    },
  },
  {
    title: 'one renewal speaks for several followers, which have nothing to do with each other',
    run: async () => {
      const checkpoints = await open();
      const [first, second] = [newFollower(), newFollower()];
      await renew(checkpoints, first, 'other');
      const claims = [
        await take(checkpoints, first, '0' as Lane, 'me'),
        await take(checkpoints, second, '1' as Lane, 'me'),
      ];
      const standings = await checkpoints.renew(
        [first, second].map((follower, i) => ({
          follower,
          owner: 'me',
          leaseMs: 60_000,
          lanes: LANES,
          claims: claims.filter((_, n) => n === i),
        })),
      );
      assert.deepEqual(standings.map(names), [['me', 'other'], ['me']]);
      assert.deepEqual(
        standings.map(({ ours }) => ours),
        [['0'], ['1']],
      );
      assert.deepEqual(standings.map(held), [['0 me'], ['1 me']]);
      assert.deepEqual(await checkpoints.renew([]), []);
    },
  },
  {
    title: 'a renewal says which lanes have a running lease, and whose',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const mine = await take(checkpoints, follower, '0' as Lane, 'me');
      await take(checkpoints, follower, '2' as Lane, 'other');
      const back = await take(checkpoints, follower, '1' as Lane, 'other');
      const standing = await renew(checkpoints, follower, 'me', { claims: [mine], leaseMs: 300_000 });
      assert.deepEqual(held(standing), ['0 me', '1 other', '2 other']);
      const [ends = 0, othersEnd = 0] = standing.held.map(({ endsInMs }) => endsInMs);
      assert.ok(ends > 60_000 && ends <= 300_000, 'it shows the lease as renewed');
      assert.ok(othersEnd > 0 && othersEnd <= 60_000);
      await checkpoints.release(back);
      await checkpoints.claim(follower, '1' as Lane, { owner: 'third', leaseMs: 1_000, respectLease: true });
      assert.deepEqual(held(await renew(checkpoints, follower, 'me')), ['0 me', '1 third', '2 other']);
      await passSecond();
      await eventually(async () => held(await renew(checkpoints, follower, 'me')).join() === '0 me,2 other');
    },
  },
  {
    title: 'R4 a renewal of an old owner extends nothing of its successor’s, and shows whose the lane is now',
    run: async () => {
      const checkpoints = await open();
      const follower = newFollower();
      const old = await take(checkpoints, follower, '0' as Lane, 'old');
      await checkpoints.claim(follower, '0' as Lane, { owner: 'successor', leaseMs: 1_000, respectLease: false });
      const standing = await renew(checkpoints, follower, 'old', { claims: [old], leaseMs: 300_000 });
      assert.deepEqual([standing.ours, held(standing)], [[], ['0 successor']]);
      assert.ok((standing.held[0]?.endsInMs ?? Infinity) <= 1_000);
    },
  },
  {
    title: 'many processes that renew at once, each for many followers, are all there afterwards',
    run: async () => {
      const checkpoints = await open();
      const followers = Array.from({ length: 4 }, () => newFollower());
      const owners = Array.from({ length: 8 }, (_, i) => `owner ${i}`);
      const all = (owner: string, order: readonly FollowerId[]) =>
        checkpoints.renew(order.map((follower) => ({ follower, owner, leaseMs: 60_000, lanes: LANES, claims: [] })));
      for (let round = 0; round < 3; round++)
        await Promise.all(owners.map((owner, i) => all(owner, i % 2 === 0 ? followers : followers.toReversed())));
      for (const follower of followers) assert.deepEqual(names(await renew(checkpoints, follower, 'owner 0')), owners);
      await Promise.all(owners.map((owner) => checkpoints.leave(followers.map((follower) => ({ follower, owner })))));
      for (const follower of followers) assert.deepEqual(names(await renew(checkpoints, follower, 'x')), ['x']);
    },
  },
];

async function renew(
  checkpoints: Checkpoints,
  follower: FollowerId,
  owner: string,
  more: Partial<Renewal> = {},
): Promise<Standing> {
  const [standing] = await checkpoints.renew([{ follower, owner, leaseMs: 60_000, lanes: [], claims: [], ...more }]);
  if (standing === undefined) throw new Error('a renewal was not answered');
  return standing;
}
const names = ({ members }: Standing): readonly string[] => members.map(({ owner }) => owner);
const held = (standing: Standing): readonly string[] => standing.held.map(({ lane, owner }) => `${lane} ${owner}`);
