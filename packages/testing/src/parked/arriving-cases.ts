import assert from 'node:assert/strict';
import { BY_REDRIVE } from '@leftfold/subscriptions';
import type { ParkedKey } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { CAUSE, envelopeOf, keptOf, ParkedScene, type OpenParked } from './parked-scene.ts';

/** What the relay withholds has a place, until it comes or is given up. */
export const arrivingCases = (open: OpenParked): readonly ConformanceCase[] => [
  {
    title:
      'R15 what was withheld takes the place that was kept for it, and is retried by itself where that is the first',
    run: async () => {
      const { scene, key } = await withheld(open);
      assert.deepEqual(await scene.versions(key), ['3?', '4?', '5']);
      assert.equal(await arrive(scene, key, 4), 'parked');
      assert.equal(await scene.request(key), undefined, 'something is in front of it');
      assert.equal(await arrive(scene, key, 3), 'parked');
      const events = await scene.events(key);
      assert.deepEqual(await scene.versions(key), ['3', '4', '5']);
      const raw = events[0]?.kept?.raw;
      assert.deepEqual([raw?.place, raw?.value && [...raw.value]], ['c/3 at offset 17', [0, 255, 10, 34]]);
      const request = await scene.request(key);
      assert.deepEqual({ ...request, at: 0 }, { kind: 'retry', by: BY_REDRIVE, first: events[0]?.n, at: 0 });
    },
  },
  {
    title: 'R15 what is redriven without a place, or a second time, is unknown: it was applied already',
    run: async () => {
      const { scene, key } = await withheld(open);
      for (const n of [2, 5, 6]) assert.equal(await arrive(scene, key, n), 'unknown');
      assert.equal(await arrive(scene, scene.key('b'), 3), 'unknown');
      assert.equal(await arrive(scene, key, 3), 'parked');
      assert.equal(await arrive(scene, key, 3), 'unknown');
      assert.equal(await arrive(scene, key, 3, true), 'unknown', 'what has come is not given up');
      assert.deepEqual(await scene.versions(key), ['3', '4?', '5']);
    },
  },
  {
    title:
      'R15 a given-up event’s place is dropped; the next is retried if it is there, and the key is live when nothing is left',
    run: async () => {
      const { scene, key } = await withheld(open);
      assert.equal(await arrive(scene, key, 3, true), 'parked');
      assert.equal(await scene.request(key), undefined, 'the next has not come either');
      assert.equal(await arrive(scene, key, 4, true), 'parked');
      assert.equal((await scene.request(key))?.by, BY_REDRIVE);
      assert.deepEqual(await scene.versions(key), ['5']);
      const alone = scene.key('alone');
      await scene.transaction((parked) => parked.park([scene.event(alone, 1, { kept: null })]));
      assert.equal(await arrive(scene, alone, 1, true), 'live');
      assert.equal(await scene.head(alone), undefined);
      assert.deepEqual(
        await scene.harness.parked.notes(scene.follower, { limit: 10 }),
        [],
        'its own operator noted why',
      );
    },
  },
  {
    title: 'R15 C15 a request that somebody made stays when the first event arrives',
    run: async () => {
      const { scene, key } = await withheld(open);
      const request = await scene.ask(key, 'discard');
      await arrive(scene, key, 3);
      assert.deepEqual(await scene.request(key), request);
    },
  },
  {
    title: 'R15 places are told by stream and version, also of several streams under one key',
    run: async () => {
      const scene = await ParkedScene.open(open);
      const row = { tenant: '', key: 'row/r' };
      const [a, b] = [envelopeOf(scene.key('a'), 3), envelopeOf(scene.key('b'), 3)];
      await scene.transaction((parked) =>
        parked.park([
          { ...row, envelope: a, kept: null, cause: CAUSE },
          { ...row, envelope: b, kept: null },
        ]),
      );
      assert.equal(await scene.transaction((parked) => parked.arrived(row, b, keptOf(b))), 'parked');
      const found = (await scene.events(row)).map(({ envelope, kept }) => `${envelope.stream}${kept ? '' : '?'}`);
      assert.deepEqual(found, ['c-a?', 'c-b']);
      assert.equal(await scene.request(row), undefined);
    },
  },
];

async function withheld(open: OpenParked): Promise<{ scene: ParkedScene; key: ParkedKey }> {
  const scene = await ParkedScene.open(open);
  const key = scene.key('a');
  await scene.transaction((parked) =>
    parked.park([
      scene.event(key, 3, { kept: null, cause: CAUSE }),
      scene.event(key, 4, { kept: null }),
      scene.event(key, 5),
    ]),
  );
  return { scene, key };
}
function arrive(
  scene: ParkedScene,
  key: ParkedKey,
  n: number,
  isGivenUp = false,
): Promise<'live' | 'parked' | 'unknown'> {
  const envelope = envelopeOf(key, n);
  return scene.transaction((parked) => parked.arrived(key, envelope, isGivenUp ? null : keptOf(envelope)));
}
