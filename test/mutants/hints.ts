import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';

/** Breaks of the hints that processes give each other. */
export const hintMutants: readonly Mutant[] = [
  {
    id: 'hints-trust-any-listener',
    title: 'a connection that listens counts as one that hears',
    file: `${SOURCES}/log/listener.ts`,
    find: 'if (!(await this.#hears(halt))) return;',
    replace: '',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'where notifications do not arrive, as through a pooler in transaction mode, nobody relies on them',
  },
  {
    id: 'hints-lost-in-silence',
    title: 'readers are not told that the connection which hears was lost',
    file: `${SOURCES}/log/listener.ts`,
    find: 'if (!isHearing) this.#wake.signal();',
    replace: '',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'a connection that is lost is noticed at once: readers look by themselves, until another one hears',
  },
  {
    id: 'hints-hold-up-the-end',
    title: 'a connection that is asked for, or does not answer, is waited for at a stop',
    file: `${SOURCES}/log/listener.ts`,
    find: 'return await Promise.race([work, promise]);',
    replace: 'return await work;',
    test: `${SOURCES}/log/listener.test.ts`,
    testName: 'holds nobody up who stops',
  },
  {
    id: 'hints-keep-a-pool-from-ending',
    title: 'a pool that its owner ends has the connection that listens back at the next probe only',
    file: `${SOURCES}/log/listener.ts`,
    find: '.ending === true',
    replace: '.ending === 1',
    test: `${SOURCES}/log/listener.test.ts`,
    testName: 'a pool that its owner ends has the connection back',
  },
  {
    id: 'hints-by-probes',
    title: 'a process that asks whether it hears wakes the readers of all others',
    file: `${SOURCES}/log/announcer.ts`,
    find: "return payload[length] === APPENDED ? 'other' : undefined;",
    replace: "return 'other';",
    test: `${SOURCES}/log/announcer.test.ts`,
    testName: 'who asks whether it hears wakes nobody else',
  },
  {
    id: 'hints-for-each-append',
    title: 'each append sends a notification of its own',
    file: `${SOURCES}/log/announcer.ts`,
    find: 'if (!this.#isUnderWay) void this.#send();',
    replace: 'void this.#send();',
    test: `${SOURCES}/log/announcer.test.ts`,
    testName: 'what is appended while a notification is under way is told by one more, however much it is',
  },
  {
    id: 'hints-not-for-callers',
    title: 'an append in a transaction of the caller’s is not hinted',
    file: `${SOURCES}/store/connection.ts`,
    find: '    outside: () => (work) => db.session(work),\n    appended,',
    replace: '    outside: () => (work) => db.session(work),\n    appended: () => undefined,',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'an append in a transaction of the caller’s is found soon after it commits',
  },
];
