import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileRegistry } from '@leftfold/avro';
import { fileSchemaId } from '../src/registry/file-schema-id.ts';
import { textOf } from './registry-conformance.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'leftfold-texts-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const subject = 'shop.Placed';
const text = textOf(subject);
const optional = (name: string): object => ({ name, type: 'string', default: '' });
const withOptional = (...names: readonly string[]): string =>
  textOf(subject, [{ name: 'id', type: 'string' }, ...names.map(optional)]);
function put(file: string, content: string | Uint8Array): void {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), content);
}

test('a text lies in its own file, as it is, on one line; the id is made of it, so that it is the same on every machine', async () => {
  const id = await fileRegistry(folder).register(subject, text);
  expect(readdirSync(folder)).toEqual([subject]);
  expect(readdirSync(join(folder, subject))).toEqual(['1.avsc']);
  expect(readFileSync(join(folder, subject, '1.avsc'), 'utf8')).toBe(`${text}\n`);
  expect(id).toBe(fileSchemaId(text));
  // As `sha256sum` says it; 31 of its 32 bits.
  expect(fileSchemaId('"string"')).toBe(0xe9_e5_c1_c9 >>> 1);
});

test('a text is the same one without a line’s end, and with the one that a checkout on Windows makes', async () => {
  for (const end of ['', '\n', '\r\n']) {
    put(`${subject}/1.avsc`, text + end);
    const [only] = await fileRegistry(folder).versions(subject);
    expect(only).toEqual({ id: fileSchemaId(text), version: 1, avro: text });
  }
});

test('a text on several lines has one id, whatever ends its lines and whatever a checkout makes of that', async () => {
  const lines = JSON.stringify(JSON.parse(text), null, 2);
  const ids = new Set<number | undefined>();
  for (const end of ['\n', '\r\n', '\r']) {
    const said = `${lines}\n`.replaceAll('\n', end);
    const fresh = join(folder, encodeURIComponent(end));
    ids.add(await fileRegistry(fresh).register(subject, said));
    put(`checkout/${subject}/1.avsc`, said);
    for (const there of [fresh, join(folder, 'checkout')])
      ids.add((await fileRegistry(there).versions(subject)).at(0)?.id);
  }
  expect(ids).toEqual(new Set([fileSchemaId(lines)]));
});

test('a folder that is not there is empty, and is made by the first text', async () => {
  const registry = fileRegistry(join(folder, 'not', 'yet'));
  expect(await registry.subjects()).toEqual([]);
  expect(await registry.compatibility(subject)).toBe('FULL_TRANSITIVE');
  const id = await registry.register(subject, text);
  expect(await fileRegistry(join(folder, 'not', 'yet')).schema(id)).toBe(text);
});

test('what a pull brings is found without a new start', async () => {
  const registry = fileRegistry(folder);
  expect(await registry.find(subject, text)).toBeUndefined();
  expect(await registry.schema(fileSchemaId(text))).toBeUndefined();
  put(`${subject}/1.avsc`, text);
  expect(await registry.find(subject, text)).toBe(fileSchemaId(text));
  expect(await registry.schema(fileSchemaId(text))).toBe(text);
});

test('A7 what is known goes on while the folder is away; an id is then not unknown but unavailable', async () => {
  const registry = fileRegistry(folder);
  const id = await registry.register(subject, text);
  expect(await registry.find(subject, text)).toBe(id);
  rmSync(folder, { recursive: true });
  await expect(registry.schema(7)).rejects.toMatchObject({ code: 'LF_REGISTRY_UNAVAILABLE', retryable: true });
  expect(await registry.find(subject, withOptional('a'))).toBeUndefined();
  expect(await registry.find(subject, text)).toBe(id);
  expect(await registry.schema(id)).toBe(text);
  expect(await registry.subjects()).toEqual([]);
});

test('a subject that is mounted by a symbolic link is one like any other; a link that leads nowhere is none', async () => {
  const elsewhere = join(folder, 'elsewhere');
  const mounted = join(folder, 'mounted');
  const id = await fileRegistry(elsewhere).register(subject, text);
  mkdirSync(mounted);
  symlinkSync(join(elsewhere, subject), join(mounted, subject));
  symlinkSync(join(folder, 'nowhere'), join(mounted, 'shop.Gone'));
  const registry = fileRegistry(mounted);
  expect(await registry.subjects()).toEqual([subject]);
  expect(await registry.schema(id)).toBe(text);
  expect(await registry.register(subject, text)).toBe(id);
  await registry.register(subject, withOptional('a'));
  expect(await fileRegistry(elsewhere).versions(subject)).toHaveLength(2);
});

test('other files are left alone: golden samples, drafts of a writer that was killed, a readme', async () => {
  put(`${subject}/1.avsc`, text);
  put(`${subject}/1.golden.json`, '[]');
  put(`${subject}/.2.abc.draft`, '{"type":');
  put('README.md', 'texts');
  expect(await fileRegistry(folder).subjects()).toEqual([subject]);
  expect(await fileRegistry(folder).versions(subject)).toHaveLength(1);
});

describe('a subject that would leave the folder', () => {
  test.each([
    '../evil',
    'a/b',
    'a\\b',
    '..',
    '.',
    '',
    '.hidden',
    'a..b',
    '/etc',
    'C:',
    'compatibility.json',
    'a b',
    '-rf',
  ])('%j is refused', async (bad) => {
    const registry = fileRegistry(join(folder, 'inner'));
    const refusal = { code: 'LF_SUBJECT_INVALID', retryable: false };
    await expect(registry.register(bad, text)).rejects.toMatchObject(refusal);
    await expect(registry.find(bad, text)).rejects.toMatchObject(refusal);
    await expect(registry.versions(bad)).rejects.toMatchObject(refusal);
    await expect(registry.compatibility(bad)).rejects.toMatchObject(refusal);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a broken folder is refused, and the file is named', () => {
  test.each([
    ['a text that is cut off', '1.avsc', text.slice(0, 20), 'no JSON'],
    [
      'two branches',
      '1.avsc',
      `<<<<<<< HEAD\n${text}\n=======\n"int"\n>>>>>>> other\n`,
      'has a merge conflict; keep the text',
    ],
    ['no UTF-8', '1.avsc', Uint8Array.of(0x22, 0xff, 0x22), 'no JSON'],
    ['a mark at its beginning', '1.avsc', `\ufeff${text}`, 'no JSON'],
    ['a name that is no number', 'v1.avsc', text, 'not named as a version'],
    ['a number with a nought', '01.avsc', text, 'not named as a version'],
    ['version nought', '0.avsc', text, 'not named as a version'],
  ])('%s', async (_, file, content, why) => {
    put(`${subject}/${file}`, content);
    const failed = { code: 'LF_REGISTRY_REFUSED', retryable: false };
    for (const ask of [
      () => fileRegistry(folder).find(subject, text),
      () => fileRegistry(folder).schema(1),
      () => fileRegistry(folder).versions(subject),
      () => fileRegistry(folder).subjects(),
      () => fileRegistry(folder).register(subject, text),
    ]) {
      const refused = ask();
      await expect(refused).rejects.toMatchObject(failed);
      await expect(refused).rejects.toThrow(join(subject, file));
      await expect(refused).rejects.toThrow(why);
    }
  });

  test('a gap in the versions', async () => {
    put(`${subject}/1.avsc`, text);
    put(`${subject}/3.avsc`, withOptional('a'));
    const refused = fileRegistry(folder).versions(subject);
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
    await expect(refused).rejects.toThrow(/2\.avsc is missing/);
  });

  test('a file where the folder should be', async () => {
    put('file', '');
    const refused = fileRegistry(join(folder, 'file')).subjects();
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
    await expect(fileRegistry(join(folder, 'file')).register(subject, text)).rejects.toThrow('ENOTDIR');
  });

  test('a file where a subject should be', async () => {
    put(subject, '');
    const refused = fileRegistry(folder).register(subject, text);
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
    await expect(refused).rejects.toThrow(`${join(folder, subject)} ends with EEXIST`);
  });

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a misspelled rule', '{"default":"BACKWARDS"}'],
    ['a misspelled rule of a subject', '{"subjects":{"shop.Placed":"full"}}'],
    ['a misspelled member', '{"defaults":"FULL"}'],
    ['rules that are no object', '{"subjects":7}'],
    ['rules that are a list', '{"subjects":[]}'],
  ])('compatibility.json with %s', async (_, content) => {
    put('compatibility.json', content);
    const refused = fileRegistry(folder).compatibility(subject);
    await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
    await expect(refused).rejects.toThrow(/compatibility\.json.*FULL_TRANSITIVE/);
    await expect(fileRegistry(folder).register(subject, text)).rejects.toThrow('compatibility.json');
    expect(readdirSync(folder)).toEqual(['compatibility.json']);
  });
});

describe('the rule of the folder', () => {
  const required = textOf(subject, [
    { name: 'id', type: 'string' },
    { name: 'more', type: 'string' },
  ]);

  test('is FULL_TRANSITIVE without one: each earlier text counts, both ways, and each finding names version and field', async () => {
    const registry = fileRegistry(folder);
    await registry.register(subject, text);
    const refused = registry.register(subject, required);
    await expect(refused).rejects.toMatchObject({
      code: 'LF_SCHEMA_INCOMPATIBLE',
      subject,
      findings: [{ path: 'more', rule: 'field-without-default' }],
    });
    await expect(refused).rejects.toThrow(/version 1, more: .*FULL_TRANSITIVE/);
    await expect(registry.register(subject, textOf(subject, []))).rejects.toMatchObject({ findings: [{ path: 'id' }] });
    await registry.register(subject, withOptional('a'));
    // Fits the latest alone: the first wrote no `a`.
    const needsA = textOf(subject, [
      { name: 'id', type: 'string' },
      { name: 'a', type: 'string' },
    ]);
    await expect(registry.register(subject, needsA)).rejects.toThrow('version 1, a:');
    expect(await registry.versions(subject)).toHaveLength(2);
  });

  test.each([
    ['NONE', true, true],
    ['BACKWARD', false, true],
    ['FORWARD', true, false],
    ['FULL', false, false],
  ] as const)('%s: a field without default more: %j, a field less: %j', async (rule, more, less) => {
    put('compatibility.json', JSON.stringify({ default: 'FULL', subjects: { [subject]: rule } }));
    expect(await fileRegistry(folder).compatibility(subject)).toBe(rule);
    expect(await fileRegistry(folder).compatibility('shop.Other')).toBe('FULL');
    await fileRegistry(folder).register(subject, text);
    const outcome = async (avro: string): Promise<boolean> => {
      const [one] = await Promise.allSettled([fileRegistry(folder).register(subject, avro)]);
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'LF_SCHEMA_INCOMPATIBLE' });
      return one.status === 'fulfilled';
    };
    expect(await outcome(required)).toBe(more);
    rmSync(join(folder, subject, '2.avsc'), { force: true });
    expect(await outcome(textOf(subject, []))).toBe(less);
  });
});

/** Two texts of one id, as there are among any fifty thousand. */
function twins(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i += 1) {
    const avro = textOf(subject, [{ name: 'id', type: 'string', default: `${i}` }]);
    const id = fileSchemaId(avro);
    const other = seen.get(id);
    if (other !== undefined) return [other, avro];
    seen.set(id, avro);
  }
}

test('two texts with one id are refused, by whom the second comes', async () => {
  const [one, other] = twins();
  const registry = fileRegistry(folder);
  await registry.register(subject, one);
  for (const beside of [subject, 'shop.Elsewhere'])
    await expect(registry.register(beside, other)).rejects.toMatchObject({ code: 'LF_SCHEMA_REFUSED' });
  expect(await registry.subjects()).toEqual([subject]);
  // Two branches, merged.
  put('shop.Elsewhere/1.avsc', other);
  const refused = fileRegistry(folder).schema(fileSchemaId(one));
  await expect(refused).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
});

test('a subject that differs from another one in case alone is refused: some disks take both for one', async () => {
  const registry = fileRegistry(folder);
  await registry.register('shop.Placed', textOf('shop.Placed'));
  await expect(registry.register('shop.placed', textOf('shop.placed'))).rejects.toMatchObject({
    code: 'LF_SCHEMA_REFUSED',
  });
  // Two branches, merged.
  put('shop.placed/1.avsc', textOf('shop.placed'));
  const broken = registry.subjects();
  await expect(broken).rejects.toMatchObject({ code: 'LF_REGISTRY_REFUSED' });
  await expect(broken).rejects.toThrow('holds shop.Placed and shop.placed');
});

test.each(['aux.order.Placed', 'NUL', 'com1.Placed'])(
  'the subject %s is refused: Windows could not check it out',
  async (device) => {
    const refused = fileRegistry(folder).register(device, textOf(device));
    await expect(refused).rejects.toMatchObject({ code: 'LF_SCHEMA_REFUSED' });
    await expect(refused).rejects.toThrow('Windows');
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('processes that register at once overwrite nothing: every text is there, once, and versions have no gap', async () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const texts = Array.from({ length: 6 }, (_, i) => withOptional(`f${i}`));
  const run = (own: readonly string[]): Promise<unknown> => {
    const script = `import { fileRegistry } from ${JSON.stringify(index)};
      const registry = fileRegistry(${JSON.stringify(folder)});
      await Promise.all(${JSON.stringify(own)}.map((text) => registry.register(${JSON.stringify(subject)}, text)));`;
    return promisify(execFile)(process.execPath, [
      '--conditions=leftfold:source',
      '--input-type=module',
      '--eval',
      script,
    ]);
  };
  // One text is everybody's.
  await Promise.all([0, 1, 2].map((i) => run([text, ...texts.slice(2 * i, 2 * i + 2)])));
  const versions = await fileRegistry(folder).versions(subject);
  expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(new Set(versions.map(({ avro }) => avro))).toEqual(new Set([text, ...texts]));
  expect(readdirSync(join(folder, subject)).filter((name) => !/^\d\.avsc$/.test(name))).toEqual([]);
});

test('a path on Windows is no URL', () => {
  expect(fileRegistry('C://service/schemas').description).toBe('C://service/schemas');
});

test.each(['', 'a\0b', 'htps://user:secret@host', ' http://user:secret@host'])(
  'the path %j is refused when the registry is made, and not repeated',
  (path) => {
    const refusal = (): unknown => fileRegistry(path);
    expect(refusal).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
    expect(refusal).not.toThrow('secret');
  },
);
