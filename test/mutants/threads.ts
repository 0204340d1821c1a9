import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/kafka/src/threads';
const TEST = 'packages/kafka/test/threads.int.test.ts';

/** Breaks of publishing in threads. */
export const threadsMutants: readonly Mutant[] = [
  {
    id: 'threads-believe-the-dead',
    title: 'R5 what a thread had under way when it died counts as written',
    file: `${SOURCES}/publish-thread.ts`,
    find: "kind: 'unknown', cause }));",
    replace: "kind: 'written' }));",
    test: TEST,
    testName: 'R5 what a thread had under way when it died is unknown, never written',
  },
  {
    id: 'threads-count-nothing',
    title: 'the producer that goes with its thread is counted nowhere',
    file: `${SOURCES}/publish-thread.ts`,
    find: 'this.replacements(known) + 1',
    replace: 'this.replacements(known)',
    test: TEST,
    testName: 'R5 what a thread had under way when it died is unknown, never written',
  },
  {
    id: 'threads-share-partitions',
    title: 'R1 records of one partition go through whichever thread is next',
    file: `${SOURCES}/publish-threads.ts`,
    find: '(((Math.trunc(partition) || 0) % length) + length) % length',
    replace: 'partition < length * 10_000 ? this.#next++ % length : 0',
    test: TEST,
    testName: 'R1 records of a partition keep their order over many publishes in four threads',
  },
  {
    id: 'threads-stay-behind',
    title: 'threads go on when their last publisher is closed',
    file: `${SOURCES}/publish-threads.ts`,
    find: 'if (this.#publishers.size === 0)',
    replace: 'if (this.#publishers.size < 0)',
    test: TEST,
    testName:
      'threads begin with the first publish, are shared by the publishers of a broker, and end with the last of them',
  },
  {
    id: 'threads-forget-header-order',
    title: 'names of headers are taken from the first record of a batch',
    file: `${SOURCES}/packed-records.ts`,
    find: 'one.length === own.length && one.every((name, nth) => name === own[nth])',
    replace: 'one.length === own.length',
    test: `${SOURCES}/packed-records.test.ts`,
  },
];
