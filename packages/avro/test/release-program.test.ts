import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, event, t, type AnyEventType } from '@leftfold/core';
import { confluentRegistry, fileRegistry, schemaProgram, type SchemaProgramOptions } from '@leftfold/avro';
import { emptyFolder, eventOf, filesIn } from './release-folder.ts';

const NAME = 'shop.order.placed';
const placed = (fields: t.Fields): AnyEventType => eventOf(NAME, fields);
const good = placed({ lines: t.array(t.record('Line', { sku: t.string(), cents: t.long() })) });
const further = placed({
  lines: t.array(t.record('Line', { sku: t.string(), cents: t.long(), note: t.nullable(t.string()) })),
});
const bad = placed({ lines: t.array(t.record('Line', { sku: t.string(), cents: t.double() })) });

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly error: readonly string[];
}
async function run(
  folder: string,
  types: readonly AnyEventType[],
  argv: string,
  options: Partial<SchemaProgramOptions> = {},
): Promise<Ran> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await schemaProgram(
    argv.split(' ').filter(Boolean),
    { catalogue: catalogue(...types), folder, ...options },
    { out: (line) => out.push(line), error: (line) => error.push(line) },
  );
  return { code, out, error };
}

test('push, golden, check: a release from nothing to green', async () => {
  const folder = emptyFolder();
  const branch = await run(folder, [good], 'check');
  expect(branch.code).toBe(0);
  expect(branch.out[0]).toMatch(
    /shop\.order\.Placed: note: shop\.order\.placed v1: this event is not released yet; .*\[unreleased\]$/,
  );
  expect((await run(folder, [good], 'check --released')).code).toBe(1);
  const pushed = await run(folder, [good], 'push');
  expect(pushed).toMatchObject({ code: 0, error: [] });
  expect(pushed.out[0]).toMatch(/^shop\.order\.placed v1: shop\.order\.Placed is registered, id \d+$/);
  const lacking = await run(folder, [good], 'check');
  expect(lacking.code).toBe(1);
  expect(lacking.out[0]).toMatch(
    /Placed\/1\.golden\.json:1:1: error: .*has no golden file; write it with the command golden/,
  );
  expect(await run(folder, [good], 'golden')).toMatchObject({ code: 0 });
  const green = await run(folder, [good], 'check --released');
  expect(green).toEqual({
    code: 0,
    error: [],
    out: [`1 version of 1 event compared with 1 released text in ${folder}: 0 faults`],
  });
  expect((await run(folder, [good], 'push')).out).toEqual([`0 registered in ${folder}, 1 there before`]);
});

test('a finding is one line that an editor can jump to: the field in the released text', async () => {
  const folder = emptyFolder();
  await run(folder, [good], 'push');
  const { code, out } = await run(folder, [bad], 'check');
  expect(code).toBe(1);
  const line = out.find((one) => one.includes('[type]')) ?? '';
  const [, path = '', row = '', column = ''] =
    /^(.+?):(\d+):(\d+): error: shop\.order\.placed v1, lines\[\]\.cents: .*; .* \[type\]$/.exec(line) ?? [];
  const text = (await readFile(path, 'utf8')).split('\n')[Number(row) - 1] ?? '';
  expect(text.slice(Number(column) - 1)).toMatch(/^"name":"cents"/);
  expect(out.at(-1)).toMatch(/fault/);
  const refused = await run(folder, [bad], 'push');
  expect(refused.code).toBe(1);
  expect(refused.out.at(-1)).toMatch(/nothing was registered/);
  expect([...(await filesIn(folder)).keys()].filter((name) => name.endsWith('.avsc'))).toHaveLength(1);
});

test('golden refuses, with places, when today gives other results, and writes nothing', async () => {
  const folder = emptyFolder();
  const version = (cents: number): AnyEventType =>
    event(NAME, {}).version(2, { cents: t.integer() }, { up: () => ({ cents }) });
  await run(folder, [version(1)], 'push');
  await run(folder, [version(1)], 'golden');
  const files = await filesIn(folder);
  const { code, out, error } = await run(folder, [version(2)], 'golden');
  expect({ code, error }).toEqual({ code: 1, error: ['nothing was written'] });
  expect(out[0]).toMatch(/Placed\/1\.golden\.json:1:1: error: .*another result than recorded, at cents/);
  expect(await filesIn(folder)).toEqual(files);
  expect((await run(folder, [version(2)], 'check')).code).toBe(1);
});

test('a registry is told what the folder has, and check looks there', async () => {
  const [folder, there] = [emptyFolder(), emptyFolder()];
  const live = { registry: () => fileRegistry(there) };
  const early = await run(folder, [good], 'push --registry http://registry', live);
  expect(early.code).toBe(1);
  expect(early.out[0]).toMatch(/^shop\.order\.Placed: error: .*not released yet/);
  await run(folder, [good], 'push');
  expect((await run(folder, [good], 'check --registry http://registry --released', live)).code).toBe(1);
  expect((await run(folder, [good], 'push --registry http://registry', live)).code).toBe(0);
  expect((await run(folder, [good], 'check --registry http://registry --released', live)).code).toBe(0);
  const forbidden = await run(folder, [bad], 'check --registry http://registry', live);
  expect(forbidden.code).toBe(1);
  expect(forbidden.out[0]).toMatch(/^shop\.order\.Placed\/1: error: .*\[type\]$/);
});

test('a registry out of reach is no verdict, and its password is not printed', async () => {
  const folder = emptyFolder();
  await run(folder, [good], 'push');
  for (const argv of [
    'check --registry http://user:secret@127.0.0.1:1/',
    'push --registry http://user:secret@127.0.0.1:1/',
    'check --registry ht!tp://user:secret@registry',
    'check http://user:secret@registry',
    '--http://user:secret@registry',
  ]) {
    const { code, out, error } = await run(folder, [good], argv);
    expect(code).toBe(2);
    expect(error.length).toBeGreaterThan(0);
    expect([...out, ...error].join('\n')).not.toContain('secret');
  }
});

test('the default registry is a live one by its URL', async () => {
  const folder = emptyFolder();
  const description = confluentRegistry({ url: 'http://127.0.0.1:1' }).description;
  const { error } = await run(folder, [good], 'check --registry http://127.0.0.1:1');
  expect(error.join('\n')).toContain('LF_REGISTRY_UNAVAILABLE');
  expect(error.join('\n')).toContain(description);
});

test('contracts are written, and check sees when they are stale', async () => {
  const folder = emptyFolder();
  expect((await run(folder, [good], 'contracts')).code).toBe(2);
  const contracts = {
    folder: join(folder, 'contracts'),
    service: 'shop',
    version: '1',
    topic: (category: string) => category,
  };
  const options = { contracts };
  const schemas = join(folder, 'schemas');
  for (const command of ['push', 'golden', 'contracts']) await run(schemas, [good], command, options);
  expect((await run(schemas, [good], 'check', options)).out.at(-1)).toContain(': 0 faults');
  // A branch has what is not pushed yet, and contracts follow the push.
  const branch = await run(schemas, [further], 'check', options);
  expect(branch.code).toBe(0);
  expect(branch.out.at(-2)).toMatch(
    /contracts\/asyncapi\.json:1:1: note: .*, after push and golden, .*contracts-stale/,
  );
  expect(await run(schemas, [further], 'check --released', options)).toMatchObject({ code: 1 });
  for (const command of ['push', 'golden']) await run(schemas, [further], command, options);
  const stale = await run(schemas, [further], 'check', options);
  expect(stale.code).toBe(1);
  expect(stale.out.slice(0, -1)).toEqual([
    expect.stringMatching(
      /contracts\/asyncapi\.json:1:1: error: this is not what the definitions say now, nor is catalogue\.md; write it with the command contracts, and commit it \[contracts-stale\]$/,
    ),
  ]);
  expect(await run(schemas, [further], 'contracts', options)).toMatchObject({ code: 0 });
  expect(await run(schemas, [further], 'check --released', options)).toMatchObject({ code: 0 });
});

test('import prints the definition that an Avro schema stands for', async () => {
  const folder = emptyFolder();
  const file = join(folder, 'order.avsc');
  await writeFile(file, JSON.stringify(t.record('Order', { id: t.uuid(), cents: t.long() }).avro));
  const { code, out } = await run(folder, [], `import ${file}`);
  expect(code).toBe(0);
  expect(out.join('\n')).toMatch(/cents: t\.long\(\)/);
  expect((await run(folder, [], `import ${join(folder, 'absent.avsc')}`)).code).toBe(2);
});

test('help is no fault, a misspelt option is one', async () => {
  const folder = emptyFolder();
  const help = await run(folder, [good], '--help');
  expect(help).toMatchObject({ code: 0, error: [] });
  expect(help.out.join('\n')).toContain('schema check [--registry <url>] [--since <commit>] [--released]');
  const wrong = await run(folder, [good], 'check --relesed');
  expect(wrong).toMatchObject({ code: 2, out: [] });
  expect(wrong.error.join('\n')).toContain('--relesed');
});

test('a push into a folder that lost a text or had one edited writes nothing', async () => {
  const folder = emptyFolder();
  const types = [good];
  for (const command of ['push', 'golden']) await run(folder, types, command);
  const path = join(folder, 'shop.order.Placed/1.avsc');
  const text = await readFile(path, 'utf8');
  await rm(path);
  const before = await filesIn(folder);
  const lost = await run(folder, types, 'push');
  expect(lost).toMatchObject({ code: 1, error: [] });
  expect(lost.out[0]).toMatch(/Placed\/1\.golden\.json:1:1: error: shop\.order\.placed v1: .*its text is gone/);
  expect(await filesIn(folder)).toEqual(before);
  await writeFile(path, text.replace('"cents"', '"cent"'));
  for (const argv of ['push', 'push --registry http://registry'])
    expect(await run(folder, types, argv, { registry: () => fileRegistry(emptyFolder()) })).toMatchObject({ code: 1 });
  await writeFile(path, text);
  expect(await run(folder, types, 'push')).toMatchObject({ code: 0 });
});

test('a push that a registry cuts short has told what was registered by then, and is simply run again', async () => {
  const [folder, there] = [emptyFolder(), emptyFolder()];
  const types = [good, eventOf('shop.order.sent', {}), eventOf('shop.order.shipped', {})];
  await run(folder, types, 'push');
  const own = fileRegistry(there);
  const failing = Object.assign(Object.create(own) as typeof own, {
    description: own.description,
    register: (subject: string, avro: string) =>
      subject === 'shop.order.Shipped' ? Promise.reject(new Error('gone')) : own.register(subject, avro),
    ...Object.fromEntries(
      (['find', 'versions', 'subjects', 'compatibility'] as const).map((name) => [name, own[name].bind(own)]),
    ),
  });
  const cut = await run(folder, types, 'push --registry http://registry', { registry: () => failing });
  expect(cut.code).toBe(2);
  expect(cut.out.map((line) => line.split(':')[0])).toEqual(['shop.order.placed v1', 'shop.order.sent v1']);
  const again = await run(folder, types, 'push --registry http://registry', { registry: () => own });
  expect(again).toMatchObject({ code: 0, error: [] });
  expect(again.out[0]).toMatch(/^shop\.order\.shipped v1: /);
  expect(again.out[1]).toMatch(/^1 registered/);
});

test('a catalogue without events is no green check', async () => {
  const { code, error } = await run(emptyFolder(), [], 'check');
  expect(code).toBe(2);
  expect(error[0]).toContain('no events');
});

test("in a process of its own, the exit code is the program's", () => {
  const folder = emptyFolder();
  const script = `
    import { catalogue, event, t } from '@leftfold/core';
    import { schemaProgram } from '@leftfold/avro';
    const placed = event('shop.order.placed', { id: t.uuid() });
    process.exitCode = await schemaProgram(process.argv.slice(1), { catalogue: catalogue(placed), folder: ${JSON.stringify(folder)} });
  `;
  const start = (...argv: readonly string[]) =>
    spawnSync(
      process.execPath,
      [
        '--conditions=leftfold:source',
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '--eval',
        script,
        '--',
        ...argv,
      ],
      { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' },
    );
  expect(start('check', '--released')).toMatchObject({ status: 1, stderr: '' });
  expect(start('push')).toMatchObject({ status: 0, stderr: '' });
  expect(start('golden').stdout).toContain('1 written');
  expect(start('check', '--released').stdout).toContain('0 faults');
  expect(start('chekc')).toMatchObject({ status: 2, stdout: '' });
});
