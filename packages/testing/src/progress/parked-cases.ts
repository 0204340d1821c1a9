import assert from 'node:assert/strict';
import type { StoredEvent } from '@leftfold/core';
import {
  envelopeOf,
  logRecord,
  type Claim,
  type Cursor,
  type FollowerId,
  type NewParked,
} from '@leftfold/subscriptions';
import { cursor, newFollower, take } from '../checkpoints/new-follower.ts';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream } from '../event-store/encoded-events.ts';
import type { ProgressStorage } from './progress-conformance.ts';
import { appendTo, type OpenProgress } from './progress-scene.ts';

const CAUSE = { code: 'LF_FOLD_FAILED', text: 'it threw' };
const keyOf = ({ stream, tenant }: Pick<StoredEvent, 'stream' | 'tenant'>): Pick<NewParked, 'key' | 'tenant'> => ({
  tenant,
  key: `stream/${stream}`,
});

/** A follower's lane, owned, and what is parked of it. */
async function parking({ checkpoints, readModels }: ProgressStorage, follower: FollowerId) {
  const claim: Claim = await take(checkpoints, follower);
  let from: Cursor | 'start' = 'start';
  const next = (): Parameters<ProgressStorage['readModels']['transaction']>[1] => {
    const move = { from, to: cursor(from === 'start' ? 1 : `${from}.`) };
    from = move.to;
    return move;
  };
  return {
    /** @param withheld what is kept is the place alone. */
    park: (events: readonly StoredEvent[], withheld = false): Promise<void> =>
      readModels.transaction(claim, next(), (tx) =>
        tx.parked.park(
          events.map((event, n) => {
            const envelope = envelopeOf(logRecord(event));
            const kept = withheld ? null : { envelope, raw: null };
            return { ...keyOf(event), envelope, kept, ...(n === 0 && { cause: CAUSE }) };
          }),
        ),
      ),
    drain: (event: StoredEvent): Promise<boolean> =>
      readModels.transaction(claim, next(), (tx) => tx.parked.drop(keyOf(event), 2n ** 62n)),
  };
}

/** What is parked of transactions. */
export const parkedCases = (open: OpenProgress): readonly ConformanceCase[] => [
  {
    title:
      'C14 of a transaction of which an event is parked, waits behind one, or is withheld, that is told, of this follower alone',
    run: async () => {
      const storage = await open();
      const { progress } = storage;
      const stream = newStream();
      const [first, behind, withheld, applied] = [
        await appendTo(storage, [stream]),
        await appendTo(storage, [stream, newStream()], 2),
        await appendTo(storage),
        await appendTo(storage),
      ];
      const follower = newFollower();
      const others = [newFollower(), { ...follower, version: 2 }];
      const lane = await parking(storage, follower);
      await lane.park(first.events);
      await lane.park(behind.events.slice(1, 2));
      await lane.park(withheld.events, true);
      const all = [first, behind, withheld, applied].map(({ transaction }) => transaction.transaction);
      const told = async (of: FollowerId): Promise<readonly number[]> => {
        const found = await progress.parked(of, all);
        return all.flatMap((id, n) => (found.has(id) ? [n] : []));
      };
      const isParking = async (): Promise<readonly boolean[]> =>
        (await progress.look({ followers: [follower, ...others], transactions: [] })).followers.map(
          (one) => one.isParking,
        );
      assert.deepEqual(await told(follower), [0, 1, 2]);
      for (const other of others) assert.deepEqual(await told(other), []);
      assert.deepEqual(await isParking(), [true, false, false]);

      await lane.drain(first.events[0] as StoredEvent);
      assert.deepEqual([await told(follower), await isParking()], [[2], [true, false, false]]);
      await lane.drain(withheld.events[0] as StoredEvent);
      assert.deepEqual([await told(follower), await isParking()], [[], [false, false, false]]);
    },
  },
];
