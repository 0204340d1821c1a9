import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version of an installed package, of which one file is known by its URL. */
export function packageVersion(file: string): string {
  for (let folder = dirname(fileURLToPath(file)); ; folder = dirname(folder)) {
    const manifest = manifestIn(folder);
    if (manifest?.version !== undefined) return manifest.version;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${file}`);
  }
}

function manifestIn(folder: string): { readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version?: string };
  } catch {
    return undefined;
  }
}
