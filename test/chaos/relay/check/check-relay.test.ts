import { describe, expect, test } from 'vitest';
import type { Line, RelayHistory, StoredEvent, StoredRecord } from '../history.ts';
import { checkRelay } from './check-relay.ts';

const event = (id: string, stream: string, version: number, differently: Partial<StoredEvent> = {}): StoredEvent => ({
  id,
  stream,
  version,
  tenant: '',
  topic: 't',
  payload: `{"what":"${id}"}`,
  ...differently,
});
const record = (
  offset: number,
  of: StoredEvent,
  sequence: number,
  differently: Partial<StoredRecord> = {},
): StoredRecord => ({
  topic: of.topic ?? 't',
  partition: 0,
  offset,
  id: of.id,
  tenant: of.tenant,
  stream: of.stream,
  version: of.version,
  log: 'l',
  generation: 1,
  began: 1,
  sequence,
  value: of.payload,
  isWithheld: false,
  ...differently,
});
const line = (told: Parameters<typeof Object.assign>[0]): Line => ({ at: 1, process: 'writer', ...told }) as Line;

const [a1, a2, b1, b2, c1] = [
  event('a1', 'a', 1),
  event('a2', 'a', 2),
  event('b1', 'b', 1),
  event('b2', 'b', 2),
  event('c1', 'c', 1),
];
const secret = event('s1', 's', 1, { topic: null });

/** Two partitions; one of them has a re-send of two records. */
function soundHistory(): RelayHistory {
  return {
    told: [line({ op: 'acknowledged', ids: ['a1', 'a2', 's1'] })],
    events: [a1, b1, a2, b2, c1, secret],
    records: [
      record(0, a1, 1),
      record(1, b1, 2),
      record(2, a1, 1),
      record(3, b1, 2),
      record(4, a2, 3),
      record(5, b2, 4),
      record(0, c1, 1, { partition: 1 }),
    ],
    confirmed: [
      { topic: 't', partition: 0, next: 5 },
      { topic: 't', partition: 1, next: 2 },
      { topic: 't', partition: 1, next: 1 },
    ],
    pointed: [{ topic: 't', partition: 0, next: 3, offset: 3, log: 'l', generation: 1 }],
  };
}
const invariantsOf = (change: Partial<RelayHistory>): readonly string[] => [
  ...new Set(checkRelay({ ...soundHistory(), ...change }).violations.map(({ invariant }) => invariant)),
];
/** The sound topics with other records in partition 0. */
const partition0 = (...records: readonly StoredRecord[]): Partial<RelayHistory> => ({
  records: [...records, record(0, c1, 1, { partition: 1 })],
});

test('a sound history has nothing to say, and its re-sends are counted', () => {
  expect(checkRelay(soundHistory())).toEqual({ violations: [], resends: 2 });
});

describe('what is in the topics', () => {
  test('an event that was never sent is missing', () => {
    expect(invariantsOf(partition0(record(0, a1, 1), record(1, b1, 2), record(2, b2, 3)))).toContain('missing');
  });
  test('an acknowledged event that the log does not have is lost', () => {
    expect(invariantsOf({ told: [line({ op: 'acknowledged', ids: ['gone'] })] })).toEqual(['lost']);
  });
  test('a record of no event is a phantom', () => {
    expect(invariantsOf({ events: [a1, a2, b1, b2, secret] })).toEqual(['phantom']);
  });
  test('an event that is for no topic is misrouted in any', () => {
    const records = [...soundHistory().records, record(6, secret, 5)];
    expect(invariantsOf({ records })).toContain('misrouted');
  });
  test.each<[string, Partial<StoredRecord>]>([
    ['another version', { version: 9 }],
    ['another stream', { stream: 'z' }],
    ['another tenant’s payload', { value: '{"what":"a1"}' }],
  ])('a record with %s is altered', (_, differently) => {
    const records = soundHistory().records.map((each) => (each.id === 'b2' ? { ...each, ...differently } : each));
    expect(invariantsOf({ records })).toContain('altered');
  });
  test('a record that stands for an event nobody refused is withheld', () => {
    const records = soundHistory().records.map((each) => ({ ...each, isWithheld: each.id === 'b2' }));
    expect(invariantsOf({ records })).toEqual(['withheld']);
  });
});

describe('numbers', () => {
  test('one that is left out is a gap', () => {
    const records = soundHistory().records.filter(({ id, partition }) => id !== 'a2' || partition === 1);
    expect(invariantsOf({ records, events: [a1, b1, b2, c1, secret] })).toContain('gap');
  });
  test('one of two events is reused', () => {
    expect(invariantsOf(partition0(record(0, a1, 1), record(1, b1, 1), record(2, a2, 2), record(3, b2, 3)))).toContain(
      'reused',
    );
  });
  test('an event that is sent again as a new one is renumbered', () => {
    const records = [record(0, a1, 1), record(1, b1, 2), record(2, a2, 3), record(3, b2, 4), record(4, b2, 5)];
    expect(invariantsOf(partition0(...records))).toContain('renumbered');
  });
  test('each generation begins at its own mark', () => {
    const records = [...soundHistory().records, record(6, event('a3', 'a', 3), 3, { generation: 2, began: 3 })];
    expect(invariantsOf({ records, events: [...soundHistory().events, event('a3', 'a', 3)] })).toEqual([]);
  });
});

describe('order', () => {
  test('a version before an earlier one is an inversion', () => {
    expect(invariantsOf(partition0(record(0, a2, 1), record(1, a1, 2), record(2, b1, 3), record(3, b2, 4)))).toEqual([
      'order',
      'milestone',
    ]);
  });
  test('a stream in two partitions is split', () => {
    const records = [record(0, a1, 1), record(1, b1, 2), record(2, b2, 3), record(0, c1, 1, { partition: 1 })];
    expect(invariantsOf({ records: [...records, record(1, a2, 2, { partition: 1 })] })).toContain('split');
  });
});

describe('what the relay says of itself', () => {
  test.each([4, 6])('a row that goes on with %i, of 4 sent, does not agree', (next) => {
    expect(
      invariantsOf({
        confirmed: [
          { topic: 't', partition: 0, next },
          { topic: 't', partition: 1, next: 2 },
        ],
      }),
    ).toEqual(['confirmed']);
  });
  test('a partition that no row knows does not agree', () => {
    expect(invariantsOf({ confirmed: [{ topic: 't', partition: 0, next: 5 }] })).toEqual(['confirmed']);
  });
  test.each([
    ['beyond a record that it promises', { next: 3, offset: 5 }],
    ['for numbers that were never sent', { next: 7, offset: 6 }],
  ])('a milestone that points %s is wrong', (_, where) => {
    expect(invariantsOf({ pointed: [{ topic: 't', partition: 0, log: 'l', generation: 1, ...where }] })).toEqual([
      'milestone',
    ]);
  });
  test('whatever a process calls broken is', () => {
    expect(invariantsOf({ told: [line({ op: 'broken', what: 'it stopped' })] })).toEqual(['broken']);
  });
});
