import assert from 'node:assert/strict';
import { t } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { VersionScene, type OpenVersions } from './version-scene.ts';

/** Which version queries read. */
export const bindingCases = (open: OpenVersions): readonly ConformanceCase[] => [
  {
    title: 'queries read the newest live version with the columns that their code knows, and no other',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions, readModels } = scene.harness;
      await scene.live(scene.table(1), scene.table(2), scene.wider(3));
      await readModels.prepare(scene.table(4));
      assert.deepEqual([await scene.reads(scene.table(1)), await versions.bound(scene.table(1))], [2, 2]);
      assert.deepEqual([await scene.reads(scene.wider(3)), await versions.bound(scene.wider(3))], [3, 3]);
      assert.equal(await scene.reads(scene.wider(5)), 3, 'that its own is not there yet does not matter');
      assert.equal(await scene.reads(scene.table(4)), 2, 'nor that it is only being built');
      const integer = { columns: { ...scene.table(1).columns, count: t.integer() } };
      const long = { columns: { ...scene.table(1).columns, count: t.long() } };
      await scene.live(scene.table(6, integer));
      assert.equal(await scene.reads(scene.table(7, integer)), 6);
      assert.equal(await scene.reads(scene.table(7, long)), undefined, 'what is one in Avro may be two in memory');
    },
  },
  {
    title: 'in whatever order columns are declared, they are the same; another order of events, key or name are others',
    run: async () => {
      const scene = await VersionScene.open(open);
      await scene.live(scene.table(1));
      const turned = Object.fromEntries(Object.entries(scene.table(1).columns).toReversed());
      assert.equal(await scene.reads(scene.table(2, { columns: turned, indexes: [['count']] })), 1);
      assert.equal(await scene.reads(scene.table(2, { order: 'stream' })), undefined);
      assert.equal(
        await scene.reads(scene.table(2, { columns: { ...turned, count: t.nullable(t.int()) } })),
        undefined,
      );
    },
  },
  {
    title: 'a version that nobody feeds is not read while an older one is fed: so a deploy can be taken back',
    run: async () => {
      const scene = await VersionScene.open(open);
      await scene.live(scene.table(1), scene.table(2));
      await scene.feed(1, 'old');
      await scene.feed(2, 'new');
      assert.deepEqual(
        (await scene.list()).map(({ fedBy }) => fedBy),
        [['old'], ['new']],
      );
      assert.equal(await scene.reads(scene.table(1)), 2);
      await scene.leave(2, 'new');
      assert.deepEqual([await scene.reads(scene.table(1)), await scene.reads(scene.table(2))], [1, 1]);
    },
  },
  {
    title: 'while none is fed, the one is read that was followed last',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions } = scene.harness;
      await scene.live(scene.table(1), scene.table(2));
      await versions.following(scene.follower(2));
      assert.equal(await scene.reads(scene.table(1)), 2);
      await followLater(scene, 1);
      assert.equal(await scene.reads(scene.table(1)), 1);
      await scene.feed(2, 'new');
      assert.equal(await scene.reads(scene.table(1)), 2);
    },
  },
  {
    title: 'tables that a projection makes itself are read in their own version alone',
    run: async () => {
      const scene = await VersionScene.open(open);
      const { versions } = scene.harness;
      const own = (version: number) => ({ projection: scene.projection, version, create: async () => {} });
      await scene.live(scene.table(1));
      assert.equal(await versions.bound(own(1)), 1);
      assert.equal(await versions.bound(own(2)), undefined);
    },
  },
];

/** As soon as the store's clock has moved on: two within one tick are one time. */
async function followLater(scene: VersionScene, version: number): Promise<void> {
  const at = async (of: number): Promise<number> =>
    (await scene.list()).find((one) => one.version === of)?.followedAt?.getTime() ?? 0;
  const others = Math.max(...(await Promise.all((await scene.list()).map((one) => at(one.version)))));
  do await scene.harness.versions.following(scene.follower(version));
  while ((await at(version)) <= others);
}
