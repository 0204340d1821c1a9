import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ALL_MUTANTS, HAZARDS } from './all-mutants.ts';

const root = join(import.meta.dirname, '..', '..');
const textOf = (file: string): string => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '');

test('what a mutant breaks stands in its file exactly once: another text would break nothing, or something else', () => {
  const breaks = ALL_MUTANTS.flatMap(({ id, file, find, also = [] }) =>
    [{ file, find }, ...also].map((one) => ({ id, ...one, times: textOf(one.file).split(one.find).length - 1 })),
  );
  expect(breaks.length).toBeGreaterThan(500);
  expect(
    breaks.filter(({ times }) => times !== 1).map(({ id, file, times }) => `${id}: ${times} times in ${file}`),
  ).toEqual([]);
});

test('the test that must fail on it is there', () => {
  expect(
    ALL_MUTANTS.filter(({ test: file }) => textOf(file) === '').map(({ id, test: file }) => `${id}: ${file}`),
  ).toEqual([]);
});

test('each has an id of its own', () => {
  const ids = ALL_MUTANTS.map(({ id }) => id);
  expect(ids.filter((id, n) => ids.indexOf(id) !== n)).toEqual([]);
});

test('every hazard is caught by a test that is named after it', () => {
  const named = new Set(ALL_MUTANTS.flatMap(({ testName = '' }) => testName.split(' ')));
  expect(HAZARDS.filter((hazard) => !named.has(hazard))).toEqual([]);
});
