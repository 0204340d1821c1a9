import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { fileRegistry, pushSchemas, type Compatibility, type PushOutcome } from '@leftfold/avro';
import { emptyFolder, eventOf, filesIn, push } from './release-folder.ts';

const SUBJECT = 'shop.order.Placed';
const placed = (fields: t.Fields): AnyEventType => eventOf('shop.order.placed', fields);

/** A folder whose subjects have this rule. */
async function folderWith(mode: Compatibility): Promise<string> {
  const folder = emptyFolder();
  await writeFile(join(folder, 'compatibility.json'), JSON.stringify({ default: mode }));
  return folder;
}
const deploy = async (from: string, to: string, type: AnyEventType): Promise<PushOutcome> =>
  pushSchemas(catalogue(type), fileRegistry(to), { released: fileRegistry(from) });
const found = (outcome: PushOutcome): unknown =>
  outcome.kind === 'refused' ? outcome.faults.map(({ field, revision, rule }) => [field, revision, rule]) : outcome;

const first = placed({ id: t.uuid(), note: t.string() });
const second = placed({ id: t.uuid() });
const third = placed({ id: t.uuid(), total: t.withDefault(t.long(), 0n) });

test('texts of one push are held against each other before any is registered, where the registry is stricter than the folder', async () => {
  const [folder, there] = [await folderWith('BACKWARD'), await folderWith('FULL_TRANSITIVE')];
  for (const type of [first, second]) await push(folder, type);
  const before = await filesIn(there);
  expect(found(await deploy(folder, there, second))).toEqual([['note', 1, 'field-without-default']]);
  expect(await filesIn(there)).toEqual(before);
});

test('a text of a push is held against as many earlier ones of it as the rule of the registry asks for', async () => {
  const [folder, there] = [await folderWith('BACKWARD'), await folderWith('FULL_TRANSITIVE')];
  for (const type of [first, second, third]) await push(folder, type);
  expect(found(await deploy(folder, there, third))).toEqual([
    ['note', 1, 'field-without-default'],
    ['note', 1, 'field-without-default'],
  ]);
  expect(await fileRegistry(there).subjects()).toEqual([]);
  // One that looks at the latest only has no fault in the third.
  const lax = await folderWith('FULL');
  expect(found(await deploy(folder, lax, third))).toEqual([['note', 1, 'field-without-default']]);
  expect(await fileRegistry(lax).subjects()).toEqual([]);
});

test('a text of a push follows those that the registry has', async () => {
  const [folder, there] = [await folderWith('BACKWARD'), await folderWith('FULL_TRANSITIVE')];
  await push(folder, third);
  expect(await deploy(folder, there, third)).toMatchObject({ kind: 'pushed', pushed: [{ subject: SUBJECT }] });
  await push(folder, placed({ id: t.uuid(), note: t.withDefault(t.string(), '') }));
  const last = placed({ id: t.uuid(), note: t.withDefault(t.long(), 0n) });
  await writeFile(join(folder, 'compatibility.json'), JSON.stringify({ default: 'NONE' }));
  await push(folder, last);
  const before = await filesIn(there);
  expect(found(await deploy(folder, there, last))).toEqual([
    ['note', 2, 'type'],
    ['note', 2, 'type'],
  ]);
  expect(await filesIn(there)).toEqual(before);
});

test('texts of one push that fit each other are all registered, in the order of their releases', async () => {
  const [folder, there] = [await folderWith('BACKWARD'), await folderWith('BACKWARD_TRANSITIVE')];
  for (const type of [first, second, third]) await push(folder, type);
  expect(await deploy(folder, there, third)).toMatchObject({ kind: 'pushed', already: 0 });
  const texts = async (of: string): Promise<readonly string[]> =>
    (await fileRegistry(of).versions(SUBJECT)).map(({ avro }) => avro);
  expect(await texts(there)).toEqual(await texts(folder));
  expect(await texts(there)).toHaveLength(3);
});
