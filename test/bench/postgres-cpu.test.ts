import { expect, test } from 'vitest';
import { parseStat } from './postgres-cpu.ts';

test('the fields of a process are counted from behind its name, which may hold anything', () => {
  const fields = ['S', '17', ...Array.from({ length: 9 }, () => '0'), '100', '20', '3', '4', '20', '0'];
  const expected = { parent: 17, used: 120, usedByEnded: 7 };
  expect(parseStat(`42 (postgres) ${fields.join(' ')}`)).toEqual(expected);
  expect(parseStat(`42 (a ) b (c) ${fields.join(' ')}`)).toEqual(expected);
});
