import type { Mutant } from './mutant.ts';

const INLINE = 'packages/subscriptions/src/inline';
const POSTGRES = 'packages/postgres/src';
const BEHAVIOUR = 'packages/postgres/test/inline.int.test.ts';
const SOURCES = 'packages/postgres/test/inline-sources.int.test.ts';
const FAULTS = 'packages/postgres/test/inline-faults.int.test.ts';
const MEMORY = 'packages/testing/src/inline/inline-conformance.test.ts';

/** Breaks of projections inside appends. */
export const inlineMutants: readonly Mutant[] = [
  {
    id: 'inline-version-stays-building',
    title: 'a later version that appends feed whole is never released',
    file: `${INLINE}/inline-projections.ts`,
    find: "if (order === 'any' && state === 'building')",
    replace: "if (order !== 'any' && state !== 'building')",
    test: MEMORY,
    testName: 'a later version is live at once',
  },
  {
    id: 'inline-missed-events-left-out',
    title: 'a row that is behind its stream is folded on from where it stands',
    file: `${INLINE}/apply-inline.ts`,
    find: 'row.streamVersion < before ?',
    replace: 'row.streamVersion < before - before ?',
    test: SOURCES,
    testName: 'C13 whoever feeds rows of one stream',
  },
  {
    id: 'inline-missed-events-one-short',
    title: 'the last event that a row has missed is left out',
    file: `${INLINE}/apply-inline.ts`,
    find: 'upTo: before })',
    replace: 'upTo: (before - 1n) as StreamVersion })',
    test: SOURCES,
    testName: 'rows of one stream are moved from the log inside appends and back',
  },
  {
    id: 'inline-rows-not-locked',
    title: 'C13 rows are read without a lock inside an append',
    file: `${INLINE}/apply-inline.ts`,
    find: '{ lock: true }',
    replace: '{ lock: false }',
    test: FAULTS,
    testName: 'C13 many writers of many processes feed one row',
  },
  {
    id: 'inline-raced-row-told',
    title: 'C13 a row that was believed absent and is there is the caller’s trouble',
    file: `${POSTGRES}/inline/postgres-inline.ts`,
    find: 'throw error instanceof RowRaced ? new SerializationFailure(error) : error;',
    replace: 'throw error;',
    test: FAULTS,
    testName: 'C13 many writers of many processes feed one row',
  },
  {
    id: 'inline-order-of-listing',
    title: 'projections are applied in the order they are listed, so two processes lock in two orders',
    file: `${INLINE}/inline-projections.ts`,
    find: '.sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1))',
    replace: '.slice()',
    test: FAULTS,
    testName: 'L12 appends over several streams',
  },
  {
    id: 'inline-apart-from-the-append',
    title: 'rows are folded when the append is committed',
    file: `${POSTGRES}/store/direct-appends.ts`,
    find: 'return await this.#connection.together(session, async (tx) => {',
    replace: 'return await this.#connection.attempt(session, async () => {\n        const tx = session;',
    test: BEHAVIOUR,
    testName: 'an event that cannot be folded is not appended',
  },
  {
    id: 'inline-shared',
    title: 'an append that projections handle shares a statement, without them',
    file: `${POSTGRES}/store/grouped-appends.ts`,
    find: 'this.#options.inline?.concerns(written) !== true',
    replace: 'this.#options.inline?.concerns(written) !== undefined',
    also: [
      {
        file: `${POSTGRES}/store/append-pace.ts`,
        find: 'groupsOfOne: false,',
        replace: 'groupsOfOne: true,',
      },
    ],
    test: FAULTS,
    testName: 'C13 many writers of many processes feed one row',
  },
  {
    id: 'inline-idle-for-ever',
    title: 'a transaction whose client is gone before COMMIT keeps its stream',
    file: `${POSTGRES}/database.ts`,
    find: 'set local idle_in_transaction_session_timeout = ${IDLE_MS}`',
    replace: 'set local application_name = ${IDLE_MS}`',
    test: FAULTS,
    testName: 'lost at its COMMIT',
  },
  {
    id: 'inline-no-look-into-the-log',
    title: 'rows of several streams begin inside appends though the log holds events of theirs',
    file: `${INLINE}/note-inline.ts`,
    find: 'if (isAlone && !isNotedInline(saved) && (await holds())) {',
    replace: 'if (isAlone && !isNotedInline(saved) && (await holds()) && saved === undefined) {',
    test: SOURCES,
    testName: 'rows of several streams begin with their first event',
  },
  {
    id: 'inline-followers-not-fenced-off',
    title: 'C1 a follower that has claimed goes on when appends begin to feed the same rows',
    file: `${INLINE}/note-inline.ts`,
    find: 'if (isAlone) await fenceOff(',
    replace: 'if (!isAlone) await fenceOff(',
    test: SOURCES,
    testName: 'C1 a follower that',
  },
  {
    id: 'inline-followed-as-well',
    title: 'what appends feed is followed as well',
    file: `${INLINE}/inline.ts`,
    find: "return order === 'any' &&",
    replace: "return order !== 'any' &&",
    test: MEMORY,
    testName: 'rows of several streams have one source',
  },
  {
    id: 'inline-refused-but-appended',
    title: 'in memory events are written before their rows are folded',
    file: 'packages/memory/src/inline-append.ts',
    find: '    await projections.apply(tx, prepared.events.map(isolated), history);\n    const outcome = prepared.write();\n',
    replace:
      '    const outcome = prepared.write();\n    await projections.apply(tx, prepared.events.map(isolated), history);\n',
    test: MEMORY,
    testName: 'an event that cannot be folded refuses its whole call',
  },
];
