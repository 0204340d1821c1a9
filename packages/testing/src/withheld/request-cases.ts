import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { version, WithheldScene, type OpenWithheld } from './withheld-scene.ts';

/** What is asked of an owner. */
export const requestCases = (open: OpenWithheld): readonly ConformanceCase[] => [
  {
    title:
      'R15 a request stands at the head of its key, in place of the one before, and is found by its lane’s owner alone',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const elsewhere = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const key = scene.key('a');
      await scene.withhold(key, 1, 2);
      await elsewhere.withhold(elsewhere.key('a'), 1);
      assert.equal(await withheld.requested(scene.claim), undefined);
      assert.equal(await withheld.request(key, { kind: 'redrive', by: 'ops' }), true);
      assert.equal(await withheld.request(key, { kind: 'give-up', by: 'other é🙂', reason: 'no "use"' }), true);
      const found = await withheld.requested(scene.claim);
      assert.deepEqual({ ...found?.request, at: 0 }, { kind: 'give-up', by: 'other é🙂', reason: 'no "use"', at: 0 });
      assert.ok(found?.request.at instanceof Date);
      assert.deepEqual([found?.stream, found?.streamVersion], [key.stream, 1n]);
      assert.deepEqual(
        (await scene.events(key)).map(({ request }) => request?.kind),
        ['give-up', undefined],
      );
      assert.equal(await withheld.requested(elsewhere.claim), undefined);
    },
  },
  {
    title: 'the request that came first is found first',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      for (const name of ['a', 'b']) await scene.withhold(scene.key(name), 1);
      await withheld.request(scene.key('b'), { kind: 'redrive', by: 'ops' });
      const asked = Date.now();
      // Two requests within one tick of the clock have no order.
      while (Date.now() < asked + 2) await new Promise((resolve) => setImmediate(resolve));
      await withheld.request(scene.key('a'), { kind: 'redrive', by: 'ops' });
      assert.equal((await withheld.requested(scene.claim))?.stream, scene.key('b').stream);
    },
  },
  {
    title: 'R15 nothing is asked of a key that is not withheld, or of another event than its first',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const key = scene.key('a');
      const ask = (n?: number) =>
        withheld.request(key, { kind: 'redrive', by: 'ops', ...(n !== undefined && { streamVersion: version(n) }) });
      assert.equal(await ask(), false);
      await scene.withhold(key, 5, 6);
      assert.equal(await ask(6), false);
      assert.equal(
        (await scene.events(key)).some(({ request }) => request),
        false,
      );
      assert.equal(await ask(5), true);
      const request = { kind: 'redrive', by: 'ops', at: new Date() } as const;
      const settled = [5, 6].map((n) => ({ streamVersion: version(n), state: 'redriven' as const, sequence: n + 10 }));
      await withheld.settle(scene.claim, key, settled, { request, goesOn: true });
      assert.equal(await ask(), false);
      assert.equal(await ask(5), false);
      assert.equal(await withheld.requested(scene.claim), undefined);
    },
  },
];
