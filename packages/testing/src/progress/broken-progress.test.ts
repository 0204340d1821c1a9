import { AssertionError } from 'node:assert';
import { memory } from '@leftfold/memory';
import type { Progress } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { conformanceTopic } from '../event-store/conformance-topic.ts';
import { progressConformance } from './progress-conformance.ts';

/** What must not be, as a change of an adapter that is right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(right: Progress) => Partial<Progress>, string] } = {
  'a place is beyond whatever is asked for': [
    () => ({ laneBeyond: (places) => [...places.keys()][0] }),
    'C14 a place is beyond a transaction when all of it was dealt with there, and never before',
  ],
  'any lane’s place will do': [
    (right) => ({
      laneBeyond: (places, written) =>
        [0, 1, 2, 3].map((hash) => right.laneBeyond(places, { ...written, hash })).find((lane) => lane !== undefined),
    }),
    'C14 the place of the stream’s own lane says it, and no other lane’s',
  ],
  'what is withheld counts as applied': [
    () => ({ parked: async (_, transactions) => new Set(transactions.slice(0, 1)) }),
    'C14 of a transaction of which an event is parked, waits behind one, or is withheld, that is told, of this follower alone',
  ],
  'followers are told in an order of its own': [
    (right) => ({
      look: async (question) => {
        const { followers, ...look } = await right.look(question);
        return { ...look, followers: followers.toReversed() };
      },
    }),
    'of each follower all lanes are told as they stand, in the order asked; of one that nobody knows none',
  ],
  'an id of the future is one of the past': [
    (right) => ({
      look: async (question) => {
        const look = await right.look(question);
        const all = question.transactions.map((id) => [id, { isOver: true, events: [] }] as const);
        return { ...look, transactions: new Map([...all, ...look.transactions]) };
      },
    }),
    'each transaction is told of by itself, and of no other; one that the log has not given out is not told of',
  ],
};

for (const [name, [change, title]] of Object.entries(BREAKS)) {
  test(`the suite catches an adapter in which ${name}: "${title}"`, async () => {
    const broken = (lanes: number): ReturnType<typeof memory> => {
      const storage = memory({ topic: conformanceTopic, lanes });
      const { progress } = storage;
      const right = Object.create(progress) as Progress;
      const bound: Progress = {
        look: (question) => progress.look(question),
        laneBeyond: (places, written) => progress.laneBeyond(places, written),
        parked: (follower, transactions) => progress.parked(follower, transactions),
      };
      return { ...storage, progress: Object.assign(right, bound, change(bound)) };
    };
    const suite = progressConformance({ storage: () => broken(1), lanes: broken });
    const found = suite.find((one) => one.title === title);
    await expect(found?.run()).rejects.toBeInstanceOf(AssertionError);
  });
}
