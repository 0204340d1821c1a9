import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const sources = globSync(['packages/*/src/**/*.ts', 'infra/src/**/*.ts'], { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, file), 'utf8'));
const rows = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `LF_'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, code = '', meaning = '', remedy = '', retryable = '']) => ({
    code: code.replaceAll('`', ''),
    meaning,
    remedy,
    retryable,
  }));
const documented = rows.map(({ code }) => code);

/** Codes as the sources throw and compare them; `LF_` alone, as in a type, is none. */
const inSources = new Set(sources.flatMap((text) => text.match(/(?<=')LF_[A-Z_]+(?=')/g) ?? []));

test('every code of the sources is explained', () => {
  expect([...inSources].filter((code) => !documented.includes(code)).toSorted()).toEqual([]);
});

test('every code that is explained stands in the sources, and is explained once', () => {
  expect(documented.filter((code) => !inSources.has(code))).toEqual([]);
  expect(documented.toSorted()).toEqual([...new Set(documented)].toSorted());
});

test('every code has a meaning and a remedy', () => {
  expect(rows.filter(({ meaning, remedy }) => meaning === '' || remedy === '')).toEqual([]);
});

test('a code that is mentioned anywhere in the sources exists', () => {
  const mentioned = new Set(sources.flatMap((text) => text.match(/\bLF_[A-Z]+(_[A-Z]+)*\b/g) ?? []));
  expect([...mentioned].filter((code) => !inSources.has(code)).toSorted()).toEqual([]);
});

test('what is retryable is what the classes say', () => {
  const flags = new Map<string, Set<string>>();
  const say = (code: string | undefined, flag: string): void => {
    if (code !== undefined) flags.set(code, new Set([...(flags.get(code) ?? []), flag]));
  };
  for (const text of sources) {
    for (const [, codes = '', flag = ''] of text.matchAll(
      /readonly code(?:: | = )([^;]+);\s+readonly retryable([^;]+);/g,
    )) {
      for (const [, code] of codes.matchAll(/'(LF_[A-Z_]+)'/g)) {
        if (/= (true|false)/.test(flag)) say(code, flag.includes('true') ? 'yes' : 'no');
        else ['yes', 'no'].forEach((either) => say(code, either));
      }
    }
    // These two are never retryable.
    for (const [, code] of text.matchAll(/new (?:InputInvalid|DefinitionError)\(\s*'(LF_[A-Z_]+)'/g)) say(code, 'no');
  }
  const said = [...flags].map(([code, of]) => [code, of.size === 2 ? 'both' : [...of].join()] as const);
  expect(said.length).toBeGreaterThan(50);
  const found = new Map(rows.map(({ code, retryable }) => [code, retryable]));
  expect(said.map(([code]) => [code, found.get(code)])).toEqual(said);
});
