import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recognise, type RecordPlace, type RecordStamp } from './recognition.ts';

const LOG = 'log-1';
const stamp = (sequence: number, more: Partial<RecordStamp> = {}): RecordStamp => ({
  log: LOG,
  generation: 1,
  began: 1,
  sequence,
  ...more,
});
const at = (sequence: number, more: Partial<RecordPlace> = {}): RecordPlace => ({
  log: LOG,
  generation: 1,
  sequence,
  ...more,
});
const verdict = (place: RecordPlace | 'start', of: RecordStamp): string => {
  const recognition = recognise(place, of);
  return recognition.kind === 'fault' ? recognition.fault.code : recognition.kind;
};

test('at or below is seen, one more is next', () => {
  expect([1, 4, 5].map((sequence) => verdict(at(5), stamp(sequence)))).toEqual(['seen', 'seen', 'seen']);
  expect(recognise(at(5), stamp(6))).toEqual({ kind: 'next', place: at(6) });
});
test('R14 a re-send is known by its number alone, whatever else about it has changed', () => {
  expect(verdict(at(5, { generation: 2 }), stamp(5, { generation: 2, began: 3 }))).toBe('seen');
});
test('beyond the next is a gap', () => {
  expect(verdict(at(5), stamp(7))).toBe('LF_GAP');
});
test('C11 a consumer without a place starts at 1 or not at all', () => {
  expect(verdict('start', stamp(1))).toBe('next');
  expect(verdict('start', stamp(2))).toBe('LF_RETENTION_PASSED');
});
test('C11b a topic that was deleted, made anew and grew past the stored offset is seen as a gap or as another log', () => {
  expect(verdict(at(5_000), stamp(5_101))).toBe('LF_GAP');
  expect(verdict(at(5_000), stamp(1, { log: 'log-2' }))).toBe('LF_OTHER_LOG');
});
test('R13 after a fail-over that lost records, a consumer that applied them stops and others go on', () => {
  const first = stamp(98, { generation: 2, began: 98 });
  expect(verdict(at(100), first)).toBe('LF_AHEAD_OF_LOG');
  expect(verdict(at(98), first)).toBe('LF_AHEAD_OF_LOG');
  expect(recognise(at(97), first)).toEqual({ kind: 'next', place: at(98, { generation: 2 }) });
  expect(verdict(at(96), first)).toBe('LF_GAP');
});
test('R13 a consumer that is ahead stops at whatever record of the new generation it meets', () => {
  expect(verdict(at(100), stamp(105, { generation: 3, began: 98 }))).toBe('LF_AHEAD_OF_LOG');
  expect(verdict(at(100), stamp(100, { generation: 3, began: 98 }))).toBe('LF_AHEAD_OF_LOG');
});
test('a late record of the generation before is seen; one that goes on with it is not applied', () => {
  const now = at(98, { generation: 2 });
  expect(verdict(now, stamp(97))).toBe('seen');
  expect(verdict(now, stamp(99))).toBe('LF_GENERATION_OLD');
});

test('R3 R4 whatever a relay sends again after crashes, and a succeeded owner sends late, each record is applied once and in order', () => {
  // Each entry is what one owner sends: a stretch of the log that begins at a place saved before, so never beyond what was sent.
  const stretches = fc.array(fc.record({ back: fc.nat(10), count: fc.integer({ min: 1, max: 10 }) }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(stretches, (sends) => {
      const topic: RecordStamp[] = [];
      let end = 0;
      for (const { back, count } of sends) {
        const from = Math.max(1, end + 1 - back);
        for (let sequence = from; sequence < from + count; sequence++) topic.push(stamp(sequence));
        end = Math.max(end, from + count - 1);
      }
      const applied: number[] = [];
      let place: RecordPlace | 'start' = 'start';
      for (const record of topic) {
        const recognition = recognise(place, record);
        if (recognition.kind === 'fault') throw recognition.fault;
        if (recognition.kind === 'seen') continue;
        applied.push(record.sequence);
        place = recognition.place;
      }
      expect(applied).toEqual(Array.from({ length: end }, (_, index) => index + 1));
    }),
  );
});
test('C11b a record missing anywhere is noticed before anything after it is applied', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.nat(), (count, which) => {
      const missing = (which % (count - 1)) + 1;
      let place: RecordPlace | 'start' = 'start';
      let noticed: string | undefined;
      for (let sequence = 1; sequence <= count && noticed === undefined; sequence++) {
        if (sequence === missing) continue;
        const recognition = recognise(place, stamp(sequence));
        if (recognition.kind === 'next') place = recognition.place;
        if (recognition.kind === 'fault') noticed = recognition.fault.code;
      }
      expect(noticed).toBe(missing === 1 ? 'LF_RETENTION_PASSED' : 'LF_GAP');
      expect(place === 'start' ? 0 : place.sequence).toBe(missing - 1);
    }),
  );
});
