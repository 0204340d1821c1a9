import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, t, type AnyEventType } from '@leftfold/core';
import { checkRelease, fileRegistry, type ReleaseReport } from '@leftfold/avro';
import { emptyFolder, eventOf, filesIn, push } from './release-folder.ts';

const FORMER = 'shop.order.placed';
const SUBJECT = 'shop.order.Placed';
const former = (fields: t.Fields): AnyEventType => eventOf(FORMER, fields);
const renamed = (fields: t.Fields): AnyEventType => eventOf('shop.order.submitted', fields, { aliases: [FORMER] });
const check = async (folder: string, type: AnyEventType): Promise<ReleaseReport> =>
  checkRelease(catalogue(type), fileRegistry(folder), { exclusive: true });

test.each<readonly [what: string, before: t.Fields, after: t.Fields]>([
  ['drops a required field', { id: t.uuid(), note: t.string() }, { id: t.uuid() }],
  ['drops its only field', { note: t.string() }, {}],
  [
    'drops a required field of a record in a list',
    { lines: t.array(t.record('Line', { sku: t.string(), note: t.string() })) },
    { lines: t.array(t.record('Line', { sku: t.string() })) },
  ],
  ['widens a field', { count: t.int() }, { count: t.long() }],
  ['lets a field be null', { note: t.string() }, { note: t.nullable(t.string()) }],
])('a renamed type that %s is no fault: nobody who knows only the former name reads it', async (_, before, after) => {
  const folder = emptyFolder();
  await push(folder, former(before));
  // Under its own name it is one: there are readers of the earlier revision.
  expect((await check(folder, former(after))).faults.map(({ kind }) => kind)).toContain('incompatible');
  const { faults, unreleased } = await check(folder, renamed(after));
  expect(faults).toEqual([]);
  expect(unreleased).toMatchObject([{ event: 'shop.order.submitted', subject: 'shop.order.Submitted' }]);
  await push(folder, renamed(after));
  expect([...(await filesIn(folder)).keys()]).toEqual([`${SUBJECT}/1.avsc`, 'shop.order.Submitted/1.avsc']);
  expect(await check(folder, renamed(after))).toMatchObject({ faults: [], unreleased: [] });
});

test('a renamed type that drops one required field and adds another is at fault for the one that it cannot read', async () => {
  const folder = emptyFolder();
  await push(folder, former({ id: t.uuid(), note: t.string() }));
  const { faults } = await check(folder, renamed({ id: t.uuid(), total: t.long() }));
  expect(faults).toMatchObject([{ subject: SUBJECT, revision: 1, field: 'total', rule: 'field-without-default' }]);
  expect(faults[0]?.message).toMatch(/^the definition cannot read what revision 1 wrote/);
});

test('the rule of the former subject says whether its texts are read at all', async () => {
  const folder = emptyFolder();
  await push(folder, former({ id: t.uuid() }));
  const type = renamed({ id: t.uuid(), total: t.long() });
  const ruled = async (mode: string): Promise<readonly (string | undefined)[]> => {
    await writeFile(join(folder, 'compatibility.json'), JSON.stringify({ subjects: { [SUBJECT]: mode } }));
    return (await check(folder, type)).faults.map(({ field }) => field);
  };
  expect(await ruled('BACKWARD')).toEqual(['total']);
  expect(await ruled('FULL')).toEqual(['total']);
  expect(await ruled('FORWARD_TRANSITIVE')).toEqual([]);
  expect(await ruled('NONE')).toEqual([]);
});
