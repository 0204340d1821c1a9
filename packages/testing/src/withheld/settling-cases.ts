import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { BEHIND, REDRIVE, version, WithheldScene, type OpenWithheld } from './withheld-scene.ts';

const redriven = (n: number, sequence = n + 10) =>
  ({ streamVersion: version(n), state: 'redriven', sequence }) as const;

/** What became of what was withheld. */
export const settlingCases = (open: OpenWithheld): readonly ConformanceCase[] => [
  {
    title:
      'R15 what is settled keeps its history, with the request that was carried out, and the answer is the first that is still withheld',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const key = scene.key('a');
      await scene.withhold(key, 1, 2, 3);
      const before = await scene.events(key);
      const giveUp = { kind: 'give-up', by: 'ops', reason: 'why', at: REDRIVE.at } as const;
      const settled = [{ ...redriven(1), state: 'given-up' }, redriven(2)] as const;
      assert.equal(await withheld.settle(scene.claim, key, settled, { request: giveUp, goesOn: false }), 3n);
      const rows = await scene.events(key);
      assert.deepEqual(
        rows.map(({ state, settled: at, request }) => [state, at?.sequence, request]),
        [
          ['given-up', 11, giveUp],
          ['redriven', 12, undefined],
          ['withheld', undefined, undefined],
        ],
      );
      assert.ok(rows[0]?.settled?.at instanceof Date);
      assert.deepEqual(
        rows.map(({ sequence, cause }) => [sequence, cause]),
        before.map(({ sequence, cause }) => [sequence, cause]),
      );
    },
  },
  {
    title: 'R15 settling goes on with the next event of the key, once, or does not',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const [key, other] = [scene.key('a'), scene.key('b')];
      for (const each of [key, other]) await scene.withhold(each, 1, 2, 3);
      assert.equal(await withheld.settle(scene.claim, key, [redriven(1)], { request: REDRIVE, goesOn: true }), 2n);
      assert.equal(await withheld.settle(scene.claim, other, [redriven(1)], { request: REDRIVE, goesOn: false }), 2n);
      const requests = async (of: typeof key) => (await scene.events(of)).map(({ request }) => request);
      assert.deepEqual(await requests(key), [REDRIVE, REDRIVE, undefined]);
      assert.deepEqual(await requests(other), [REDRIVE, undefined, undefined]);
      await withheld.request(key, { kind: 'give-up', by: 'other', reason: 'x' });
      assert.equal(await withheld.settle(scene.claim, key, [redriven(1)], { request: REDRIVE, goesOn: true }), 2n);
      assert.equal((await requests(key))[1]?.kind, 'give-up');
    },
  },
  {
    title: 'R15 what is settled stays settled: noted or settled once more, as after a crash, it is as it was',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const key = scene.key('a');
      await scene.withhold(key, 1);
      assert.equal(
        await withheld.settle(scene.claim, key, [redriven(1)], { request: REDRIVE, goesOn: true }),
        undefined,
      );
      const before = await scene.events(key);
      await withheld.withhold(scene.claim, [scene.event(key, 1, 99, BEHIND)]);
      const again = [{ ...redriven(1, 98), state: 'given-up' }] as const;
      const request = { kind: 'give-up', by: 'x', reason: 'x', at: new Date() } as const;
      assert.equal(await withheld.settle(scene.claim, key, again, { request, goesOn: true }), undefined);
      assert.deepEqual(await scene.events(key), before);
    },
  },
  {
    title: 'R15 where nothing could be sent nothing is settled, and the first that is withheld is told',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const key = scene.key('a');
      await scene.withhold(key, 4, 5);
      const { withheld } = scene.harness;
      assert.equal(await withheld.settle(scene.claim, key, [], { request: REDRIVE, goesOn: false }), 4n);
      assert.deepEqual(await scene.states(key), ['4 withheld', '5 withheld']);
    },
  },
];
