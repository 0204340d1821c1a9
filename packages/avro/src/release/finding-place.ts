import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ReleaseFinding } from './release-finding.ts';

/**
 * Where a finding is, as editors and CI know how to jump to it: `schemas/orders.order.Placed/1.avsc:1:93`, relative to the working directory; the field's place in the released text,
 * as far as it has one; or in a contract. Without a folder (the texts are in a registry): `orders.order.Placed/1`.
 */
export async function findingPlace(
  { kind, event, subject, revision, field = '' }: ReleaseFinding,
  folder: string | undefined,
): Promise<string> {
  if (folder === undefined) return revision === undefined ? subject : `${subject}/${revision}`;
  const shown = (path: string): string => relative(process.cwd(), join(folder, subject, path)).replaceAll('\\', '/');
  if (kind === 'contracts-stale') return `${shown(event)}:1:1`;
  if (revision === undefined) return shown('');
  if (kind.startsWith('golden')) return `${shown(`${revision}.golden.json`)}:1:1`;
  const path = `${revision}.avsc`;
  const text = await readFile(join(folder, subject, path), 'utf8').catch(() => '');
  return `${shown(path)}:${lineAndColumn(text, offsetOf(text, field))}`;
}

/** Of the last field of a path that the text has. A type that is only named there is not followed. */
function offsetOf(text: string, path: string): number {
  let offset = 0;
  for (const name of path.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []) {
    const rest = text.slice(offset);
    const found = new RegExp(`"name"\\s*:\\s*"${name}"`).exec(rest);
    if (found !== null) offset += found.index;
  }
  return offset;
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
