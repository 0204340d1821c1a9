import { expect, test } from 'vitest';
import { wholeNumberPattern } from './json-schema-whole-number.ts';

const bounds = [
  -1200, -1001, -1000, -999, -110, -100, -99, -11, -10, -9, -1, 0, 1, 2, 9, 10, 12, 99, 100, 199, 905, 999, 1000, 1234,
];
const numbers = Array.from({ length: 2601 }, (_, i) => i - 1300);

test('within bounds: exactly the decimal strings of the numbers between them', () => {
  for (const min of bounds)
    for (const max of bounds.filter((bound) => bound >= min)) {
      const pattern = new RegExp(wholeNumberPattern(4, min, max), 'u');
      const taken = numbers.filter((n) => pattern.test(`${n}`));
      expect([min, max, taken.length, taken[0], taken.at(-1)]).toEqual([min, max, max - min + 1, min, max]);
    }
});

test('with one bound: every number on its side, of so many digits', () => {
  for (const bound of bounds) {
    const from = new RegExp(wholeNumberPattern(4, bound), 'u');
    const to = new RegExp(wholeNumberPattern(4, undefined, bound), 'u');
    expect(numbers.filter((n) => from.test(`${n}`))).toEqual(numbers.filter((n) => n >= bound));
    expect(numbers.filter((n) => to.test(`${n}`))).toEqual(numbers.filter((n) => n <= bound));
    expect([from.test('9999'), from.test('10000'), to.test('-9999'), to.test('-10000')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  }
});

test('one text a number: no sign of zero, no leading zeros, nothing around it', () => {
  for (const text of ['-0', '00', '01', '-01', '+1', '1.0', '1e1', '', '-', ' 1', '1 ', '1\n', '--1', '٣'])
    for (const [min, max] of [[], [0], [undefined, 5], [-7, 77]])
      expect([text, new RegExp(wholeNumberPattern(4, min, max), 'u').test(text)]).toEqual([text, false]);
});

test('people can read the common ones', () => {
  expect(wholeNumberPattern(16)).toBe('^(?:0|-?[1-9][0-9]{0,15})$');
  expect(wholeNumberPattern(16, 0)).toBe('^(?:0|[1-9][0-9]{0,15})$');
  expect(wholeNumberPattern(16, 1)).toBe('^(?:[1-9][0-9]{0,15})$');
  expect(wholeNumberPattern(16, 1, 100)).toBe('^(?:[1-9][0-9]{0,1}|100)$');
});
