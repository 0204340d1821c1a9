import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Top of the repository. */
export const root: string = join(import.meta.dirname, '..', '..');

/** A document for people. */
export interface Document {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every document of the repository, by path. */
export function documents(): readonly Document[] {
  return globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'infra/README.md'], { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** A block of code in a document. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** The line before it, where it says `<!-- from path -->`: the file it is cut from. */
  readonly from: string | undefined;
}

const FENCED = /(?:^<!-- from (\S+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;

/** The fenced blocks of a text, in order. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  return [...text.matchAll(FENCED)].map(([, from, language = '', code = '']) => ({ from, language, code }));
}

/** A text without its fenced blocks. */
export const prose = (text: string): string => text.replaceAll(FENCED, '');
