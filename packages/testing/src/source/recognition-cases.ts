import assert from 'node:assert/strict';
import type { PublishRecord } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import type { CaseReader } from './case-reader.ts';
import type { MakeCase, SourceCase } from './source-case.ts';
import { idsOfRun, laneOf, stamped, stampedRun } from './stamped-records.ts';

const OTHER_LOG = '01990000-0000-7000-8000-0000000000c1';
/** What was dealt with of each partition, before one of these came; each partition goes through another one. */
const DEALT_WITH = 10;
/** In a lossy fail-over generation 2 went on from what was left; the reader of the last partition has seen it begin. */
const RECOGNISED: readonly {
  readonly what: string;
  readonly before?: (topic: string, partition: number) => readonly PublishRecord[];
  readonly then: (topic: string, partition: number) => readonly PublishRecord[];
  /** Of the last record that is applied then. */
  readonly applied: number;
  readonly code?: string;
}[] = [
  {
    what: 'what was dealt with is dropped, whatever its bytes and its schema’s text are by now (R14)',
    then: (topic, partition) => stampedRun(topic, partition, 1, 10, { note: 'other bytes', fingerprint: 'beef' }),
    applied: 10,
  },
  {
    what: 'the next is applied, also one of the next generation',
    then: (topic, partition) => [
      ...stampedRun(topic, partition, 11, 12),
      ...stampedRun(topic, partition, 13, 15, { stamp: { generation: 2, began: 13 } }),
      ...stampedRun(topic, partition, 11, 12),
    ],
    applied: 15,
  },
  {
    what: 'one beyond the next is a gap',
    then: (topic, partition) => stampedRun(topic, partition, 12, 14),
    applied: 10,
    code: 'LF_GAP',
  },
  {
    what: 'a generation that began at what was dealt with has lost it (R13)',
    then: (topic, partition) => stampedRun(topic, partition, 9, 14, { stamp: { generation: 2, began: 9 } }),
    applied: 10,
    code: 'LF_AHEAD_OF_LOG',
  },
  {
    what: 'a record of another log',
    then: (topic, partition) => [stamped(topic, { partition, sequence: 11, stamp: { log: OTHER_LOG } })],
    applied: 10,
    code: 'LF_OTHER_LOG',
  },
  {
    what: 'a new record of a generation that was left',
    before: (topic, partition) => [
      ...stampedRun(topic, partition, 1, 8),
      ...stampedRun(topic, partition, 9, 10, { stamp: { generation: 2, began: 9 } }),
    ],
    then: (topic, partition) => [...stampedRun(topic, partition, 8, 10), ...stampedRun(topic, partition, 11, 12)],
    applied: 10,
    code: 'LF_GENERATION_OLD',
  },
];

/** How it comes that the rest is read by whom. */
const CIRCUMSTANCES: readonly {
  readonly when: string;
  readonly goOn: (given: SourceCase, first: CaseReader, publishRest: () => Promise<void>) => Promise<CaseReader>;
}[] = [
  {
    when: 'while it reads',
    goOn: async (_given, first, publishRest) => {
      await publishRest();
      return first;
    },
  },
  {
    when: 'after a restart',
    goOn: async ({ read }, first, publishRest) => {
      await first.stop();
      await publishRest();
      return read({ places: first.places });
    },
  },
  {
    when: 'when another process takes over',
    goOn: async ({ read, until }, first, publishRest) => {
      const second = read({ places: first.places });
      await until(() => second.asked.length > 0);
      await first.stop();
      await until(() => new Set(second.asked).size === RECOGNISED.length);
      await publishRest();
      return second;
    },
  },
];

/** What a record is to a reader, by its number alone. */
export function recognitionCases(make: MakeCase): readonly ConformanceCase[] {
  return [
    ...CIRCUMSTANCES.map(({ when, goOn }) =>
      make(
        `R13 R14 C11b a record is known by its number ${when}: seen, next, a gap, ahead of the log, another log, an old generation`,
        RECOGNISED.length,
        async (given) => {
          const { topic, publish, read, until } = given;
          const dealtWith = RECOGNISED.flatMap(({ before }, partition) =>
            before ? before(topic, partition) : stampedRun(topic, partition, 1, DEALT_WITH),
          );
          await publish(dealtWith);
          const first = read();
          await until(() => first.places.appliedCount >= dealtWith.length);
          const reader = await goOn(given, first, () =>
            publish(RECOGNISED.flatMap(({ then }, partition) => then(topic, partition))),
          );
          for (const [partition, { what, applied, code }] of RECOGNISED.entries()) {
            const lane = laneOf(topic, partition);
            await until(() =>
              code === undefined
                ? first.places.applied(lane).length >= applied
                : [...first.faults, ...reader.faults].some((fault) => fault.lane === lane && fault.isFinal),
            );
            assert.equal(reader.codeOf(lane) ?? first.codeOf(lane), code, what);
            assert.deepEqual(first.places.applied(lane), idsOfRun(partition, 1, applied), what);
          }
          // A lane that stands still leaves the others alone.
          await publish(stampedRun(topic, 1, 16, 20, { stamp: { generation: 2, began: 13 } }));
          await until(() => first.places.applied(laneOf(topic, 1)).length >= 20);
          assert.deepEqual(first.places.applied(laneOf(topic, 0)), idsOfRun(0, 1, 10));
        },
      ),
    ),
    make('C11 a reader without a place that does not get the first record stops', 2, async (given) => {
      const { topic, publish, read, until } = given;
      await publish([...stampedRun(topic, 0, 101, 110), ...stampedRun(topic, 1, 1, 5)]);
      const reader = read();
      await until(() => reader.codeOf(laneOf(topic, 0)) !== undefined && reader.places.appliedCount >= 5);
      assert.equal(reader.codeOf(laneOf(topic, 0)), 'LF_RETENTION_PASSED');
      assert.deepEqual(reader.places.applied(laneOf(topic, 0)), []);
    }),
    make('a record that no relay wrote stops its lane after what stands before it, and no other', 2, async (given) => {
      const { topic, publish, read, until } = given;
      const [strange] = stampedRun(topic, 0, 3, 3);
      assert.ok(strange);
      await publish([
        ...stampedRun(topic, 0, 1, 2),
        { ...strange, headers: {} },
        ...stampedRun(topic, 0, 3, 5),
        ...stampedRun(topic, 1, 1, 5),
      ]);
      const reader = read();
      const lane = laneOf(topic, 0);
      await until(() => reader.codeOf(lane) !== undefined && reader.places.applied(laneOf(topic, 1)).length === 5);
      assert.equal(reader.codeOf(lane), 'LF_RECORD_UNDECODABLE');
      assert.deepEqual(reader.places.applied(lane), idsOfRun(0, 1, 2));
    }),
  ];
}
