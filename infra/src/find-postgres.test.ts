import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findPostgres } from './find-postgres.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leftfold-find-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that prints a line, whatever it is asked. */
function program(path: string, line: string): void {
  writeFileSync(path, `#!/bin/sh\necho '${line}'\n`, { mode: 0o755 });
}
function install(bin: string, version: string): string {
  mkdirSync(bin, { recursive: true });
  program(join(bin, 'initdb'), '');
  program(join(bin, 'postgres'), `postgres (PostgreSQL) ${version}`);
  return bin;
}

test('a version on the path is found, another one there is not taken for it', () => {
  const bin = install(join(folder, 'bin'), '97.2 (Debian)');
  vi.stubEnv('PATH', bin);
  expect(findPostgres(97)).toBe(bin);
  expect(findPostgres(9)).toBeUndefined();
});

test('what a pg_config on the path tells is found, though it is not on the path itself', () => {
  const bin = install(join(folder, 'elsewhere'), '97.2');
  program(join(folder, 'pg_config'), bin);
  vi.stubEnv('PATH', folder);
  expect(findPostgres(97)).toBe(bin);
});

test('a folder without initdb, or with a program that cannot be run, is passed over', () => {
  const [lacking, broken] = [install(join(folder, 'a'), '97.1'), install(join(folder, 'b'), '97.1')];
  rmSync(join(lacking, 'initdb'));
  writeFileSync(join(broken, 'postgres'), 'no program', { mode: 0o644 });
  vi.stubEnv('PATH', `${lacking}:${broken}`);
  expect(findPostgres(97)).toBeUndefined();
});
