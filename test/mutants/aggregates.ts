import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/core/src';
const TESTS = 'packages/memory/test';

/** Breaks of loading: snapshots of states, and states kept in memory. */
export const aggregatesMutants: readonly Mutant[] = [
  {
    id: 'snapshot-of-another-version',
    title: "a fold's version is no part of its snapshots' key",
    file: `${SOURCES}/snapshot-definition.ts`,
    find: 'JSON.stringify([version, JSON.stringify(state.avro), ...events])',
    replace: 'JSON.stringify([JSON.stringify(state.avro), ...events])',
    test: `${TESTS}/snapshots.test.ts`,
    testName: 'when its version was raised',
  },
  {
    id: 'snapshot-of-other-events',
    title: "the events' schemas are no part of a snapshot's key",
    file: `${SOURCES}/snapshot-definition.ts`,
    find: 'JSON.stringify([version, JSON.stringify(state.avro), ...events])',
    replace: 'JSON.stringify([version, JSON.stringify(state.avro)])',
    test: `${TESTS}/snapshots.test.ts`,
    testName: 'when its version was raised',
  },
  {
    id: 'snapshot-of-another-history',
    title: 'whether a stream holds the last event of a snapshot is not looked at',
    file: `${SOURCES}/load-aggregate.ts`,
    find: 'else if (stored.id !== lastEvent || stored.streamVersion !== version) return undefined;',
    replace: 'else if (stored.streamVersion !== version) return undefined;',
    test: `${TESTS}/state-cache.test.ts`,
    testName: 'of a stream with another history is dropped',
  },
  {
    id: 'cache-answers-unread',
    title: "a cached state is handed out without a look at its stream's end",
    file: `${SOURCES}/load-aggregate.ts`,
    find: 'const seen = (known && (await foldFrom(known, stream, signal)))',
    replace: 'const seen = cache?.get(key) ?? (known && (await foldFrom(known, stream, signal)))',
    test: `${TESTS}/state-cache.test.ts`,
    testName: 'is never older than what another process has written',
  },
  {
    id: 'snapshot-delays-its-command',
    title: 'a command waits for the snapshot that it takes',
    file: `${SOURCES}/load-aggregate.ts`,
    find: 'if (isDue) snapshots?.take(stream, next);',
    replace: 'if (isDue && cache === undefined) throw new Error("not taken");',
    test: `${TESTS}/snapshots.test.ts`,
    testName: 'is taken when the stream passes a multiple of every',
  },
];
