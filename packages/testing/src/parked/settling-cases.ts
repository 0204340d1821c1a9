import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { CAUSE, OTHER_CAUSE, ParkedScene, type OpenParked } from './parked-scene.ts';

/** What is applied or discarded goes, from the first on. */
export const settlingCases = (open: OpenParked): readonly ConformanceCase[] => [
  {
    title:
      'C6 what is dropped goes from the first on; the key is live when nothing is left, and its request is answered',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const [key, other] = [scene.key('a'), scene.key('b')];
      await scene.park(key, 1, 2, 3);
      await scene.park(other, 1);
      const request = await scene.ask(key);
      const [, two, three] = (await scene.events(key)).map(({ n }) => n);
      assert.equal(await scene.transaction((parked) => parked.drop(key, two as bigint)), false);
      assert.deepEqual(await scene.versions(key), ['3']);
      const head = await scene.head(key);
      assert.deepEqual([head?.request, head?.attempts, head?.events], [request, 0, 1]);
      assert.equal(await scene.transaction((parked) => parked.drop(key, three as bigint)), true);
      assert.deepEqual([await scene.head(key), await scene.request(key)], [undefined, undefined]);
      assert.deepEqual(await scene.versions(other), ['1']);
      assert.deepEqual(await scene.harness.parked.notes(scene.follower, { limit: 10 }), []);
      await scene.park(key, 4);
      const again = await scene.head(key);
      assert.deepEqual([again?.attempts, again?.events, again?.request], [1, 1, undefined], 'it is parked anew');
    },
  },
  {
    title: 'C6 an event that comes while its key is drained waits behind, and the key is live only after it',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      await scene.park(key, 1, 2);
      const [first] = await scene.events(key);
      await scene.transaction((parked) => parked.drop(key, first?.n as bigint));
      await scene.transaction((parked) => parked.park([scene.event(key, 3)]));
      assert.deepEqual(await scene.versions(key), ['2', '3']);
      const two = (await scene.events(key))[0]?.n as bigint;
      assert.equal(await scene.transaction((parked) => parked.drop(key, two)), false);
      assert.deepEqual(await scene.versions(key), ['3']);
    },
  },
  {
    title: 'C6 a discarded event leaves a note, for ever; its request goes on as a retry of what is left',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a', 'acme');
      await scene.park(key, 1, 2, 3);
      const { at } = await scene.ask(key, 'discard');
      const [one, two, three] = (await scene.events(key)).map(({ n }) => n) as [bigint, bigint, bigint];
      const discarded = { by: 'ops', reason: 'no "use"', carriedOut: at };
      const { parked } = scene.harness;
      assert.equal(await scene.transaction((tx) => tx.drop(key, one, discarded)), false);
      const open_ = await scene.request(key);
      assert.deepEqual(
        { ...open_, at: 0 },
        { kind: 'retry', by: 'ops', first: two, at: 0 },
        'a discard is carried out once',
      );
      assert.equal(await scene.transaction((tx) => tx.drop(key, three)), true);
      const [note, ...others] = await parked.notes(scene.follower, { limit: 10 });
      assert.deepEqual(others, []);
      const { at: noted, envelope, ...found } = note ?? { at: undefined, envelope: undefined };
      assert.deepEqual(found, { ...scene.at(key), n: one, kind: 'discarded', by: 'ops', reason: 'no "use"' });
      assert.equal(envelope?.streamVersion, 1n);
      assert.ok(noted instanceof Date);
    },
  },
  {
    title: 'C15 a request that was made while an event was discarded stays as it is',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      await scene.park(key, 1, 2);
      const { at } = await scene.ask(key, 'discard');
      const later = await scene.ask(key, 'discard');
      const [one] = await scene.events(key);
      await scene.transaction((parked) =>
        parked.drop(key, one?.n as bigint, { by: 'ops', reason: 'no use', carriedOut: at }),
      );
      assert.deepEqual(await scene.request(key), later);
      assert.equal(later.first, one?.n, 'and is about the event that is gone, so nothing else is discarded for it');
    },
  },
  {
    title: 'an event that was edited leaves a note when it goes, the latest first',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const { parked } = scene.harness;
      const key = scene.key('a');
      await scene.park(key, 1, 2, 3, 4);
      const places = (await scene.events(key)).map(({ n }) => n) as [bigint, bigint, bigint, bigint];
      for (const n of [places[1], places[2], places[3]])
        await parked.edit(scene.at(key), n, { payload: { n: 1 }, by: 'ops', reason: `typo ${n}` });
      await scene.transaction((tx) => tx.drop(key, places[1]));
      await scene.transaction((tx) => tx.drop(key, places[2], { by: 'boss', reason: 'gone', carriedOut: new Date(0) }));
      const notes = await parked.notes(scene.follower, { limit: 10 });
      assert.deepEqual(
        notes.map(({ n, kind, by, reason }) => [n, kind, by, reason]),
        [
          [places[2], 'discarded', 'boss', 'gone'],
          [places[1], 'edited', 'ops', `typo ${places[1]}`],
        ],
      );
      assert.equal((await parked.notes(scene.follower, { limit: 1 })).length, 1);
    },
  },
  {
    title: 'what fails alone in an attempt leaves nothing of it parked, and what stood before stays',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const [a, b, c] = [scene.key('a'), scene.key('b'), scene.key('c')];
      await scene.transaction(async (parked, tx) => {
        await parked.park([scene.event(a, 1)]);
        await assert.rejects(
          tx.attempt(async () => {
            await parked.park([scene.event(a, 2), scene.event(b, 1)]);
            await parked.failed(a, OTHER_CAUSE, new Date(0));
            throw new Error('made up');
          }),
          /made up/,
        );
        await parked.park([scene.event(c, 1)]);
      });
      assert.deepEqual(await scene.versions(a), ['1']);
      assert.deepEqual((await scene.head(a))?.cause, CAUSE);
      assert.deepEqual(await scene.versions(b), []);
      assert.deepEqual(await scene.versions(c), ['1']);
    },
  },
];
