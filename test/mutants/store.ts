import type { Mutant } from './mutant.ts';

const STORE = 'packages/postgres/src/store';
const TESTS = 'packages/postgres/test';
const CONFORMANCE = `${TESTS}/event-store-conformance.int.test.ts`;
const LOST = `${TESTS}/append-connection-lost.int.test.ts`;
const KEYS = `${TESTS}/append-keys.int.test.ts`;
const WITHIN = `${TESTS}/append-within.int.test.ts`;

/** Breaks of appends that are sent twice or are in doubt, of unique keys, of parts of streams, and of a store inside a transaction of the caller's. */
export const storeMutants: readonly Mutant[] = [
  // In doubt
  {
    id: 'P2-not-sent-again',
    title: 'an append whose connection is lost is left unknown',
    file: `${STORE}/resend.ts`,
    find: 'written.length > 0 || reply !== undefined;',
    replace: 'written.length > 999 || reply !== undefined;',
    test: LOST,
    testName: 'P2 an append with an exact version whose connection is cut after it',
  },
  {
    id: 'P2-passing-conflict-told',
    title: 'a conflict is told while another sending may still be written',
    file: `${STORE}/refused-append.ts`,
    find: 'every((append) => isBeyond(append, actual));',
    replace: 'every((append) => isBeyond(append, actual) || actual >= 0n);',
    test: LOST,
    testName: 'P2 a version ahead of the stream is no answer while a sending may still arrive',
  },
  {
    id: 'P2-taken-key-told',
    title: 'a taken key is told while another sending may still be written',
    file: `${STORE}/refused-append.ts`,
    find: "if (outcome.kind === 'taken') return false;",
    replace: '',
    test: LOST,
    testName: 'P2 a key that is taken is no answer while a sending may still arrive',
  },
  {
    id: 'P2-own-reply-taken-for-anothers',
    title: 'the reply of a lost sending is told as somebody else’s',
    file: `${STORE}/direct-appends.ts`,
    find: "if (outcome.kind !== 'replied' || call.written.length === 0) return outcome;",
    replace: 'if (call.written.length >= 0) return outcome;',
    test: LOST,
    testName: 'P2 an append with a reply whose connection is cut after it',
  },
  {
    id: 'P2-any-fault-is-an-answer',
    title: 'a server that is away ends the wait',
    file: `${STORE}/resend.ts`,
    find: 'if (error instanceof LeftfoldError) return undefined;',
    replace: '',
    test: LOST,
    testName: 'P2 a server that is away for a while is waited for',
  },
  // Sent twice
  {
    id: 'same-ids-anywhere',
    title: 'events that stand at another version are taken for the same call',
    file: 'packages/core/src/already-appended.ts',
    find: 'place.version !== (expected ?? place.version)',
    replace: 'place.version < 0n',
    test: CONFORMANCE,
    testName: 'the same events at another expected version',
  },
  {
    id: 'some-ids-are-enough',
    title: 'a call of which only the first events stand in the log is taken for the same',
    file: 'packages/core/src/already-appended.ts',
    find: 'if (place?.stream !== stream.id ||',
    replace: 'if (place === undefined) break;\n      if (place.stream !== stream.id ||',
    test: CONFORMANCE,
    testName: 'only some of the events',
  },
  {
    id: 'same-call-is-a-conflict',
    title: 'nobody looks whether a refused call was written before',
    file: `${STORE}/refused-append.ts`,
    find: 'if (already !== undefined) return already;',
    replace: '',
    test: CONFORMANCE,
    testName: 'the same call again is appended already, absent at version 0',
  },
  // Unique keys
  {
    id: 'keys-in-two-phases',
    title: 'everything is given back before anything is taken, in two passes over the locks',
    file: 'packages/postgres/src/migrations/0006-unique-keys.ts',
    find: 'order by tenant collate "C", name collate "C", value collate "C", takes',
    replace: 'order by takes, tenant collate "C", name collate "C", value collate "C"',
    test: KEYS,
    testName: 'two streams that want each other’s keys do not deadlock',
  },
  {
    id: 'key-of-another-given-back',
    title: 'whoever names a key gives it back',
    file: 'packages/postgres/src/migrations/0006-unique-keys.ts',
    find: ' and k.value = c.value and k.stream_id = c.stream_id;',
    replace: ' and k.value = c.value;',
    test: CONFORMANCE,
    testName: 'taking a key that the stream holds and giving back one that it does not hold',
  },
  {
    id: 'L9-drawn-before-the-keys',
    title: 'keys are looked at after positions were drawn',
    file: `${STORE}/group-statement.ts`,
    find: ') as versions${parts.keys',
    replace: ') as versions, (select count(*) from written) as drawn${parts.keys',
    test: KEYS,
    testName: 'L9 an append whose key is taken draws no position',
  },
  // Parts of a stream
  {
    id: 'L11-hole-at-the-beginning',
    title: 'a stream without its first events is handed out backwards',
    file: `${STORE}/read-stream.ts`,
    find: 'if (backwards && next !== undefined && next > after)',
    replace: 'if (backwards && next !== undefined && next < after)',
    test: `${TESTS}/read-stream.int.test.ts`,
    testName: 'L11 backwards, too, a stream with a hole at the beginning',
  },
  {
    id: 'L11-ordered-by-text',
    title: 'a stream is ordered by the text of its versions',
    file: `${STORE}/read-stream.ts`,
    find: 'order by e.version ${',
    replace: 'order by e.version::text ${',
    test: CONFORMANCE,
    testName: 'L11 a long stream comes in pages',
  },
  // Inside a transaction of the caller's
  {
    id: 'within-by-plugins',
    title: 'a plugin of the caller’s changes what the store reads',
    file: 'packages/postgres/src/caller-session.ts',
    find: 'const bare = tx.withoutPlugins();',
    replace: 'const bare = tx as unknown as ReturnType<typeof tx.withoutPlugins>;',
    test: WITHIN,
    testName: 'within a transaction, what is appended is seen inside it at once',
  },
  {
    id: 'within-by-parsers',
    title: 'a parser of the caller’s changes what the store reads',
    file: `${STORE}/read-stream.ts`,
    find: 'e.version::text,',
    replace: 'e.version,',
    test: WITHIN,
    testName: 'the first call of a process, too',
  },
  {
    id: 'within-answers-a-conflict',
    title: 'a conflict in a transaction of the caller’s is a value',
    file: `${STORE}/caller-appends.ts`,
    find: "if (outcome.kind === 'conflict') throw",
    replace: "if (outcome.kind === 'replied') throw",
    test: CONFORMANCE,
    testName: 'a conflict is LF_CONFLICT, and does not abort the transaction',
  },
  // Sent again
  {
    id: 'L12-lost-once-is-lost',
    title: 'an append that a deadlock has undone is not sent again',
    file: `${STORE}/direct-appends.ts`,
    find: 'const ATTEMPTS = 10;',
    replace: 'const ATTEMPTS = 1;',
    test: `${TESTS}/append-serialization.int.test.ts`,
    testName: 'L12 an append that a deadlock',
  },
  {
    id: 'replies-trimmed-too-early',
    title: 'replies that still hold are trimmed',
    file: `${STORE}/reply-trimming.ts`,
    find: 'where expires_at <= clock_timestamp() order by',
    replace: "where expires_at <= clock_timestamp() + interval '2 hours' order by",
    test: `${TESTS}/trim-replies.int.test.ts`,
    testName: 'expired replies are deleted as new ones are stored',
  },
  {
    id: 'L18-commit-not-durable',
    title: 'an append leaves it at synchronous_commit off',
    file: `${STORE}/durable-commit.ts`,
    find: "set_config('synchronous_commit', 'on', true)",
    replace: "set_config('synchronous_commit', 'off', true)",
    test: `${TESTS}/log-crash.int.test.ts`,
    testName: 'L18 events of 1 streams',
  },
];
