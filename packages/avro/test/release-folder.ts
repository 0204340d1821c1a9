import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { catalogue, event, type AnyEventType, type t, type TypeOptions } from '@leftfold/core';
import { fileRegistry, goldenCases, pushSchemas, writeGolden } from '@leftfold/avro';

/** `event`, for fields and options that are made at run time. */
export const eventOf = event as unknown as (name: string, fields: t.Fields, options?: TypeOptions) => AnyEventType;

/** An empty folder for released texts; it goes with the running test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Releases definitions into a folder. */
export async function push(folder: string, ...types: readonly AnyEventType[]): Promise<void> {
  const outcome = await pushSchemas(catalogue(...types), fileRegistry(folder), { exclusive: true });
  if (outcome.kind === 'refused') throw new Error(JSON.stringify(outcome.faults));
}

/** As a service does it: push, then the golden corpus. */
export async function release(folder: string, ...types: readonly AnyEventType[]): Promise<void> {
  await push(folder, ...types);
  await writeGolden(catalogue(...types), folder);
}

/** Every file below a folder, with its text. */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name.slice(folder.length + 1), await readFile(name, 'utf8')] as const),
    ),
  );
}

/** Titles of the golden cases that fail, with what they say. */
export async function failingCases(folder: string, ...types: readonly AnyEventType[]): Promise<readonly string[]> {
  const cases = goldenCases(catalogue(...types), folder);
  const failed: string[] = [];
  for (const { title, run } of cases)
    await run().catch((error: unknown) => failed.push(`${title}: ${error instanceof Error ? error.message : ''}`));
  return failed;
}
