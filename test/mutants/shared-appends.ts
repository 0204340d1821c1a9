import type { Mutant } from './mutant.ts';

const STORE = 'packages/postgres/src/store';
const TESTS = 'packages/postgres/test';
const SHARED = `${TESTS}/grouped-appends.int.test.ts`;
const QUEUE = `${STORE}/append-queue.test.ts`;

/** Breaks of appends that queue up and share a statement. */
export const sharedAppendsMutants: readonly Mutant[] = [
  {
    id: 'shared-conflict-refuses-all',
    title: 'one conflict undoes all that share its statement, and none is sent alone',
    file: `${STORE}/append-queue.ts`,
    find: "if (answer === 'alone') this.#return(turn);",
    replace: "if (answers.includes('alone')) this.#fail(turn, new Error('one of these was refused'), sending.next);",
    test: SHARED,
    testName: "one conflict among those that share is that one's alone",
  },
  {
    id: 'shared-stream-twice',
    title: 'two appends of one stream share a statement',
    file: `${STORE}/append-lines.ts`,
    find: '        isFirst = false;\n',
    replace: '',
    test: QUEUE,
    testName: 'a stream is under way once',
  },
  {
    id: 'L22-no-lock-timeout',
    title: 'a shared statement waits as long as one alone for a stream that a stranger is making',
    file: `${STORE}/shared-append-statement.ts`,
    find: 'const ms = Math.min(SHARED_LOCK_TIMEOUT_MS, lockTimeoutMs);',
    replace: 'const ms = (lockTimeoutMs + SHARED_LOCK_TIMEOUT_MS) * 1_000;',
    test: SHARED,
    testName: 'L22',
  },
  {
    id: 'L22-held-streams-waited-for',
    title: 'a shared statement waits for the stream that a stranger holds',
    file: `${STORE}/shared-append-statement.ts`,
    find: 'limit 1 for update skip locked',
    replace: 'limit 1 for update',
    test: SHARED,
    testName: 'L22 those who share a statement with streams that exist',
  },
  {
    id: 'L22-those-alone-keep-their-room',
    title: 'one that was sent alone and waits for a lock keeps the others out',
    file: `${STORE}/append-lanes.ts`,
    find: "sending.as = 'apart';",
    replace: 'sending.isOld = true;',
    test: QUEUE,
    testName: 'L22 one sent alone that waits for a lock leaves its room to others',
  },
  {
    id: 'shared-follower-with-version',
    title: 'one that expects a version follows another one of its stream in their statement',
    file: `${STORE}/append-turn.ts`,
    find: "mine?.expect === 'any' || mine?.expect === 'present'",
    replace: 'mine !== undefined',
    test: QUEUE,
    testName: 'who expects no version may follow another one of his stream',
  },
  {
    id: 'shared-abort-ignored',
    title: 'an append that waits is not given up when its caller aborts',
    file: `${STORE}/append-queue.ts`,
    find: "signal.addEventListener('abort', turn.abort, { once: true });",
    replace: '',
    test: QUEUE,
    testName: 'aborting rejects at once what waits',
  },
  {
    id: 'shared-overtaking',
    title: 'whoever waited for his stream has to wait behind all who came after him',
    file: `${STORE}/append-queue.ts`,
    find: 'this.#ready.splice(this.#ready.findLastIndex(({ number }) => number < turn.number) + 1, 0, turn);',
    replace: 'this.#ready.push(turn);',
    test: QUEUE,
    testName: 'a stream is under way once: who waits for it keeps his place',
  },
  {
    id: 'shared-queue-without-end',
    title: 'however much waits, one more is taken',
    file: `${STORE}/append-queue.ts`,
    find: 'if (!goesAtOnce) this.#refuseBeyondLimits(turn);',
    replace: '',
    test: QUEUE,
    testName: 'the queue is bounded by number and by size',
  },
  {
    id: 'shared-loss-guessed',
    title: 'what a group lost around its commit is sent again as if it had never been',
    file: `${STORE}/append-queue.ts`,
    find: "else if ('lost' in answer) this.#return(turn, answer.lost);",
    replace: "else if ('lost' in answer) this.#return(turn);",
    test: QUEUE,
    testName: 'one that a group lost around its commit is resolved alone',
  },
  {
    id: 'L9-drawn-by-those-that-share',
    title: 'events of a refused append draw positions before they are left out',
    file: `${STORE}/shared-append-statement.ts`,
    find: 'where ${timeout}\n',
    replace: "where ${timeout} and (select nextval('${schema}.position')) > 0\n",
    test: SHARED,
    testName: 'L9 those among many that are refused draw no position',
  },
];
