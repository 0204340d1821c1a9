import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.ts';

const ID = /[LPRCA]\d+b?c?/;
const ids = (text: string): readonly string[] => text.match(new RegExp(String.raw`\b${ID.source}\b`, 'g')) ?? [];
const explained = readFileSync(join(root, 'docs', 'hazards.md'), 'utf8')
  .split('\n')
  .flatMap((line) => new RegExp(String.raw`^\| (${ID.source}) \|`).exec(line)?.[1] ?? []);
const files = globSync(['packages/*/{src,test}/**/*.ts', 'test/{chaos,e2e,mutants}/**/*.ts'], { cwd: root }).map(
  (file) => ({
    file,
    text: readFileSync(join(root, file), 'utf8'),
  }),
);

/** As comments name them, `(hazards R3, R4)`, and as titles of tests, of suites' cases and of mutants begin with them. */
const named = files.flatMap(({ file, text }) => [
  ...[...text.matchAll(/\bhazards? ([^).;:]*)/g)].flatMap(([, list = '']) => ids(list)).map((id) => ({ file, id })),
  ...[...text.matchAll(new RegExp(String.raw`(?:test\(\s*|title: |\[)['\x60]((?:${ID.source} )+)`, 'g'))]
    .flatMap(([, list = '']) => ids(list))
    .map((id) => ({ file, id })),
]);

test('every hazard that a comment or a test names is explained', () => {
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ id }) => !explained.includes(id))).toEqual([]);
});

test('every hazard that is explained is named in the sources or the tests, and explained once', () => {
  const mentioned = new Set(files.flatMap(({ text }) => ids(text)));
  expect(explained.filter((id) => !mentioned.has(id))).toEqual([]);
  expect(explained).toEqual([...new Set(explained)]);
});

test('every hazard that is explained has a test that is titled with it', () => {
  const title = new RegExp(String.raw`['"\x60]((?:${ID.source} )+)`, 'g');
  const titled = files
    .filter(({ file }) => /(test|-cases|-conformance)\.ts$/.test(file))
    .flatMap(({ text }) => [...text.matchAll(title)].flatMap(([, list = '']) => ids(list)));
  expect(explained.filter((id) => !titled.includes(id))).toEqual([]);
});
