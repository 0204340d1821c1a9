import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as ports from './free-ports.ts';
import { isRunning } from './process-group.ts';
import { registryDistribution } from './registry-download.ts';
import { registryOnJava } from './registry-on-java.ts';
import { findRegistry } from './registry-origin.ts';
import type { RegistryServer } from './registry-server.ts';
import { startRegistry } from './start-registry.ts';
import { until } from './until.ts';

const origin = await findRegistry({ own: true });
/** Each part runs for the origin that this machine has. */
const none = origin.kind === 'none' ? [origin] : [];
const java = origin.kind === 'java' ? [origin.java] : [];

const subjects = async (url: string): Promise<unknown> => (await fetch(`${url}/subjects`)).json();

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.each(none)(
  'where a registry cannot be had, starting it says why and what to do',
  async ({ code, reason, remedy }) => {
    const failing = startRegistry({ own: true });
    await expect(failing).rejects.toThrow(`${reason}; ${remedy}`);
    await expect(failing).rejects.toMatchObject({ code });
  },
);

describe.each(java)('a registry on Java $release', (java) => {
  let registry: RegistryServer;
  beforeAll(async () => void (registry = await startRegistry({ own: true })), 600_000);
  afterAll(() => registry?.stop());

  test('answers as Confluent’s, is empty at first, and takes a schema', async () => {
    expect(await subjects(registry.url)).toEqual([]);
    const answer = await fetch(`${registry.url}/subjects/n.A/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: '{"type":"record","name":"n.A","fields":[]}' }),
    });
    expect(await answer.json()).toEqual({ id: expect.any(Number) });
    expect(await subjects(registry.url)).toEqual(['n.A']);
  });

  test('runs beside another one, and leaves nothing when it is stopped', async () => {
    const other = await startRegistry({ own: true });
    expect(await subjects(other.url)).toEqual([]);
    expect(isRunning(other.pid ?? 0)).toBe(true);
    await other.stop();
    await other.stop();
    expect(isRunning(other.pid ?? 0)).toBe(false);
    expect(existsSync(other.dataDir ?? '')).toBe(false);
    expect(isRunning(registry.pid ?? 0)).toBe(true);
  });

  test('ends, and its folder goes, when its starter is killed', async () => {
    const index = fileURLToPath(new URL('./index.ts', import.meta.url));
    const script = `import { startRegistry } from ${JSON.stringify(index)};
      const { pid, dataDir } = await startRegistry({ own: true });
      console.log(JSON.stringify({ pid, dataDir }));
      setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const started = JSON.parse(String(line)) as { pid: number; dataDir: string };
    expect(isRunning(started.pid)).toBe(true);
    starter.kill('SIGKILL');
    const left = (): boolean => isRunning(started.pid) || existsSync(started.dataDir);
    expect(await until(() => (left() ? undefined : true), { withinMs: 20_000 })).toBe(true);
  });

  test('that is given by the environment variable is used instead of a new one and is not stopped', async () => {
    vi.stubEnv('LEFTFOLD_REGISTRY_URL', `${registry.url}/`);
    const given = await startRegistry();
    expect(given).toMatchObject({ origin: 'given', url: registry.url, pid: undefined });
    await given.stop();
    expect(isRunning(registry.pid ?? 0)).toBe(true);
  });

  test('says that its port is taken, also by another registry, or the last lines of its log, and leaves nothing', async () => {
    const parts = { java, folder: await registryDistribution(undefined), archiveFlags: [] };

    const taken = vi.spyOn(ports, 'freePorts').mockResolvedValue([Number(new URL(registry.url).port)]);
    await expect(registryOnJava(parts)).rejects.toMatchObject({ code: 'LF_INFRA_PORT_TAKEN' });
    taken.mockRestore();

    const failing = registryOnJava({ ...parts, settings: { 'quarkus.http.host': 'no such host' } });
    await expect(failing).rejects.toThrow(/ended with exit code 1.*no such host/s);
    await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
  });
});

test.each(java)('a download that is no longer whole is named, with what to do about it', async (java) => {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-half-'));
  const failing = registryOnJava({ java, folder, archiveFlags: [] });
  await expect(failing).rejects.toThrow(`missing in ${folder}: delete it`);
  await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_DOWNLOAD_FAILED' });
  rmSync(folder, { recursive: true });
});

describe('a given registry is refused', () => {
  test('when nobody answers there', async () => {
    const [port] = await ports.freePorts(1);
    vi.stubEnv('LEFTFOLD_REGISTRY_URL', `http://someone:secret@127.0.0.1:${port}`);
    const refused = startRegistry();
    await expect(refused).rejects.toThrow(/LEFTFOLD_REGISTRY_URL.*ECONNREFUSED(?!.*secret)/s);
    await expect(refused).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
  });

  test('when what answers there is no registry, and its user and password are sent', async () => {
    const asked: unknown[] = [];
    const page = createServer((request, response) => {
      asked.push(request.url, request.headers.authorization);
      response.setHeader('content-type', 'text/html').end('<html>');
    }).listen(0, '127.0.0.1');
    await once(page, 'listening');
    vi.stubEnv(
      'LEFTFOLD_REGISTRY_URL',
      `http://someone:se%20cret@127.0.0.1:${(page.address() as AddressInfo).port}/base`,
    );
    await expect(startRegistry()).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
    expect(asked).toEqual(['/base/subjects', `Basic ${Buffer.from('someone:se cret').toString('base64')}`]);
    page.close();
  });
});
