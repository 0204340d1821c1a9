import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { schemaProgram } from '@leftfold/avro';
import { emptyFolder, eventOf, release } from './release-folder.ts';

const placed = (fields: t.Fields): AnyEventType => eventOf('shop.order.placed', fields);
const good = placed({ cents: t.long() });
const TEXT = 'shop.order.Placed/1.avsc';
const GOLDEN = 'shop.order.Placed/1.golden.json';

/** A checkout with one release on `main`, and a branch. */
async function checkout() {
  const root = emptyFolder();
  // A service of several in one repository.
  const folder = join(root, 'orders (eu)', 'schemas');
  mkdirSync(folder, { recursive: true });
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: root, encoding: 'utf8' });
  git('init', '--quiet', '--initial-branch=main');
  await release(folder, good);
  git('add', '.');
  git('commit', '--quiet', '-m', 'release');
  git('checkout', '--quiet', '-b', 'branch');
  const check = async (type: AnyEventType, ...more: readonly string[]) => {
    const lines: string[] = [];
    const io = { out: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
    const argv = more.length === 0 ? ['--since', 'main'] : more;
    const code = await schemaProgram(['check', ...argv], { catalogue: catalogue(type), folder }, io);
    return { code, text: lines.join('\n') };
  };
  const edit = (file: string, from: RegExp, to: string): void => {
    const text = readFileSync(join(folder, file), 'utf8');
    expect(text).toMatch(from);
    writeFileSync(join(folder, file), text.replace(from, to));
  };
  return { root, folder, git, check, edit };
}

test('what a branch adds is no change of what was released', async () => {
  const { folder, git, check, edit } = await checkout();
  expect(await check(good)).toMatchObject({ code: 0 });
  const further = placed({ cents: t.long(), note: t.nullable(t.string()) });
  await release(folder, further);
  edit(TEXT, /\{/, '{ ');
  expect(await check(further)).toMatchObject({ code: 0 });
  git('add', '.');
  git('commit', '--quiet', '-m', 'further');
  expect(await check(further)).toMatchObject({ code: 0 });
});

test('a released text that goes with all that names it is missed', async () => {
  const { folder, git, check } = await checkout();
  rmSync(folder, { recursive: true });
  const other = eventOf('shop.order.sent', {});
  await release(folder, other);
  expect(await check(other, '--released')).toMatchObject({ code: 0 });
  const { code, text } = await check(other);
  expect(code).toBe(1);
  expect(text).toMatch(
    /schemas\/shop\.order\.Placed\/1\.avsc:1:1: error: .*: the text was released and is gone since main; .*git checkout \w{12} -- .*1\.avsc \[text-changed\]/,
  );
  expect(text).toMatch(/: the golden file is gone since main/);
  git('add', '.');
  git('commit', '--quiet', '-m', 'loss');
  expect(await check(other)).toMatchObject({ code: 1 });
});

test('a released text that is edited and sampled anew is found', async () => {
  const { folder, check } = await checkout();
  rmSync(folder, { recursive: true });
  const edited = placed({ cents: t.double() });
  await release(folder, edited);
  expect(await check(edited, '--released')).toMatchObject({ code: 0 });
  const { code, text } = await check(edited);
  expect(code).toBe(1);
  expect(text).toMatch(/shop\.order\.placed v1: the text was released and was edited since main; .*\[text-changed\]/);
});

test('a sample that is left out or changed is found', async () => {
  const { check, edit } = await checkout();
  edit(GOLDEN, /"name": "turn-1"/, '"name": "turn-7"');
  expect(await check(good, '--released')).toMatchObject({ code: 0 });
  const { code, text } = await check(good);
  expect(code).toBe(1);
  expect(text).toMatch(/: the golden file lost or changed the sample turn-1 since main/);
});

test('what main released after the branch began is nothing that the branch lost', async () => {
  const { folder, git, check } = await checkout();
  git('checkout', '--quiet', 'main');
  await release(folder, placed({ cents: t.long(), note: t.nullable(t.string()) }));
  git('add', '.');
  git('commit', '--quiet', '-m', 'further');
  git('checkout', '--quiet', 'branch');
  expect(await check(good)).toMatchObject({ code: 0 });
});

test('what git cannot show is no verdict', async () => {
  const { root, git, check, edit } = await checkout();
  const blob = git('rev-parse', `main:orders (eu)/schemas/${TEXT}`).trim();
  edit(TEXT, /"long"/, '"int"');
  rmSync(join(root, '.git/objects', blob.slice(0, 2), blob.slice(2)));
  expect(await check(good)).toMatchObject({ code: 2 });
});

test('a commit that git does not know is no verdict', async () => {
  const { root, check } = await checkout();
  for (const commit of ['nowhere', '--output=x', ''])
    expect(await check(good, `--since=${commit}`)).toMatchObject({ code: 2 });
  rmSync(join(root, '.git'), { recursive: true });
  const { code, text } = await check(good);
  expect(code).toBe(2);
  expect(text).toContain('--since main: git has no common history');
});
