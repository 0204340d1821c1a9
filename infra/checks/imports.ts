import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor, type VisitorObject } from 'oxc-parser';

/** One module that a file names. */
export interface Import {
  /** As written: `./event.ts`, `node:fs`, `@leftfold/core`. */
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Every module that a file imports, exports from, imports dynamically or names in a type, in their order in the file.
 * Only literal names are seen.
 *
 * @throws Error when the file does not parse
 */
export function importsOf(root: string, file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const found: { specifier: string; start: number }[] = [];
  const add = (source: unknown): void => {
    if (typeof source !== 'object' || source === null || !('value' in source) || !('start' in source)) return;
    if (typeof source.value === 'string') found.push({ specifier: source.value, start: Number(source.start) });
  };
  const visitor: VisitorObject = {
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  };
  new Visitor(visitor).visit(program);
  return found
    .toSorted((a, b) => a.start - b.start)
    .map(({ specifier, start }) => ({ specifier, line: text.slice(0, start).split('\n').length }));
}

/** `@a/b` of `@a/b/c`, `d` of `d/e`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
