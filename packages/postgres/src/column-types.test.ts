import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayParameter, columnTypes } from './column-types.ts';

const read = (oid: number, text: string): unknown => columnTypes.getTypeParser(oid, 'text')(text);

test('int8 becomes a bigint at both ends of its range', () => {
  expect(read(20, '-9223372036854775808')).toBe(-(2n ** 63n));
  expect(read(20, '9223372036854775807')).toBe(2n ** 63n - 1n);
});

test.each([
  ['2026-02-28 13:14:15.123456+00', '2026-02-28T13:14:15.123Z'],
  ['2026-02-28 13:14:15.1+05:30', '2026-02-28T07:44:15.100Z'],
  ['2026-02-28 13:14:15-08', '2026-02-28T21:14:15.000Z'],
  ['0044-03-15 12:00:00+00', '0044-03-15T12:00:00.000Z'],
  ['2024-02-29 23:59:59.999999+00', '2024-02-29T23:59:59.999Z'],
])('the time %s becomes its instant, to the millisecond', (text, instant) => {
  expect(read(1184, text)).toEqual(new Date(instant));
});

test('every time is its instant, whatever its fraction and its zone', () => {
  const two = (value: number): string => String(Math.abs(value)).padStart(2, '0');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9998-12-30T00:00:00Z'), noInvalidDate: true }),
      fc.integer({ min: -12, max: 14 }),
      fc.constantFrom('', ':30', ':45'),
      fc.string({ unit: fc.constantFrom('0', '1', '5', '9'), maxLength: 3 }),
      (time, hours, minutes, beyondMillis) => {
        const offset = (hours * 60 + (hours < 0 ? -1 : 1) * Number(minutes.slice(1))) * 60_000;
        const local = new Date(time.getTime() + offset).toISOString().replace('T', ' ').slice(0, -1);
        const text = `${local}${beyondMillis}${hours < 0 ? '-' : '+'}${two(hours)}${minutes}`;
        expect(read(1184, text), text).toEqual(time);
      },
    ),
  );
});

test('a time in another DateStyle is refused, not guessed', () => {
  expect(() => read(1184, '28.02.2026 13:14:15.123 CET')).toThrow(/DateStyle/);
});

test('JSON, snapshots and transaction ids stay the text they are', () => {
  expect(read(114, '{"a": 1.0}')).toBe('{"a": 1.0}');
  expect(read(5069, '18446744073709551615')).toBe('18446744073709551615');
});

test('L20 the binary form is refused', () => {
  const read = columnTypes.getTypeParser(20, 'binary');
  expect(() => read('\0\0\0\0\0\0\0\u0080')).toThrow(expect.objectContaining({ code: 'LF_POOL_BINARY' }));
});

test('an array parameter keeps any text, and tells null from the word', () => {
  expect(arrayParameter(['a"b\\c', 'NULL', '', null, '{},'])).toBe('{"a\\"b\\\\c","NULL","",NULL,"{},"}');
  expect(arrayParameter([1, 2n, -3])).toBe('{1,2,-3}');
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      const inside = [...arrayParameter(texts).matchAll(/"((?:[^"\\]|\\.)*)"/gsu)];
      expect(inside.map(([, text = '']) => text.replaceAll(/\\(.)/gsu, '$1'))).toEqual(texts);
    }),
  );
});
