import { memory } from '@leftfold/memory';
import type { Versions } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { versionsConformance } from './versions-conformance.ts';

type Break = (right: Versions) => Partial<Versions>;

/** What must not be, as a change of an adapter that is right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [Break, string] } = {
  'what passes is live, held or not': [
    (right) => ({
      passed: async (follower) => ((await right.set(follower, 'live')) ? 'live' : undefined),
    }),
    'one that is held does not become live by itself, also when it is the first; by hand it does',
  ],
  'one that is held is held no more when its tables are made': [
    (right) => ({ register: (tables) => right.register(tables) }),
    'one that was registered to become live by itself may be held afterwards, until it is live',
  ],
  'one that nobody registered is there once somebody asks': [
    (right) => ({ following: async (follower) => (await right.following(follower)) ?? 'building' }),
    'of one that nobody registered nothing is said, and nothing changes',
  ],
  'everybody reads the version of his own code': [
    () => ({ bound: async ({ version }) => version }),
    'queries read the newest live version with the columns that their code knows, and no other',
  ],
  'one that is built has just begun to be': [
    (right) => {
      let looks = 0;
      return {
        list: async (projection) =>
          (await right.list(projection)).map((one) => ({ ...one, since: new Date((looks += 1)) })),
      };
    },
    'since when it is in its state is noted when that changes, and then alone',
  ],
};

for (const [name, [change, title]] of Object.entries(BREAKS)) {
  test(`the suite catches an adapter in which ${name}: "${title}"`, async () => {
    const { checkpoints, readModels, versions: right } = memory();
    const versions: Versions = {
      register: (...given) => right.register(...given),
      following: (follower) => right.following(follower),
      passed: (follower) => right.passed(follower),
      set: (...given) => right.set(...given),
      list: (projection) => right.list(projection),
      bound: (tables) => right.bound(tables),
      ...change(right),
    };
    const caught = versionsConformance(() => ({ checkpoints, readModels, versions })).find(
      (one) => one.title === title,
    );
    await expect(caught?.run()).rejects.toBeInstanceOf(Error);
  });
}
