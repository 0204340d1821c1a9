import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.ts';

const text = readFileSync(join(root, 'docs', 'delivery.md'), 'utf8');
const promises = (/## Promises\n([\s\S]*?)\n## /.exec(text)?.[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| **'))
  .map((line) => line.split(' | '));
const linked = (cell: string): readonly { readonly title: string; readonly file: string }[] =>
  [...cell.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)\s]+\.ts)\)/g)].map(([, title = '', file = '']) => ({ title, file }));

test('every promise names a test of it', () => {
  expect(promises.length).toBeGreaterThanOrEqual(12);
  const bare = promises.filter((cells) => cells.length !== 3 || linked(cells[2] ?? '').length === 0);
  expect(bare.map(([promise]) => promise)).toEqual([]);
});

test('a title that a promise names is that of a test in the file', () => {
  const named = promises
    .flatMap((cells) => linked(cells[2] ?? ''))
    .filter(({ file }) => /test\.ts$|-cases\.ts$/.test(file));
  expect(named.length).toBeGreaterThanOrEqual(promises.length);
  const missing = named.filter(({ title, file }) => {
    const source = readFileSync(join(root, file), 'utf8');
    // What a test or a case is called: the first text in `test(…)`, or the text after `title:`; titles may be put together of several.
    const titles = [...source.matchAll(/['`]([^'`\n]*)['`]/g)].map(([, each = '']) => each);
    return !titles.some((each) => each.includes(title));
  });
  expect(missing).toEqual([]);
});

test('a code that the page names is in the list of errors', () => {
  const errors = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
  const codes = [...new Set(text.match(/\bLF_[A-Z_]+\b/g))];
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.filter((code) => !errors.includes(`\`${code}\``))).toEqual([]);
});
