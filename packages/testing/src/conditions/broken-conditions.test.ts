import { memory } from '@leftfold/memory';
import type { Conditions, FollowerId, LaneCondition } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { conditionsConformance } from './conditions-conformance.ts';

type Break = (right: Conditions) => Partial<Conditions>;
const anyone = 'whoever has it';

/** What must not be, as a change of an adapter that is right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [Break, string] } = {
  'the last word counts, whoever says it': [
    (right) => {
      const said = new Map<string, LaneCondition>();
      const nameOf = ({ name, version }: FollowerId): string => `${name} ${version}`;
      return {
        note: async (follower, [condition]) => {
          if (condition) said.set(nameOf(follower), { ...condition, notedAt: new Date() });
        },
        of: async (followers) =>
          (await right.of(followers)).map((one, n) => {
            const last = said.get(nameOf(followers[n] as FollowerId));
            return { ...one, lanes: last ? [last] : [] };
          }),
      };
    },
    'of a lane that another living process has claimed since nobody else says anything; when that one is gone anybody may',
  ],
  'whoever asks for it takes a condition back': [
    (right) => ({ clear: async (follower, lanes) => right.clear(follower, lanes, 'new') }),
    'of a lane that another living process has claimed since nobody else says anything; when that one is gone anybody may',
  ],
  'what is cleared stays': [
    () => ({ clear: async () => undefined }),
    'what was noted of a lane last is what is told of it, as it was said, by lane; what is cleared is gone',
  ],
  'any process runs any follower': [
    (right) => ({ of: async (followers) => (await right.of(followers)).map((one) => ({ ...one, members: [anyone] })) }),
    'of each follower it is told which processes run it, in the order asked; of one that nobody knows none',
  ],
};

for (const [name, [change, title]] of Object.entries(BREAKS)) {
  test(`the suite catches an adapter in which ${name}: "${title}"`, async () => {
    const { checkpoints, conditions: right } = memory();
    const conditions: Conditions = {
      note: (...given) => right.note(...given),
      clear: (...given) => right.clear(...given),
      of: (followers) => right.of(followers),
      ...change(right),
    };
    const caught = conditionsConformance(() => ({ checkpoints, conditions })).find((one) => one.title === title);
    await expect(caught?.run()).rejects.toBeInstanceOf(Error);
  });
}
