import { memory } from '@leftfold/memory';
import type { Checkpoints, Withheld } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { withheldConformance } from './withheld-conformance.ts';

let tick = 0;
/** What must not be, as a wrapper around an adapter that is right; and a case that must see it. */
const BREAKS: {
  readonly [name: string]: readonly [(withheld: Withheld, checkpoints: Checkpoints) => Partial<Withheld>, string];
} = {
  'the epoch is not checked when an event is noted': [
    (withheld, checkpoints) => ({
      withhold: async (claim, events) => {
        const [row] = (await checkpoints.list(claim.follower)).filter(({ lane }) => lane === claim.lane);
        return withheld.withhold({ ...claim, epoch: row?.epoch ?? claim.epoch }, events);
      },
    }),
    'R4 R15 an owner that was succeeded notes nothing and settles nothing',
  ],
  'an attempt is counted when a window is sent again': [
    (withheld) => ({
      withhold: (claim, events) =>
        withheld.withhold(
          claim,
          events.map((event) => ({ ...event, sequence: event.sequence + (tick += 100) })),
        ),
    }),
    'R15 what is noted again under the same number, as after a crash, stays as it is',
  ],
  'a refusal clears whatever was requested': [
    (withheld) => ({
      withhold: async (claim, events) => {
        const [first] = events;
        const [row] = first ? await withheld.events(first, { limit: 1 }) : [];
        return withheld.withhold(claim, events, row?.request);
      },
    }),
    'R15 a request that was made while the one before it was carried out stays when that is refused',
  ],
  'a request may be put on any event': [
    (withheld) => ({ request: (key, { streamVersion: _, ...request }) => withheld.request(key, request) }),
    'R15 nothing is asked of a key that is not withheld, or of another event than its first',
  ],
  'nothing is carried over': [
    (withheld) => ({
      settle: (claim, key, settled, options) => withheld.settle(claim, key, settled, { ...options, goesOn: false }),
    }),
    'R15 settling goes on with the next event of the key, once, or does not',
  ],
  'history is cleared away': [
    (withheld) => ({
      events: async (key, options) => (await withheld.events(key, options)).filter(({ state }) => state === 'withheld'),
    }),
    'R15 what is settled keeps its history, with the request that was carried out, and the answer is the first that is still withheld',
  ],
};

for (const [name, [breaks, title]] of Object.entries(BREAKS)) {
  test(`the suite catches an adapter in which ${name}: "${title}"`, async () => {
    const { checkpoints, withheld } = memory();
    const broken = new Proxy(withheld, {
      get: (target, method: keyof Withheld) => breaks(target, checkpoints)[method] ?? target[method].bind(target),
    });
    const caught = withheldConformance(() => ({ checkpoints, withheld: broken })).find((one) => one.title === title);
    await expect(caught?.run()).rejects.toBeInstanceOf(Error);
  });
}
