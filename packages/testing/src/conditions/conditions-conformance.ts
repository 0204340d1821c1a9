import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { EventId, StreamId, StreamVersion } from '@leftfold/core';
import type { Checkpoints, Conditions, Lane, LaneCondition } from '@leftfold/subscriptions';
import { newFollower } from '../checkpoints/new-follower.ts';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceSuite } from '../conformance-case.ts';

/** What an adapter gives the suite: both of one storage. */
export interface ConditionsHarness {
  readonly conditions: Conditions;
  readonly checkpoints: Checkpoints;
}

const [A, B] = ['a', 'B'] as [Lane, Lane];
const waiting: Omit<LaneCondition, 'notedAt'> = {
  lane: A,
  state: 'waiting',
  code: 'LF_NEWER_EVENT',
  event: {
    id: uuidV7() as EventId,
    type: 'shop.order.placed',
    stream: 'shop.order-é🙂"' as StreamId,
    streamVersion: (2n ** 60n) as StreamVersion,
  },
  since: new Date('2026-01-02T03:04:05.678Z'),
  failures: 3,
  owner: 'host:1:abc',
};
const plain = ({ notedAt: _, ...condition }: LaneCondition): Omit<LaneCondition, 'notedAt'> => condition;

/** Every promise of the port `Conditions`. The storage may be the same for every case: each has followers of its own. Use as `eventStoreConformance`. */
export function conditionsConformance(open: () => ConditionsHarness | Promise<ConditionsHarness>): ConformanceSuite {
  const opened = async (): Promise<ConditionsHarness> => open();
  return conformanceSuite([
    {
      title: 'what was noted of a lane last is what is told of it, as it was said, by lane; what is cleared is gone',
      run: async () => {
        const { conditions } = await opened();
        const [follower, other] = [newFollower(), newFollower()];
        const { since, failures, owner } = waiting;
        const retrying = { lane: B, state: 'retrying' as const, code: 'other', since, failures, owner };
        await conditions.note(follower, [waiting, retrying]);
        await conditions.note(other, [retrying]);
        const [of, ofOther] = await conditions.of([follower, other]);
        assert.deepEqual(of?.lanes.map(plain), [retrying, waiting]);
        assert.deepEqual(ofOther?.lanes.map(plain), [retrying]);
        const stopped = { ...retrying, lane: A, state: 'stopped' as const, code: 'LF_GAP', owner: 'another' };
        await conditions.note(follower, [stopped]);
        await conditions.clear(follower, [B, 'c' as Lane], waiting.owner);
        assert.deepEqual((await conditions.of([follower]))[0]?.lanes.map(plain), [stopped]);
        assert.deepEqual((await conditions.of([other]))[0]?.lanes.map(plain), [retrying]);
        await conditions.clear(follower, [A], 'another');
        assert.deepEqual(await conditions.of([follower]), [{ members: [], lanes: [] }]);
      },
    },
    {
      title: 'of each follower it is told which processes run it, in the order asked; of one that nobody knows none',
      run: async () => {
        const { conditions, checkpoints } = await opened();
        const [first, second] = [newFollower(), newFollower()];
        const renewal = { leaseMs: 300_000, lanes: [], claims: [] };
        await checkpoints.renew(
          ['b', 'a']
            .map((owner) => ({ ...renewal, follower: first, owner }))
            .concat([{ ...renewal, follower: second, owner: 'c' }]),
        );
        const members = async () => (await conditions.of([second, newFollower(), first])).map((one) => one.members);
        assert.deepEqual(await members(), [['c'], [], ['a', 'b']]);
        await checkpoints.leave([{ follower: first, owner: 'a' }]);
        assert.deepEqual(await members(), [['c'], [], ['b']]);
        assert.deepEqual(await conditions.of([]), []);
      },
    },
    {
      title:
        'of a lane that another living process has claimed since nobody else says anything; when that one is gone anybody may',
      run: async () => {
        const { conditions, checkpoints } = await opened();
        const follower = newFollower();
        const told = async () => (await conditions.of([follower]))[0]?.lanes.map(({ state, owner }) => [state, owner]);
        const say = (owner: string, state: LaneCondition['state']): Promise<void> =>
          conditions.note(follower, [{ ...waiting, owner, state }]);
        const claimed = (owner: string) =>
          checkpoints.claim(follower, A, { owner, leaseMs: 300_000, respectLease: false });
        const renewal = { follower, leaseMs: 300_000, lanes: [], claims: [] };
        await checkpoints.renew([
          { ...renewal, owner: 'old' },
          { ...renewal, owner: 'new' },
        ]);
        await claimed('old');
        await say('old', 'waiting');
        await claimed('new');
        assert.deepEqual(await told(), [['waiting', 'old']], 'it stands until the new owner says something');
        await say('new', 'stopped');
        await say('old', 'waiting');
        await conditions.clear(follower, [A], 'old');
        assert.deepEqual(await told(), [['stopped', 'new']]);
        await conditions.clear(follower, [A], 'new');
        await say('old', 'waiting');
        assert.deepEqual(await told(), []);
        await checkpoints.leave([{ follower, owner: 'new' }]);
        await say('old', 'waiting');
        assert.deepEqual(await told(), [['waiting', 'old']]);
      },
    },
    {
      title: 'nothing to note and nothing to clear are nothing',
      run: async () => {
        const { conditions } = await opened();
        const follower = newFollower();
        await conditions.note(follower, []);
        await conditions.clear(follower, [], 'a');
        assert.deepEqual(await conditions.of([follower]), [{ members: [], lanes: [] }]);
      },
    },
  ]);
}
