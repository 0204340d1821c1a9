import assert from 'node:assert/strict';
import { columnsFingerprint } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { VersionScene, type OpenVersions } from './version-scene.ts';

/** Which versions there are, and when they are live. */
export const registeringCases = (open: OpenVersions): readonly ConformanceCase[] => [
  {
    title: 'the first version of a projection is live at once, a later one when it has passed',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions, readModels } = scene.harness;
      await readModels.prepare(scene.table(3));
      await readModels.prepare(scene.wider(4));
      await readModels.prepare(scene.table(2));
      assert.deepEqual(await scene.states(), [
        [2, 'building'],
        [3, 'live'],
        [4, 'building'],
      ]);
      assert.equal(await versions.following(scene.follower(4)), 'building');
      assert.equal(await versions.passed(scene.follower(4)), 'live');
      assert.equal(await versions.passed(scene.follower(4)), 'live');
      assert.deepEqual(await scene.states(), [
        [2, 'building'],
        [3, 'live'],
        [4, 'live'],
      ]);
    },
  },
  {
    title: 'of versions that are registered at once exactly one is the first',
    run: async () => {
      const all = Array.from({ length: 6 }, (_, n) => n + 1);
      for (let round = 0; round < 5; round++) {
        const scene = await VersionScene.open(open);
        const { versions } = scene.harness;
        const states = await Promise.all(all.map((n) => versions.register(scene.table(n))));
        assert.equal(states.filter((state) => state === 'live').length, 1);
        assert.deepEqual(await Promise.all(all.map((n) => versions.register(scene.table(n)))), states);
      }
    },
  },
  {
    title: 'to be registered again changes nothing',
    run: async () => {
      const scene = await VersionScene.open(open);
      await scene.live(scene.table(1), scene.wider(2));
      const before = await scene.list();
      await scene.harness.readModels.prepare(scene.table(1));
      await scene.harness.readModels.prepare(scene.wider(2));
      assert.deepEqual(await scene.list(), before);
      assert.deepEqual(
        before.map(({ columns }) => columns),
        [columnsFingerprint(scene.table(1)), columnsFingerprint(scene.wider(2))],
      );
    },
  },
  {
    title: 'one that is held does not become live by itself, also when it is the first; by hand it does',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions, readModels } = scene.harness;
      // Whoever builds it registers it before its tables are made.
      assert.equal(await versions.register(scene.table(1), { isHeld: true }), 'building');
      await readModels.prepare(scene.table(1));
      assert.equal(await versions.passed(scene.follower(1)), 'building');
      assert.deepEqual(
        (await scene.list()).map(({ isHeld, state }) => [isHeld, state]),
        [[true, 'building']],
      );
      assert.equal(await versions.set(scene.follower(1), 'live'), true);
      assert.deepEqual(
        (await scene.list()).map(({ isHeld, state }) => [isHeld, state]),
        [[false, 'live']],
      );
      assert.equal(await versions.register(scene.table(1), { isHeld: true }), 'live', 'one that is live stays so');
      assert.equal((await scene.list())[0]?.isHeld, false);
    },
  },
  {
    title: 'one that was registered to become live by itself may be held afterwards, until it is live',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions, readModels } = scene.harness;
      await readModels.prepare(scene.table(1));
      await readModels.prepare(scene.table(2));
      await versions.register(scene.table(2), { isHeld: true });
      await readModels.prepare(scene.table(2));
      assert.equal(await versions.passed(scene.follower(2)), 'building');
      assert.equal(await scene.reads(scene.table(2)), 1);
    },
  },
  {
    title: 'one that is taken back by hand is building, held, and read no more',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions } = scene.harness;
      await scene.live(scene.table(1), scene.table(2));
      assert.equal(await scene.reads(scene.table(2)), 2);
      assert.equal(await versions.set(scene.follower(2), 'building'), true);
      assert.equal(await versions.passed(scene.follower(2)), 'building');
      assert.equal(await scene.reads(scene.table(2)), 1);
    },
  },
  {
    title: 'since when it is in its state is noted when that changes, and then alone',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions } = scene.harness;
      await scene.live(scene.table(1));
      const since = async (): Promise<number> => (await scene.list())[0]?.since.getTime() ?? Number.NaN;
      const first = await since();
      await versions.set(scene.follower(1), 'live');
      await versions.following(scene.follower(1));
      await versions.passed(scene.follower(1));
      assert.equal(await since(), first);
      await versions.set(scene.follower(1), 'building');
      assert.ok((await since()) >= first);
    },
  },
  {
    title: 'of one that nobody registered nothing is said, and nothing changes',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions } = scene.harness;
      const nobodys = scene.follower(7);
      assert.deepEqual([await versions.following(nobodys), await versions.passed(nobodys)], [undefined, undefined]);
      assert.equal(await versions.set(nobodys, 'live'), false);
      assert.equal(await versions.bound(scene.table(7)), undefined);
      assert.deepEqual(await scene.list(), []);
    },
  },
];
