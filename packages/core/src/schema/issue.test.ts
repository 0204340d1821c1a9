import { expect, test } from 'vitest';
import { issuesText, pathText } from './issue.ts';

test('a path reads as code does', () => {
  expect(pathText(['lines', 0, 'price', 'cents'])).toBe('lines[0].price.cents');
  expect(pathText([0, 'a'])).toBe('[0].a');
  expect(pathText([Symbol('s')])).toBe('Symbol(s)');
  expect(pathText([])).toBe('');
});

test('issues stand in one line', () => {
  const issues = [
    { path: ['total', 'cents'], message: 'is missing' },
    { path: [], message: 'is wrong' },
  ];
  expect(issuesText(issues)).toBe('total.cents is missing; is wrong');
});
