import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue } from '@leftfold/core';
import { asyncApi } from './async-api.ts';
import { catalogueMarkdown } from './catalogue-markdown.ts';
import type { ContractsOptions } from './contracts-options.ts';

/** The generated files of a service by name: `asyncapi.json` and `catalogue.md`. Pure and deterministic, so they can be committed and compared. */
export function contractFiles(catalogue: Catalogue, options: ContractsOptions): ReadonlyMap<string, string> {
  return new Map([
    ['asyncapi.json', `${JSON.stringify(asyncApi(catalogue, options), undefined, 2)}\n`],
    ['catalogue.md', catalogueMarkdown(catalogue, options)],
  ]);
}

/**
 * Names of the files in `folder` that are absent or not as they would be written now; none: the contracts are those of the code. Writes nothing.
 * Line ends do not count, since a checkout may turn them.
 */
export async function staleContracts(
  catalogue: Catalogue,
  folder: string,
  options: ContractsOptions,
): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [name, text] of contractFiles(catalogue, options))
    if ((await committed(join(folder, name))) !== text) stale.push(name);
  return stale;
}

/**
 * Writes what {@link staleContracts} finds, and makes the folder; names what it wrote. A second call writes nothing. Other files in the folder are left alone.
 */
export async function writeContracts(
  catalogue: Catalogue,
  folder: string,
  options: ContractsOptions,
): Promise<readonly string[]> {
  const stale = await staleContracts(catalogue, folder, options);
  const files = contractFiles(catalogue, options);
  await mkdir(folder, { recursive: true });
  for (const name of stale) await writeFile(join(folder, name), files.get(name) ?? '');
  return stale;
}

async function committed(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
