import assert from 'node:assert/strict';
import type { NewParked, ParkedEvent } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { CAUSE, envelopeOf, keptOf, OTHER_CAUSE, ParkedScene, type OpenParked } from './parked-scene.ts';

/** What is parked stays, as it came and in the order in which it came. */
export const keepingCases = (open: OpenParked): readonly ConformanceCase[] => [
  {
    title: 'C6 what is parked of a key stays behind its first event, in the order in which it came, as it came',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('ä "b"/🙂');
      const [one, two, three, four] = [1, 2, 3, 4].map((n) => envelopeOf(key, n)) as [never, never, never, never];
      const log = { envelope: one, raw: null };
      await scene.transaction((parked) =>
        parked.park([
          { ...key, envelope: one, kept: log, cause: CAUSE },
          { ...key, envelope: two, kept: keptOf(two) },
        ]),
      );
      await scene.transaction(async (parked) => {
        await parked.park([]);
        await parked.park([
          { ...key, envelope: three, kept: keptOf(three, null) },
          { ...key, envelope: four, kept: null, cause: OTHER_CAUSE },
        ]);
      });
      const events = await scene.events(key);
      assert.deepEqual(events.map(plain), [
        { envelope: one, kept: log },
        { envelope: two, kept: plainKept(keptOf(two)) },
        { envelope: three, kept: plainKept(keptOf(three, null)) },
        { envelope: four, kept: null },
      ]);
      assert.ok(
        events.every(({ n }, place) => place === 0 || n > (events[place - 1] as ParkedEvent).n),
        'n rises',
      );
      await scene.transaction(async (parked) => {
        assert.deepEqual((await parked.first(key, 2)).map(plain), events.slice(0, 2).map(plain));
        assert.deepEqual(await parked.first(scene.key('other'), 2), []);
      });
      const { after, limit } = { after: (events[1] as ParkedEvent).n, limit: 1 };
      assert.deepEqual(
        (await scene.harness.parked.events(scene.at(key), { after, limit })).map(({ n }) => n),
        [(events[2] as ParkedEvent).n],
      );
    },
  },
  {
    title: 'no more parked events come at once when their payloads come to so many bytes, but always one',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('large');
      const events = [1, 2, 3, 4].map((n) => envelopeOf(key, n));
      const large = (envelope: (typeof events)[number]): NewParked => {
        const kept = keptOf(envelope);
        return { ...key, envelope, kept: { ...kept, raw: kept.raw && { ...kept.raw, value: Buffer.alloc(1_000) } } };
      };
      await scene.transaction((parked) => parked.park(events.map(large)));
      const upTo = async (bytes: number, after?: bigint): Promise<readonly unknown[]> =>
        (
          await scene.harness.parked.events(scene.at(key), { limit: 3, bytes, ...(after !== undefined && { after }) })
        ).map(({ envelope }) => envelope.streamVersion);
      assert.deepEqual(await upTo(1), [1n]);
      assert.deepEqual(await upTo(1_000), [1n]);
      assert.deepEqual(await upTo(1_001), [1n, 2n]);
      assert.deepEqual(await upTo(1_000_000), [1n, 2n, 3n]);
      assert.deepEqual(await upTo(1, (await scene.events(key))[1]?.n), [3n]);
    },
  },
  {
    title:
      'C6 of a parked key the cause is its first event’s, with what was tried, since when, and how many events wait',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      const before = Date.now() - 60_000;
      await scene.transaction((parked) => parked.park([scene.event(key, 5, { cause: CAUSE, attempts: 3 })]));
      await scene.transaction((parked) =>
        parked.park([scene.event(key, 6), scene.event(key, 7, { cause: OTHER_CAUSE, attempts: 9 })]),
      );
      const head = await scene.head(key);
      assert.ok(head);
      const { since, lastTried, first, ...others } = head;
      assert.deepEqual(others, { ...scene.at(key), cause: CAUSE, attempts: 3, events: 3 });
      assert.equal(first.streamVersion, 5n);
      assert.ok(since instanceof Date && since.getTime() > before && lastTried.getTime() > before);
      const bare = scene.key('b');
      await scene.transaction((parked) => parked.park([scene.event(bare, 1, { cause: OTHER_CAUSE })]));
      assert.deepEqual((await scene.head(bare))?.cause, OTHER_CAUSE, 'without a stack');
    },
  },
  {
    title: 'C7 whatever a handler threw can be stored: NUL, half a surrogate, a megabyte of stack',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      const cause = { code: 'E\0\ud800', text: `a\0b\udfff${'x'.repeat(1_000_000)}`, stack: '\0'.repeat(1_000_000) };
      await scene.transaction((parked) => parked.park([scene.event(key, 1, { cause })]));
      assert.ok((await scene.head(key))?.cause.text.startsWith('a'));
      await scene.transaction((parked) => parked.failed(key, { ...cause, text: `c\0\ud800` }, new Date(0)));
      assert.ok((await scene.head(key))?.cause.text.startsWith('c'));
    },
  },
  {
    title: 'C6 an event that is kept already stays as it is: by its stream and version within its key',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const [key, other] = [scene.key('a'), scene.key('b')];
      await scene.park(key, 1, 2);
      const [first] = await scene.events(key);
      const elsewhere = { ...envelopeOf(other, 2) };
      await scene.transaction((parked) =>
        parked.park([
          scene.event(key, 2, { kept: null }),
          { ...key, envelope: elsewhere, kept: null },
          scene.event(key, 3),
          scene.event(key, 3),
          scene.event(key, 1),
          scene.event(other, 2, { cause: CAUSE }),
        ]),
      );
      assert.deepEqual(await scene.versions(key), ['1', '2', '2?', '3']);
      assert.deepEqual(await scene.versions(other), ['2']);
      assert.deepEqual((await scene.events(key))[0]?.envelope, first?.envelope);
    },
  },
  {
    title: 'C15 the owner is told of its lane’s keys alone, each with the streams that wait there',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const beside = await scene.beside('beside');
      const stranger = await ParkedScene.open(async () => scene.harness, scene.lane);
      const [a, b] = [scene.key('a'), scene.key('b')];
      const tenants = scene.key('a', 'acme');
      assert.deepEqual(await scene.harness.parked.keys(scene.claim), []);
      await scene.park(a, 1, 2);
      await scene.park(tenants, 1);
      const row = { tenant: '', key: 'row/r' };
      await scene.transaction((parked) =>
        parked.park(
          [a, b, a].map((of, n) => ({ ...scene.event(of, n + 5), ...row, ...(n === 0 && { cause: CAUSE }) })),
        ),
      );
      await beside.park(b, 1);
      await stranger.park(a, 1);
      const keys = await scene.harness.parked.keys(scene.claim);
      assert.deepEqual(
        keys
          .map(({ tenant, key, streams }) => [tenant, key, streams.toSorted()])
          .toSorted((x, y) => (String(x) < String(y) ? -1 : 1)),
        [
          ['', 'row/r', ['c-a', 'c-b']],
          ['', 'stream/c-a', ['c-a']],
          ['acme', 'stream/c-a', ['c-a']],
        ],
      );
      const { parked } = scene.harness;
      assert.deepEqual(
        new Map(await parked.count(scene.follower)),
        new Map([
          [scene.lane, 3],
          [beside.lane, 1],
        ]),
      );
      assert.deepEqual([...(await parked.count(stranger.follower))], [[scene.lane, 1]]);
      assert.deepEqual([...(await parked.count({ ...scene.follower, version: 2 }))], []);
    },
  },
  {
    title:
      'keys are listed in the order of follower, version, lane, tenant and key, page by page, of one follower or of all',
    run: async () => {
      const scene = await ParkedScene.open(open, '0');
      const beside = await scene.beside('1');
      for (const one of [beside, scene]) {
        for (const [name, tenant] of [
          ['b', ''],
          ['B', ''],
          ['a', 'acme'],
          ['ä', ''],
        ] as const)
          await one.park(one.key(name, tenant), 1);
      }
      const { parked } = scene.harness;
      const all = await parked.list({ follower: scene.follower, limit: 100 });
      const names = all.map(({ lane, tenant, key }) => `${lane} ${tenant} ${key.slice('stream/c-'.length)}`);
      const ofLane = [' B', ' b', ' ä', 'acme a'];
      assert.deepEqual(names, [...ofLane.map((of) => `0 ${of}`), ...ofLane.map((of) => `1 ${of}`)]);
      const paged = [];
      for (let after = all[0]; after !== undefined;) {
        paged.push(after);
        [after] = await parked.list({ follower: scene.follower, after, limit: 1 });
      }
      assert.deepEqual(paged, all);
      const ofAll = await parked.list({ after: all[0] as (typeof all)[0], limit: 3 });
      assert.deepEqual(ofAll, all.slice(1, 4));
    },
  },
  {
    title: 'C4 what is parked is committed with the rows and the checkpoint, or not at all',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      await assert.rejects(
        scene.transaction(async (parked) => {
          await parked.park([scene.event(key, 1)]);
          throw new Error('made up');
        }),
        /made up/,
      );
      assert.equal(await scene.head(key), undefined);
      await scene.park(key, 1, 2);
      await assert.rejects(
        scene.transaction(async (parked) => {
          assert.equal(await parked.drop(key, (await parked.first(key, 2)).at(-1)?.n ?? 0n), true);
          throw new Error('made up');
        }),
        /made up/,
      );
      assert.deepEqual(await scene.versions(key), ['1', '2']);
      assert.deepEqual(await scene.harness.parked.notes(scene.follower, { limit: 10 }), []);
    },
  },
  {
    title: 'C15 an owner that was succeeded parks nothing and drops nothing',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      await scene.park(key, 1);
      const before = await scene.take();
      let calls = 0;
      await assert.rejects(
        scene.transaction(async (parked) => {
          calls += 1;
          await parked.drop(key, 10n ** 15n);
        }, before),
        { code: 'LF_LANE_LOST' },
      );
      assert.equal(calls, 0);
      assert.deepEqual(await scene.versions(key), ['1']);
    },
  },
];

/** Drivers give bytes a kind of their own. */
const plain = ({ envelope, kept }: ParkedEvent): object => ({ envelope, kept: kept && plainKept(kept) });
const plainKept = ({ envelope, raw }: NonNullable<ParkedEvent['kept']>): object => ({
  envelope,
  raw: raw && { ...raw, headers: { ...raw.headers }, value: raw.value && [...raw.value] },
});
