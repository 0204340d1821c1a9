import { expect, test } from 'vitest';
import { ownTypes, ownValue } from './own-values.ts';

test.each([
  ['2026-03-01T23:30:00.123Z', '2026-03-01T23:30:00.123Z'],
  ['0000-02-29T00:00:00.000Z', '0001-02-29T00:00:00.000Z BC'],
  ['-000043-03-15T12:00:00.000Z', '0044-03-15T12:00:00.000Z BC'],
  ['+012026-01-01T00:00:00.000Z', '12026-01-01T00:00:00.000Z'],
])('the instant %s is sent in UTC, so that a day made of it is the same in every process', (iso, text) => {
  const instant = new Date(iso);
  expect(ownValue(instant)).toBe(text);
  expect(ownValue([[instant], null])).toEqual([[text], null]);
});

test('an instant that is none is refused before anything is sent', () => {
  expect(() => ownValue(new Date(Number.NaN))).toThrow(RangeError);
});

test('other values are left to the driver', () => {
  const bytes = new Uint8Array([1]);
  for (const value of [1n, 'x', null, bytes, { at: 1 }]) expect(ownValue(value)).toBe(value);
});

test('a date is read as midnight in UTC, an int8 as a bigint, and what is none of ours as the driver reads it', () => {
  const types = ownTypes({ getTypeParser: () => () => 'by the driver' });
  expect(types.getTypeParser(1082, 'text')('2026-03-01')).toEqual(new Date('2026-03-01T00:00:00.000Z'));
  expect(types.getTypeParser(20, 'text')('9007199254740993')).toBe(9007199254740993n);
  expect(types.getTypeParser(1186, 'text')('1 day')).toBe('by the driver');
});
