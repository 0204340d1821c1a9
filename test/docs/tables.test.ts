import { expect, test } from 'vitest';
import { documents, prose } from './documents.ts';

const lines = documents().flatMap(({ path, text }) =>
  prose(text)
    .split('\n')
    .map((line, n, all) => ({ path, line, before: all[n - 1] ?? '', after: all[n + 1] ?? '' })),
);

test('the rows of a table stand together: one by itself would be read as text', () => {
  const firsts = lines.filter(({ line, before }) => line.startsWith('|') && !before.startsWith('|'));
  expect(firsts.length).toBeGreaterThan(20);
  expect(
    firsts.filter(({ after }) => !/^\|[ :|-]+\|$/.test(after)).map(({ path, line }) => `${path}: ${line}`),
  ).toEqual([]);
});

test('nothing stands before the first bar of a row', () => {
  const rows = lines.filter(({ line }) => /\|\s*$/.test(line) && !line.startsWith('|'));
  expect(rows.map(({ path, line }) => `${path}: ${line}`)).toEqual([]);
});
