import assert from 'node:assert/strict';
import type { ConformanceCase } from '../conformance-case.ts';
import { BEHIND, REFUSED, version, WithheldScene, type OpenWithheld } from './withheld-scene.ts';

/** What is noted, and by whom. */
export const keepingCases = (open: OpenWithheld): readonly ConformanceCase[] => [
  {
    title: 'R15 what was withheld is read back whole, in the order of its versions',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const key = scene.key('a', 'tenant');
      const [third] = await scene.withhold(key, 3);
      const [first, second] = await scene.withhold(key, 1, 2);
      const rows = await scene.events(key);
      assert.deepEqual(
        rows.map(({ withheldAt: _, ...row }) => row),
        [first, second, third].map((event) => ({ ...event, lane: scene.lane, state: 'withheld', attempts: 1 })),
      );
      assert.ok(rows.every(({ withheldAt }) => withheldAt instanceof Date && !Number.isNaN(withheldAt.getTime())));
    },
  },
  {
    title: 'R15 what is noted again under the same number, as after a crash, stays as it is',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const key = scene.key('a');
      await scene.withhold(key, 1);
      const before = await scene.events(key);
      await scene.harness.withheld.request(key, { kind: 'redrive', by: 'ops' });
      await scene.harness.withheld.withhold(scene.claim, [
        { ...scene.event(key, 1), cause: BEHIND },
        scene.event(key, 2),
      ]);
      const [first, second] = await scene.events(key);
      assert.deepEqual({ ...first, request: undefined }, { ...before[0], request: undefined });
      assert.equal(first?.request?.kind, 'redrive');
      assert.equal(second?.attempts, 1);
    },
  },
  {
    title: 'R15 what is refused again has its new number and cause, one attempt more, and its request is answered',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const key = scene.key('a');
      await scene.withhold(key, 1);
      await scene.harness.withheld.request(key, { kind: 'redrive', by: 'ops' });
      const cause = { code: 'LF_PAYLOAD_UNENCODABLE', text: 'other' };
      const requested = await scene.harness.withheld.requested(scene.claim);
      await scene.harness.withheld.withhold(scene.claim, [scene.event(key, 1, 20, cause)], requested?.request);
      const [row] = await scene.events(key);
      assert.deepEqual([row?.sequence, row?.cause, row?.attempts, row?.request], [20, cause, 2, undefined]);
      await scene.harness.withheld.withhold(scene.claim, [scene.event(key, 1, 10)]);
      assert.equal((await scene.events(key))[0]?.sequence, 20);
    },
  },
  {
    title: 'R15 a request that was made while the one before it was carried out stays when that is refused',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const key = scene.key('a');
      await scene.withhold(key, 1);
      await withheld.request(key, { kind: 'redrive', by: 'ops' });
      const before = await withheld.requested(scene.claim);
      const asked = Date.now();
      // Two requests within one tick of the clock are one to who carries them out.
      while (Date.now() < asked + 2) await new Promise((resolve) => setImmediate(resolve));
      await withheld.request(key, { kind: 'give-up', by: 'other', reason: 'why' });
      await withheld.withhold(scene.claim, [scene.event(key, 1, 20)], before?.request);
      const [row] = await scene.events(key);
      assert.deepEqual([row?.sequence, row?.attempts], [20, 2]);
      assert.deepEqual({ ...row?.request, at: 0 }, { kind: 'give-up', by: 'other', reason: 'why', at: 0 });
    },
  },
  {
    title: 'R4 R15 an owner that was succeeded notes nothing and settles nothing',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const { withheld } = scene.harness;
      const [key, other] = [scene.key('a'), scene.key('b')];
      await scene.withhold(key, 1);
      const before = await scene.events(key);
      const old = await scene.take();
      await assert.rejects(withheld.withhold(old, [scene.event(key, 1, 9), scene.event(other, 1)]), {
        code: 'LF_LANE_LOST',
      });
      const settled = [{ streamVersion: version(1), state: 'redriven', sequence: 9 }] as const;
      const options = { request: { kind: 'redrive', by: 'ops', at: new Date() }, goesOn: true } as const;
      await assert.rejects(withheld.settle(old, key, settled, options), { code: 'LF_LANE_LOST' });
      assert.deepEqual(await scene.events(key), before);
      assert.deepEqual(await scene.events(other), []);
    },
  },
  {
    title: 'the keys of a lane are those that are withheld now, each with its first event and why',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const elsewhere = await WithheldScene.open(open);
      await elsewhere.withhold(elsewhere.key('a'), 1);
      const [a, b] = [scene.key('a'), scene.key('a', 'tenant')];
      await scene.withhold(a, 4, 1, 2);
      await scene.withhold(b, 7);
      const { withheld } = scene.harness;
      assert.deepEqual(await withheld.keys(scene.claim), [
        { ...a, from: version(1), cause: REFUSED },
        { ...b, from: version(7), cause: BEHIND },
      ]);
      const request = { kind: 'redrive', by: 'ops', at: new Date() } as const;
      await withheld.settle(scene.claim, b, [{ streamVersion: version(7), state: 'redriven', sequence: 8 }], {
        request,
        goesOn: true,
      });
      await withheld.settle(scene.claim, a, [{ streamVersion: version(1), state: 'given-up', sequence: 9 }], {
        request,
        goesOn: true,
      });
      assert.deepEqual(await withheld.keys(scene.claim), [{ ...a, from: version(2), cause: BEHIND }]);
    },
  },
  {
    title: 'events of a key are read in pages, thousands of them',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const key = scene.key('a');
      await scene.withhold(key, ...Array.from({ length: 2_500 }, (_, n) => n + 1));
      await scene.withhold(scene.key('b'), 1);
      const { withheld } = scene.harness;
      const versions = async (options: Parameters<typeof withheld.events>[1]) =>
        (await withheld.events(key, options)).map(({ streamVersion }) => Number(streamVersion));
      assert.deepEqual(await versions({ limit: 2 }), [1, 2]);
      assert.deepEqual(
        await versions({ after: version(1_500), limit: 1_000 }),
        Array.from({ length: 1_000 }, (_, n) => n + 1_501),
      );
      assert.deepEqual(await versions({ after: version(2_500), limit: 10 }), []);
    },
  },
  {
    title: 'the list shows withheld keys in order, page by page, with what is in the way and how many stand behind it',
    run: async () => {
      const scene = await WithheldScene.open(open);
      const keys = [scene.key('B'), scene.key('a'), scene.key('é'), scene.key('a', 't')];
      for (const key of keys) await scene.withhold(key, 2, 1, 3);
      const { withheld } = scene.harness;
      const found: unknown[] = [];
      for (let after = { ...scene.key(''), stream: '' as never }, isMore = true; isMore;) {
        const page = await withheld.list({ after, limit: 3 });
        const ours = page.filter(({ head }) => head.topic === scene.topic);
        found.push(
          ...ours.map(({ head, events }) => [head.tenant, head.stream, head.streamVersion, head.cause, events]),
        );
        isMore = ours.length === 3;
        const last = page.at(-1)?.head;
        if (last) after = { ...last, stream: last.stream as never };
      }
      assert.deepEqual(
        found,
        keys.map(({ tenant, stream }) => [tenant, stream, 1n, REFUSED, 3]),
      );
    },
  },
];
