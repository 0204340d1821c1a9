import assert from 'node:assert/strict';
import type { Cursor, Lane } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream } from '../event-store/encoded-events.ts';
import { appendTo, hashOf, type Appended, type OpenProgress } from './progress-scene.ts';
import type { ProgressStorage } from './progress-conformance.ts';

const LANES = 4;

/** The lane beyond what was appended, of its first stream. */
async function beyond(
  { progress, log }: ProgressStorage,
  places: ReadonlyMap<Lane, Cursor | 'start'>,
  { transaction: { transaction }, streams: [stream] }: Appended,
): Promise<Lane | undefined> {
  if (stream === undefined) throw new Error('something was appended');
  return progress.laneBeyond(places, { log: await log.identity(), transaction, hash: hashOf(stream) });
}

/** When a place is beyond a transaction. */
export const beyondCases = (open: OpenProgress): readonly ConformanceCase[] => [
  {
    title: 'C14 a place is beyond a transaction when all of it was dealt with there, and never before',
    run: async () => {
      const storage = await open();
      const before = await storage.log.head();
      const first = await appendTo(storage);
      const between = await storage.log.head();
      const second = await appendTo(storage, [newStream(), newStream()], 5);
      const after = await storage.log.head();
      const [lane] = [...after.keys()];
      const asked = [before, between, after].map(async (places) => [
        await beyond(storage, places, first),
        await beyond(storage, places, second),
      ]);
      assert.deepEqual(await Promise.all(asked), [
        [undefined, undefined],
        [lane, undefined],
        [lane, lane],
      ]);
      assert.equal(await beyond(storage, new Map([[lane as Lane, 'start']]), first), undefined);
      assert.equal(await beyond(storage, new Map(), first), undefined);
    },
  },
  {
    title: 'L16 a place of another log, or of another generation, is beyond nothing',
    run: async () => {
      const { log, progress, store } = await open();
      const { transaction, streams } = await appendTo({ store });
      const [places, identity, hash] = [await log.head(), await log.identity(), hashOf(streams[0] as never)];
      const written = { transaction: transaction.transaction, hash };
      const others = [
        { ...identity, generation: identity.generation + 1 },
        { ...identity, id: '0190b3a0-0000-7000-8000-000000000000' },
      ];
      assert.notEqual(progress.laneBeyond(places, { log: identity, ...written }), undefined);
      for (const other of others) assert.equal(progress.laneBeyond(places, { log: other, ...written }), undefined);
    },
  },
];

/** What holds where a log has several lanes. */
export const beyondLaneCases = (open: (lanes: number) => Promise<ProgressStorage>): readonly ConformanceCase[] => [
  {
    title: 'C14 the place of the stream’s own lane says it, and no other lane’s',
    run: async () => {
      const storage = await open(LANES);
      const before = await storage.log.head();
      for (let n = 0; n < LANES; n++) {
        const appended = await appendTo(storage);
        const after = await storage.log.head();
        const lane = String(hashOf(appended.streams[0] as never) % LANES) as Lane;
        const only = new Map([...before, [lane, after.get(lane) as Cursor]]);
        const others = new Map([...after, [lane, before.get(lane) as Cursor]]);
        assert.deepEqual(
          [await beyond(storage, only, appended), await beyond(storage, others, appended)],
          [lane, undefined],
        );
      }
    },
  },
];
