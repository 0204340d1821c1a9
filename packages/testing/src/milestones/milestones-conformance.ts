import assert from 'node:assert/strict';
import {
  newestMilestone,
  oldestMilestone,
  type Checkpoints,
  type Claim,
  type Cursor,
  type FollowerId,
  type Lane,
  type Milestone,
  type Milestones,
  type NewMilestone,
} from '@leftfold/subscriptions';
import { cursor, LANE, newFollower, take } from '../checkpoints/new-follower.ts';
import { conformanceSuite, type ConformanceCase, type ConformanceSuite } from '../conformance-case.ts';

/** What an adapter gives the suite. */
export interface MilestonesHarness {
  /** Of one storage. May be the same for every case: each case has followers of its own. */
  readonly storage: () => StorageOfMilestones | Promise<StorageOfMilestones>;
  /** Makes all milestones of the follower that were written so far this much older. */
  readonly age: (follower: FollowerId, ms: number) => Promise<void>;
}
interface StorageOfMilestones {
  readonly checkpoints: Checkpoints;
  readonly milestones: Milestones;
}

const LOG = '00000000-0000-7000-8000-000000000001';
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** The `n`th milestone of a lane; partition 1 was never told an offset. */
const reached = (n: number, more: Partial<NewMilestone> = {}): NewMilestone => ({
  log: LOG,
  generation: 1,
  cursor: cursor(n),
  partitions: [
    { topic: 'orders.order', partition: 0, next: n, offset: BigInt(n) * 10n },
    { topic: 'orders.order', partition: 4, next: 1, offset: 0n },
  ],
  ...more,
});
const cursors = (milestones: Iterable<Milestone>): readonly Cursor[] => [...milestones].map((each) => each.cursor);

/** Every promise of the port `Milestones`. Use as `eventStoreConformance`. */
export function milestonesConformance({ storage, age }: MilestonesHarness): ConformanceSuite {
  const open = async (): Promise<StorageOfMilestones & { readonly follower: FollowerId; readonly claim: Claim }> => {
    const { checkpoints, milestones } = await storage();
    const follower = newFollower();
    return { checkpoints, milestones, follower, claim: await take(checkpoints, follower) };
  };
  const cases: readonly ConformanceCase[] = [
    {
      title: 'a milestone is read as it was written, with its lane, a number that rises and a time',
      run: async () => {
        const { milestones, claim, follower } = await open();
        assert.deepEqual(await milestones.list(follower, LANE), []);
        const far = reached(2, {
          generation: 3,
          partitions: [{ topic: 'Ö "x"', partition: 15, next: Number.MAX_SAFE_INTEGER, offset: 2n ** 63n - 1n }],
        });
        await milestones.write(claim, reached(1));
        await milestones.write(claim, far);
        const [second, first] = await milestones.list(follower, LANE);
        assert.ok(first && second && second.number > first.number && second.at >= first.at);
        assert.deepEqual(first, { ...reached(1), lane: LANE, number: first.number, at: first.at });
        assert.deepEqual(second, { ...far, lane: LANE, number: second.number, at: second.at });
      },
    },
    {
      title: 'R4 an owner that was succeeded writes no milestone and thins none: LF_LANE_LOST',
      run: async () => {
        const { checkpoints, milestones, claim, follower } = await open();
        await milestones.write(claim, reached(1));
        const successor = await take(checkpoints, follower, LANE, 'successor');
        await assert.rejects(milestones.write(claim, reached(2)), { code: 'LF_LANE_LOST' });
        await assert.rejects(milestones.thin(claim), { code: 'LF_LANE_LOST' });
        await milestones.write(successor, reached(3));
        assert.deepEqual(cursors(await milestones.list(follower, LANE)), [cursor(3), cursor(1)]);
      },
    },
    {
      title: 'the list is of one follower and lane, newest first, in pages',
      run: async () => {
        const { checkpoints, milestones, claim, follower } = await open();
        const other = await take(checkpoints, follower, '10' as Lane);
        const stranger = await take(checkpoints, { ...follower, version: 2 });
        for (let n = 1; n <= 5; n++) {
          await milestones.write(claim, reached(n));
          await milestones.write(other, reached(100 + n));
          await milestones.write(stranger, reached(200 + n));
        }
        const page = await milestones.list(follower, LANE, { limit: 2 });
        assert.deepEqual(cursors(page), [cursor(5), cursor(4)]);
        const below = page.at(-1)?.number ?? 0n;
        assert.deepEqual(cursors(await milestones.list(follower, LANE, { below })), [cursor(3), cursor(2), cursor(1)]);
        assert.deepEqual(cursors(await milestones.list(follower, other.lane, { limit: 1 })), [cursor(105)]);
      },
    },
    {
      title: 'before a time there is the newest of each lane that was written by then',
      run: async () => {
        const { checkpoints, milestones, claim, follower } = await open();
        const other = await take(checkpoints, follower, '1' as Lane);
        await milestones.write(claim, reached(1));
        await milestones.write(other, reached(11));
        await milestones.write(claim, reached(2));
        await age(follower, HOUR);
        const [before] = await milestones.list(follower, LANE);
        await milestones.write(claim, reached(3));
        const [after] = await milestones.list(follower, LANE);
        assert.ok(before && after);
        const at = async (time: Date) =>
          [...(await milestones.before(follower, time))]
            .map(([lane, { cursor: place }]) => [lane, place] as const)
            .toSorted(([a], [b]) => (a < b ? -1 : 1));
        assert.deepEqual(await at(new Date(before.at.getTime() + MINUTE)), [
          [LANE, cursor(2)],
          ['1', cursor(11)],
        ]);
        assert.deepEqual(await at(new Date(after.at.getTime() + 1)), [
          [LANE, cursor(3)],
          ['1', cursor(11)],
        ]);
        assert.deepEqual(await at(new Date(before.at.getTime() - MINUTE)), []);
      },
    },
    {
      title: 'the newest that fits and the oldest that topics still hold are found, however many there are',
      run: async () => {
        const { milestones, claim, follower } = await open();
        for (let n = 1; n <= 150; n++) await milestones.write(claim, reached(n));
        const newest = await newestMilestone(milestones, follower, LANE, ({ cursor: at }) => at === cursor(7));
        assert.equal(newest?.cursor, cursor(7));
        assert.equal(await newestMilestone(milestones, follower, LANE, () => false), undefined);
        // Partition 4 holds everything; of partition 0 all below offset 55 is gone.
        const start = (_: string, partition: number): bigint => (partition === 0 ? 55n : 0n);
        assert.equal((await oldestMilestone(milestones, follower, LANE, start))?.cursor, cursor(6));
        assert.equal(await oldestMilestone(milestones, follower, LANE, () => 10_000n), undefined);
        await milestones.write(claim, reached(151, { log: '00000000-0000-7000-8000-000000000002' }));
        assert.equal((await oldestMilestone(milestones, follower, LANE, () => 0n))?.cursor, cursor(151));
      },
    },
    {
      title:
        'thinned, the last hour stays whole; of what is older a minute keeps its first; no lane but the claim’s is touched',
      run: async () => {
        const { checkpoints, milestones, claim, follower } = await open();
        const other = await take(checkpoints, follower, '1' as Lane);
        for (const n of [1, 2, 3, 4, 5]) {
          await milestones.write(claim, reached(n));
          await milestones.write(other, reached(100 + n));
        }
        const kept = async (): Promise<readonly Cursor[]> => {
          await milestones.thin(claim);
          await milestones.thin(claim);
          return cursors(await milestones.list(follower, LANE));
        };
        assert.equal((await kept()).length, 5);
        await age(follower, 2 * HOUR);
        for (const n of [6, 7, 8]) await milestones.write(claim, reached(n));
        const [eighth, seventh, sixth, ...old] = await kept();
        assert.deepEqual([eighth, seventh, sixth, old.at(-1)], [cursor(8), cursor(7), cursor(6), cursor(1)]);
        // A minute may have ended between two of them.
        assert.ok(old.length <= 2, old.join());
        assert.equal((await milestones.list(follower, other.lane)).length, 5);
      },
    },
    {
      title: 'what is older than it shall be kept goes, but never the newest',
      run: async () => {
        const { milestones, claim, follower } = await open();
        for (const n of [1, 2]) await milestones.write(claim, reached(n));
        await age(follower, 3 * HOUR);
        await milestones.write(claim, reached(3));
        await milestones.thin(claim, { keepMs: Infinity });
        assert.ok(cursors(await milestones.list(follower, LANE)).includes(cursor(1)));
        await milestones.thin(claim, { keepMs: 2.5 * HOUR + 0.5 });
        assert.deepEqual(cursors(await milestones.list(follower, LANE)), [cursor(3)]);
        await age(follower, 3 * HOUR);
        await milestones.thin(claim, { keepMs: 2 * HOUR });
        assert.deepEqual(cursors(await milestones.list(follower, LANE)), [cursor(3)]);
        await milestones.write(claim, reached(4));
        await milestones.thin(claim, { keepMs: 2 * HOUR });
        assert.deepEqual(cursors(await milestones.list(follower, LANE)), [cursor(4)]);
      },
    },
    {
      title: 'of the last day a minute keeps one, before that an hour, after a month a day; the newest stays',
      run: async () => {
        const { milestones, claim, follower } = await open();
        // A day and a half, one every ten minutes.
        for (let n = 0; n < 216; n++) {
          await milestones.write(claim, reached(n));
          await age(follower, 10 * MINUTE);
        }
        await milestones.write(claim, reached(216));
        const ages = async (): Promise<readonly number[]> => {
          await milestones.thin(claim);
          const [newest, ...older] = await milestones.list(follower, LANE, { limit: 1_000 });
          return older.map(({ at }) => (newest?.at.getTime() ?? 0) - at.getTime());
        };
        const now = await ages();
        assert.ok(now.filter((ms) => ms < DAY - MINUTE).length >= 142, 'the last day');
        const hourly = now.filter((ms) => ms > DAY + HOUR).length;
        assert.ok(hourly >= 10 && hourly <= 12, String(hourly));
        await age(follower, 40 * DAY);
        await milestones.write(claim, reached(217));
        const daily = await ages();
        assert.ok(daily.length >= 1 && daily.length <= 4, String(daily.length));
      },
    },
  ];
  return conformanceSuite(cases);
}
