import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runStatement } from './postgres-database.ts';
import { isRunning } from './process-group.ts';
import { findRegistry } from './registry-origin.ts';
import { until } from './until.ts';

interface Run {
  readonly child: ChildProcess;
  readonly output: { out: string; err: string };
}

function servers(...flags: string[]): Run {
  const given = {
    LEFTFOLD_POSTGRES_URL: undefined,
    LEFTFOLD_KAFKA_BROKERS: undefined,
    LEFTFOLD_REGISTRY_URL: undefined,
  };
  const env = { ...process.env, ...given };
  const main = fileURLToPath(new URL('./servers.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += String(chunk)));
  child.stderr.on('data', (chunk) => (output.err += String(chunk)));
  return { child, output };
}

/** Process ids and data folders that the command says it has, once it is ready. */
async function ready({ child, output }: Run): Promise<{ pids: number[]; folders: string[] }> {
  const end = await until(() => /^Ready/m.test(output.err) || child.exitCode !== null || undefined, {
    withinMs: 120_000,
  });
  if (end === undefined || child.exitCode !== null) throw new Error(`the command did not get ready: ${output.err}`);
  return {
    pids: [...output.err.matchAll(/process (\d+)/g)].map((found) => Number(found[1])),
    folders: [...output.err.matchAll(/data in (\S+)/g)].map((found) => found[1] ?? ''),
  };
}

const isLeft = (left: { pids: number[]; folders: string[] }): boolean =>
  left.pids.some(isRunning) || left.folders.some((folder) => existsSync(folder));

test('the command prints the variables to export, and nothing else there; SIGTERM ends its servers in order', async () => {
  const run = servers('--no-kafka');
  const started = await ready(run);
  expect(run.output.out).toMatch(/^DATABASE_URL=postgres:\/\/\S+\n$/);
  await runStatement(run.output.out.trim().slice('DATABASE_URL='.length), 'select 1');
  expect(started.pids).toHaveLength(1);
  run.child.kill('SIGTERM');
  expect(await once(run.child, 'exit')).toEqual([0, null]);
  expect(isLeft(started)).toBe(false);
});

test('its servers end and their data go when the command itself is killed', async () => {
  const run = servers();
  const started = await ready(run);
  const registry = (await findRegistry({ own: true })).kind;
  expect(/^SCHEMA_REGISTRY=http:\/\/\S+$/m.test(run.output.out)).toBe(registry !== 'none');
  expect(/^WITHOUT A SCHEMA REGISTRY: /m.test(run.output.err)).toBe(registry === 'none');
  expect(started.pids.filter(isRunning)).toEqual(started.pids);
  expect(started.folders.filter(existsSync)).toEqual(started.folders);
  run.child.kill('SIGKILL');
  await once(run.child, 'exit');
  await until(() => (isLeft(started) ? undefined : true), { withinMs: 20_000 });
  expect(started.pids.filter(isRunning)).toEqual([]);
  expect(started.folders.filter((folder) => existsSync(folder))).toEqual([]);
}, 150_000);

test.each([[['--brokers', '2']], [['--broker']]])('%j is refused with what to use', async (flags) => {
  const run = servers(...flags);
  expect(await once(run.child, 'close')).toEqual([1, null]);
  expect(run.output.err).toMatch(/^LF_INFRA_BAD_SETTING: .*--brokers 1 or --brokers 3/);
});
