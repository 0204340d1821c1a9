import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printMigrations } from '@leftfold/postgres';
import { expect, test } from 'vitest';
import { root } from './documents.ts';

const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** Columns by table, as the migrations make them. */
function made(): Record<string, readonly string[]> {
  const text = printMigrations();
  const tables = text.matchAll(/^create (?:unlogged )?table "leftfold"\.(\w+) \(\n([\s\S]*?)\n\)/gm);
  return Object.fromEntries(
    [...tables].map(([, table, lines = '']) => [
      table,
      lines
        .split('\n')
        .map((line) => line.trim().split(' ')[0] ?? '')
        .filter((name) => name !== 'constraint')
        .concat(added(text, table ?? '')),
    ]),
  );
}

/** What later migrations add to a table. */
function added(text: string, to: string): readonly string[] {
  const changes = text.matchAll(/^alter table "leftfold"\.(\w+)\s+(add column [^;]*);/gm);
  return [...changes].flatMap(([, table, change = '']) =>
    table === to ? [...change.matchAll(/add column (\w+)/g)].map(([, name = '']) => name) : [],
  );
}

/** The same as the document has them: a table of Markdown for each, its name at the head. */
function described(): Record<string, readonly string[]> {
  const tables = text.matchAll(/^\| `(\w+)` \|[^\n]*\|\n\|---\|---\|\n((?:\|.*\|\n)+)/gm);
  return Object.fromEntries(
    [...tables].map(([, table, lines = '']) => [
      table,
      lines
        .split('\n')
        .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name)),
    ]),
  );
}

test('every table has its columns described, and no others', () => {
  const sorted = (tables: Record<string, readonly string[]>) =>
    Object.fromEntries(Object.entries(tables).map(([table, columns]) => [table, columns.toSorted()]));
  expect(sorted(described())).toEqual(sorted(made()));
  expect(Object.keys(made())).toContain('events');
});
