import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registryDistribution, registryFolder, registryJar } from './registry-download.ts';

let machine = '';
beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'leftfold-machine-'));
  vi.stubEnv('LEFTFOLD_CACHE', join(machine, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(machine, { recursive: true, force: true });
});

function maven(...lines: string[]): string {
  const path = join(machine, 'mvn');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return path;
}

/** Does what Maven would: what it is told to unpack lies where it is told to. */
const unpacks = [
  'for argument; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done',
  'echo "$@" > "$out/asked"',
  `echo jar > "$out/${registryJar('').split('/').at(-1)}"`,
];

test('the distribution is unpacked into the cache, once', async () => {
  const folder = await registryDistribution(maven(...unpacks));
  expect(folder).toBe(registryFolder());
  expect(readFileSync(registryJar(folder), 'utf8')).toBe('jar\n');
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toContain(
    'io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all',
  );
  expect(await registryDistribution(maven('exit 1'))).toBe(folder);
});

test.each([
  ['that fails', ['echo "[ERROR] Could not transfer artifact"', 'exit 1'], 'exit code 1'],
  ['that ends well without the jar', ['echo "[ERROR] Could not transfer artifact"'], 'exit code 0'],
])('a download %s says why with the last lines of Maven, and leaves nothing in the cache', async (_, lines, how) => {
  const failing = registryDistribution(maven(...lines));
  await expect(failing).rejects.toThrow(how);
  await expect(failing).rejects.toThrow(
    /settings\.xml.*LEFTFOLD_REGISTRY_URL.*\n\[ERROR\] Could not transfer artifact/s,
  );
  await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_DOWNLOAD_FAILED' });
  expect(readdirSync(join(machine, 'cache'))).toEqual([]);
});
