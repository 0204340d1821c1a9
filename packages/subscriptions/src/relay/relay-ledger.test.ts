import type { Json, LogPosition } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inGeneration, ledgerOf, openLedger, stampRecords, withTopics, type RelayLedger } from './relay-ledger.ts';

const LOG = { id: 'log-1', generation: 1 };
const NEW = openLedger(null, LOG);
const event = (topic: string, hash: number): { topic: string; hash: number; position: LogPosition } => ({
  topic,
  hash,
  position: 1n as LogPosition,
});
const counts = (of: { readonly [topic: string]: number }): Map<string, number> => new Map(Object.entries(of));
const code = (of: string): unknown => expect.objectContaining({ code: of, retryable: false });

test('each partition of each topic counts for itself, from 1, in the order of the log', () => {
  const ledger = withTopics(NEW, counts({ a: 2, b: 1 }));
  const { stamped, ledger: after } = stampRecords(ledger, [event('a', 0), event('a', 3), event('b', 7), event('a', 2)]);
  expect(stamped.map(({ partition, stamp }) => [partition, stamp.sequence])).toEqual([
    [0, 1],
    [1, 1],
    [0, 1],
    [0, 2],
  ]);
  expect(after.topics).toEqual({ a: { began: [1, 1], next: [3, 2] }, b: { began: [1], next: [2] } });
  expect(ledger.topics['a']).toEqual({ began: [1, 1], next: [1, 1] });
});
test('R3 the same events from the same ledger get the same numbers, however they are cut into batches', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(2 ** 31 - 1)));
  fc.assert(
    fc.property(events, fc.nat(50), (all, cut) => {
      const records = all.map(([topic, hash]) => event(topic, hash));
      const start = withTopics(NEW, counts({ a: 3, b: 2 }));
      const whole = stampRecords(start, records);
      const first = stampRecords(start, records.slice(0, cut));
      // Saved as JSON, read back by whoever goes on.
      const saved = JSON.parse(JSON.stringify(first.ledger)) as Json;
      const second = stampRecords(openLedger(saved, LOG), records.slice(cut));
      expect([...first.stamped, ...second.stamped]).toEqual(whole.stamped);
      expect(second.ledger).toEqual(whole.ledger);
    }),
  );
});
test('R10 a topic with another number of partitions than before is refused', () => {
  const ledger = withTopics(NEW, counts({ a: 2 }));
  expect(withTopics(ledger, counts({ a: 2 }))).toBe(ledger);
  expect(() => withTopics(ledger, counts({ a: 3 }))).toThrow(code('LF_PARTITION_COUNT_CHANGED'));
  expect(() => withTopics(ledger, counts({ a: 1 }))).toThrow(code('LF_PARTITION_COUNT_CHANGED'));
});
test('R13 a new generation goes on with the numbers, and says at which it began', () => {
  const saved: RelayLedger = { v: 1, log: 'log-1', generation: 1, topics: { a: { began: [1, 1], next: [98, 5] } } };
  const ledger = inGeneration(openLedger(saved, { id: 'log-1', generation: 2 }), 2);
  const { stamped } = stampRecords(ledger, [event('a', 0), event('a', 0)]);
  expect(stamped.map(({ stamp }) => stamp)).toEqual([
    { log: 'log-1', generation: 2, began: 98, sequence: 98 },
    { log: 'log-1', generation: 2, began: 98, sequence: 99 },
  ]);
});
test('a saved ledger is taken as it is, also one of an earlier generation, whose window may be open', () => {
  const saved: RelayLedger = { v: 1, log: 'log-1', generation: 1, topics: { a: { began: [1], next: [7] } } };
  expect(openLedger(saved, LOG)).toBe(saved);
  expect(openLedger(saved, { id: 'log-1', generation: 2 })).toBe(saved);
  expect(inGeneration(saved, 1)).toBe(saved);
});
test.each([
  ['of another log', { ...NEW, log: 'log-2' }],
  ['of a later generation', { ...NEW, generation: 2 }],
  ['in a format of a later release', { ...NEW, v: 3 }],
])('a ledger %s is refused: its numbers would be given to other events', (_, saved) => {
  expect(() => openLedger(saved, LOG)).toThrow(code('LF_LEDGER_FOREIGN'));
});

test('R15 a ledger is in version 1, which code from before reads, unless something is withheld or redriven', () => {
  const plain = withTopics(NEW, counts({ a: 2 }));
  expect(ledgerOf(plain, { isWithholding: false, window: 'open' })).toBe(plain);
  const open = ledgerOf(plain, { isWithholding: true, window: 'open' });
  expect(open).toEqual({ ...plain, v: 2, window: 'open' });
  expect(ledgerOf(open, { isWithholding: true, window: 'open' })).toBe(open);
  const closed = ledgerOf(open, { isWithholding: true });
  expect(closed).toEqual({ ...plain, v: 2 });
  const redrive = {
    topic: 'a',
    tenant: '',
    stream: 'a-1',
    partition: 1,
    versions: ['3'],
    request: { kind: 'redrive', by: 'ops', at: '2026-01-02T03:04:05.678Z' },
  } as const;
  const redriving = ledgerOf(closed, { isWithholding: false, redrive });
  expect(openLedger(JSON.parse(JSON.stringify(redriving)) as Json, LOG)).toEqual({ ...plain, v: 2, redrive });
  expect(ledgerOf(redriving, { isWithholding: false })).toEqual(plain);
});
