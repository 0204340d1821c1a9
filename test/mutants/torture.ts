import { appendMutants } from './appends.ts';
import { logVisibilityMutants } from './log-visibility.ts';
import type { Mutant } from './mutant.ts';
import { storeMutants } from './store.ts';
import { subscriptionsMutants } from './subscriptions.ts';

const CHAOS = 'test/chaos/log/log-chaos.test.ts';
const PROGRAMS = 'packages/postgres/test/log-programs.int.test.ts';

/** Breaks that other tests find on purpose, and that these must find though they do not look for them: whether they look at everything. */
const FOUND_BY: Readonly<Record<string, readonly string[]>> = {
  'L1-position-cursor': [CHAOS, PROGRAMS],
  'L1-running-left-out': [CHAOS, PROGRAMS],
  'L1-window-cut-by-limit': [CHAOS, PROGRAMS],
  'L3-xmin-and-position': [CHAOS, PROGRAMS],
  'L4-order-by-xid': [CHAOS, PROGRAMS],
  'L7-head-not-locked': [CHAOS],
  'L7-twins-do-nothing': [CHAOS],
  'L9-drawn-before-the-check': [CHAOS],
  'L12-drawn-before-the-lock': [CHAOS],
  'L17-own-id-unnoticed': [CHAOS],
  'L18-boundary-not-cut': [CHAOS],
  'relay-saves-after-the-send': [CHAOS],
  'log-pins-nothing': [CHAOS],
  'same-call-is-a-conflict': [CHAOS],
  'key-of-another-given-back': [CHAOS],
  'reply-overlooked': [CHAOS],
};

const known = new Map(
  [...appendMutants, ...logVisibilityMutants, ...storeMutants, ...subscriptionsMutants].map((each) => [each.id, each]),
);

/** The planted bugs that the torture of the log and random programs on it must find. */
export const tortureMutants: readonly Mutant[] = Object.entries(FOUND_BY).flatMap(([id, tests]) => {
  const mutant = known.get(id);
  if (mutant === undefined) throw new RangeError(`there is no mutant ${id} for the torture to find`);
  const { title, file, find, replace } = mutant;
  return tests.map((test) => ({
    id: `${test === CHAOS ? 'torture' : 'programs'}-${id}`,
    title,
    file,
    find,
    replace,
    test,
  }));
});
