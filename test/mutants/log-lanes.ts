import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';

/** Breaks of the lanes in which the log is read. */
export const logLanesMutants: readonly Mutant[] = [
  {
    id: 'log-lanes-of-another-number',
    title: 'a cursor of another number of lanes is followed',
    file: `${SOURCES}/log/log-place.ts`,
    find: 'if (saved.of === lanes) return;',
    replace: 'if (saved.of > 0) return;',
    test: `${SOURCES}/log/log-place.test.ts`,
    testName: 'a place of one of several lanes',
  },
  {
    id: 'log-lanes-wait-for-all',
    title: 'lanes that stand together wait for each other, however long it takes',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const PATIENCE_MS = 20;',
    replace: 'const PATIENCE_MS = 1_000_000;',
    test: `${SOURCES}/log/lane-bundles.test.ts`,
    testName: 'who waits is not held up for long',
  },
  {
    id: 'log-lanes-never-meet',
    title: 'a lane that is behind passes by the place where the others are',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const ahead = this.#placeAhead(bundle, window);',
    replace: 'const ahead = undefined as Standing | undefined;',
    test: `${SOURCES}/log/lane-bundles.test.ts`,
    testName: 'a lane that comes late to a long way',
  },
  {
    id: 'log-lanes-skip-to-the-end',
    title: 'a page that ends where other lanes stand is taken for the last of its window',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'const end = isLast ? filter.upTo : last.position;',
    replace: 'const end = isLast ? undefined : last.position;',
    test: `${TESTS}/log-lanes-random.int.test.ts`,
    testName: 'lanes that are slow, reject and come again',
  },
  {
    id: 'log-lanes-half-a-page',
    title: 'the first of several batches of a page says that it ends where the page does',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const end = i + size >= records.length ? to :',
    replace: 'const end = i >= 0 ? to :',
    test: `${TESTS}/log-lanes-random.int.test.ts`,
    testName: 'lanes that are slow, reject and come again',
  },
  {
    id: 'follower-lanes-begin-unasked',
    title: 'a lane without a place begins at the start, whatever the first lane says',
    file: 'packages/subscriptions/src/following/lane-division.ts',
    find: "if (first !== 'start') return division.check(first);",
    replace: 'return;',
    test: `${TESTS}/log-lanes.int.test.ts`,
    testName: 'a follower that was begun with one lane is refused',
  },
  {
    id: 'relay-lanes-share-partitions',
    title: 'lanes that do not divide the partitions are not refused',
    file: 'packages/subscriptions/src/relay/relay-ledger.ts',
    find: 'if (count % lanes === 0) continue;',
    replace: 'if (count > 0) continue;',
    test: 'packages/memory/test/lanes.test.ts',
    testName: 'a relay refuses',
  },
];
