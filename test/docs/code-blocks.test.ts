import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeBlocks, documents, root } from './documents.ts';

/** Whose code is cut from files that are compiled and run; in other documents that is welcome, not asked for. */
const CUT = /^(README|ARCHITECTURE|CONTRIBUTING|docs\/guide|packages\/(core|nestjs|postgres)\/README)\.md$/;

const blocks = documents().flatMap(({ path, text }) => codeBlocks(text).map((block) => ({ path, ...block })));

test('TypeScript in these documents says which file it is cut from', () => {
  const unsaid = blocks.filter(({ path, language, from }) => CUT.test(path) && language === 'ts' && from === undefined);
  expect(unsaid).toEqual([]);
  expect(new Set(blocks.filter(({ from }) => from).map(({ path }) => path)).size).toBeGreaterThan(1);
});

const cut = blocks.flatMap(({ path, from, code }) => (from === undefined ? [] : [{ path, from, code }]));

test.each(cut)('the code of $from in $path stands there', ({ from, code }) => {
  let rest = readFileSync(join(root, from), 'utf8');
  const missing: string[] = [];
  // `…` on a line of its own stands for lines left out.
  for (const part of code.split(/^\s*…\n/m)) {
    const found = indents(part).find((text) => rest.includes(text));
    if (found === undefined) missing.push(part);
    else rest = rest.slice(rest.indexOf(found) + found.length);
  }
  expect(missing).toEqual([]);
});

/** A document may show a method or a part of a chain without the indentation it has in its file. */
function indents(part: string): readonly string[] {
  return [0, 2, 4].map((width) => part.replaceAll(/^(?=.)/gm, ' '.repeat(width)));
}
