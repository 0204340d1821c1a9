import { describe, expect, test } from 'vitest';
import { bytesOf, dayOf, hexOf, instantOf, safeInteger, yearZeroAsBc } from './value-text.ts';

describe('an instant', () => {
  test.each([
    ['2026-11-22 07:32:00+00', '2026-11-22T07:32:00.000Z'],
    ['2026-11-22 07:32:00.1+00', '2026-11-22T07:32:00.100Z'],
    ['2026-11-22 07:32:00.123456+00', '2026-11-22T07:32:00.123Z'],
    ['2026-11-22 07:32:00+05:30', '2026-11-22T02:02:00.000Z'],
    ['2026-11-22 07:32:00-03:30', '2026-11-22T11:02:00.000Z'],
    // Local mean time of Amsterdam.
    ['1890-01-01 00:19:32+00:19:32', '1890-01-01T00:00:00.000Z'],
    ['0001-12-31 23:00:00+00 BC', '0000-12-31T23:00:00.000Z'],
    ['0001-01-01 01:00:00+00', '0001-01-01T01:00:00.000Z'],
    ['0099-01-01 00:00:00+00', '0099-01-01T00:00:00.000Z'],
    ['10000-01-01 12:59:59.999+13', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, iso) => {
    expect(instantOf(text).toISOString()).toBe(iso);
  });
  test.each(['infinity', '-infinity', '22.11.2026 07:32:00 UTC', '2026-11-22'])(
    '%s cannot be read, and is not guessed',
    (text) => {
      expect(() => instantOf(text)).toThrow(expect.objectContaining({ code: 'LF_COLUMN_UNREADABLE' }) as Error);
    },
  );
});

test('the year 0 is 1 BC to Postgres', () => {
  expect(yearZeroAsBc('0000-02-29')).toBe('0001-02-29 BC');
  expect(dayOf('0001-02-29 BC')).toBe('0000-02-29');
  expect(yearZeroAsBc('0001-01-01T00:00:00.000Z')).toBe('0001-01-01T00:00:00.000Z');
  expect(dayOf('2026-11-22')).toBe('2026-11-22');
});

test.each(['infinity', '22.11.2026', '11/22/2026', '10000-01-01', '0044-03-15 BC'])(
  'the day %s cannot be read, and is not handed on as it is',
  (text) => {
    expect(() => dayOf(text)).toThrow(expect.objectContaining({ code: 'LF_COLUMN_UNREADABLE' }) as Error);
  },
);

test('bytes are hex, also those of a part of a buffer, and belong to nobody else', () => {
  const all = new Uint8Array([0, 1, 0xab, 0xff]);
  expect(hexOf(all)).toBe('\\x0001abff');
  expect(hexOf(all.subarray(1, 3))).toBe('\\x01ab');
  const back = bytesOf('\\x0001abff');
  expect(back).toStrictEqual(all);
  expect(back.buffer.byteLength).toBe(4);
  expect(() => bytesOf('\\000\\001')).toThrow(expect.objectContaining({ code: 'LF_COLUMN_UNREADABLE' }) as Error);
});

test('an integer beyond 2^53 is not rounded', () => {
  expect(safeInteger('9007199254740991', 'it')).toBe(9007199254740991);
  expect(safeInteger(-5n, 'it')).toBe(-5);
  expect(() => safeInteger('9007199254740992', 'column paid')).toThrow(
    expect.objectContaining({
      code: 'LF_COLUMN_UNREADABLE',
      message: expect.stringMatching(/column paid.*t\.long/) as string,
    }) as Error,
  );
});
