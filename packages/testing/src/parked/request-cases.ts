import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { ConformanceCase } from '../conformance-case.ts';
import { OTHER_CAUSE, ParkedScene, type OpenParked } from './parked-scene.ts';

/** What is asked of an owner, and what is put in place of a payload. */
export const requestCases = (open: OpenParked): readonly ConformanceCase[] => [
  {
    title: 'C15 a request stands on its key, in place of the one before, and is found by its lane’s owner alone',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const beside = await scene.beside(`lane ${uuidV7()}`);
      const { parked } = scene.harness;
      const key = scene.key('a');
      await scene.park(key, 1, 2);
      await beside.park(key, 1);
      assert.deepEqual(await parked.requested(scene.claim, { limit: 10 }), []);
      assert.equal(await parked.request(scene.at(key), { kind: 'retry', by: 'ops' }), true);
      assert.equal(await parked.request(scene.at(key), { kind: 'discard', by: 'other é🙂', reason: 'no "use"' }), true);
      const [found, ...others] = await parked.requested(scene.claim, { limit: 10 });
      assert.ok(found);
      const { at, ...asked } = found.request;
      const first = (await scene.events(key))[0]?.n;
      assert.deepEqual(
        { tenant: found.tenant, key: found.key, ...asked },
        { ...key, kind: 'discard', by: 'other é🙂', reason: 'no "use"', first },
      );
      assert.ok(at instanceof Date);
      assert.deepEqual(others, []);
      assert.deepEqual(await parked.requested(beside.claim, { limit: 10 }), []);
      assert.deepEqual((await scene.head(key))?.request, found.request);
    },
  },
  {
    title: 'C15 the request that came first is found first, and each has a time of its own',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const { parked } = scene.harness;
      const names = ['b', 'a', 'c'];
      for (const name of names) {
        await scene.park(scene.key(name), 1);
        const { at } = await scene.ask(scene.key(name));
        const again = await scene.ask(scene.key(name));
        assert.ok(again.at > at, 'a request is told from the one before by its time');
        const asked = Date.now();
        // Two requests within one tick of the clock have no order.
        while (Date.now() < asked + 5) await new Promise((resolve) => setImmediate(resolve));
      }
      const found = await parked.requested(scene.claim, { limit: 2 });
      assert.deepEqual(
        found.map(({ key }) => key),
        ['stream/c-b', 'stream/c-a'],
      );
    },
  },
  {
    title: 'C15 nothing is asked of a key that is not parked, or whose first event is another by now',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const { parked } = scene.harness;
      const key = scene.key('a');
      const ask = (first?: bigint): Promise<boolean> =>
        parked.request(scene.at(key), { kind: 'retry', by: 'ops', ...(first !== undefined && { first }) });
      assert.equal(await ask(), false);
      await scene.park(key, 5, 6);
      const [five, six] = (await scene.events(key)).map(({ n }) => n);
      assert.equal(await ask(six), false);
      assert.equal(await scene.request(key), undefined);
      assert.equal(await ask(five), true);
      await scene.transaction((tx) => tx.drop(key, six as bigint));
      assert.equal(await ask(), false);
      assert.deepEqual(await parked.requested(scene.claim, { limit: 10 }), []);
    },
  },
  {
    title:
      'C15 a failed retry answers the request that was carried out, counts and says why; another one, made meanwhile, stays',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const key = scene.key('a');
      await scene.park(key, 1, 2);
      const since = (await scene.head(key))?.since;
      const first = await scene.ask(key);
      await scene.transaction((parked) => parked.failed(key, OTHER_CAUSE, first.at));
      const head = await scene.head(key);
      assert.deepEqual([head?.cause, head?.attempts, head?.request], [OTHER_CAUSE, 2, undefined]);
      assert.deepEqual(head?.since, since);
      assert.ok(head && head.lastTried >= head.since);
      const second = await scene.ask(key);
      const third = await scene.ask(key, 'discard');
      await scene.transaction((parked) => parked.failed(key, OTHER_CAUSE, second.at));
      assert.deepEqual(await scene.request(key), third);
      assert.equal((await scene.head(key))?.attempts, 3);
      assert.deepEqual(await scene.versions(key), ['1', '2']);
    },
  },
  {
    title:
      'an edited payload stands beside the event’s own, in place of one that was put there before; not where the event is not, or has not come',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const { parked } = scene.harness;
      const key = scene.key('a');
      await scene.transaction((tx) => tx.park([scene.event(key, 1), scene.event(key, 2, { kept: null })]));
      const [one, two] = (await scene.events(key)).map(({ n }) => n) as [bigint, bigint];
      const payload = { text: 'é🙂 "\\', list: [1, null, { deep: '9223372036854775807' }] };
      const edited = { payload: { no: 1 }, by: 'ops', reason: 'first try' };
      assert.equal(await parked.edit(scene.at(key), one, edited), true);
      const after = { payload, by: 'other é', reason: 'a typing "mistake"' };
      assert.equal(await parked.edit(scene.at(key), one, after), true);
      assert.equal(await parked.edit(scene.at(key), two, edited), false);
      assert.equal(await parked.edit(scene.at(key), two + 10_000n, edited), false);
      assert.equal(await parked.edit(scene.at(scene.key('b')), one, edited), false);
      const [first, second] = await scene.events(key);
      const { at, ...found } = first?.edited ?? { at: undefined };
      assert.deepEqual(found, after);
      assert.ok(at instanceof Date);
      assert.equal(second?.edited, undefined);
      await scene.transaction(async (tx) => assert.deepEqual((await tx.first(key, 1))[0]?.edited, first?.edited));
    },
  },
];
