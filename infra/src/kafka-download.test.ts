import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kafkaJars } from './kafka-download.ts';

let machine = '';
beforeEach(() => void (machine = mkdtempSync(join(tmpdir(), 'leftfold-machine-'))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(machine, { recursive: true, force: true });
});

test('a failed download says why with the last lines of Maven, and leaves nothing in the cache', async () => {
  const cache = join(machine, 'cache');
  vi.stubEnv('LEFTFOLD_CACHE', cache);
  const maven = join(machine, 'mvn');
  writeFileSync(maven, '#!/bin/sh\necho "[ERROR] Could not transfer artifact"\nexit 1\n', { mode: 0o755 });
  const java = { command: 'java', release: 17, description: '' };
  const failing = kafkaJars(java, maven);
  await expect(failing).rejects.toThrow(/exit code 1.*settings\.xml.*\n\[ERROR\] Could not transfer artifact/s);
  await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_DOWNLOAD_FAILED' });
  expect(readdirSync(cache)).toEqual([]);
});
