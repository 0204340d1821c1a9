import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue, event, t, versionsOf, type AnyEventType } from '@leftfold/core';
import { checkRelease, fileRegistry, pushSchemas, type ReleaseFinding } from '@leftfold/avro';
import { emptyFolder, eventOf, filesIn, push } from './release-folder.ts';

const NAME = 'shop.order.placed';
const placed = (fields: t.Fields): AnyEventType => eventOf(NAME, fields);
const Currency = t.enum('Currency', ['EUR', 'USD']);

const textOf = (type: AnyEventType): string => JSON.stringify(versionsOf(type)[0]?.writer.avro);
const check = async (folder: string, ...types: readonly AnyEventType[]) =>
  checkRelease(catalogue(...types), fileRegistry(folder), { exclusive: true });
/** Kind, version, field and rule. */
const brief = ({ kind, version, field, rule }: ReleaseFinding): readonly unknown[] => [kind, version, field, rule];

const bad: readonly [title: string, before: t.Fields, after: t.Fields, field: string, rule: string][] = [
  ['a field without a default is added', {}, { note: t.string() }, 'note', 'field-without-default'],
  ['a field without a default is removed', { note: t.string() }, {}, 'note', 'field-without-default'],
  ['a field is renamed', { a: t.string() }, { b: t.withDefault(t.string(), '') }, 'a', 'field-without-default'],
  ['a type changes', { total: t.long() }, { total: t.string() }, 'total', 'type'],
  ['a type is promoted, which older readers cannot follow', { n: t.int() }, { n: t.long() }, 'n', 'type'],
  ['a promotion is taken back', { n: t.long() }, { n: t.int() }, 'n', 'type'],
  ['a logical type is added', { id: t.string() }, { id: t.uuid() }, 'id', 'logical-type'],
  ['a logical type changes', { at: t.long() }, { at: t.timestampMillis() }, 'at', 'logical-type'],
  ['the scale changes', { sum: t.decimal(9, 2) }, { sum: t.decimal(9, 3) }, 'sum', 'decimal-scale'],
  ['the precision shrinks', { sum: t.decimal(9, 2) }, { sum: t.decimal(8, 2) }, 'sum', 'decimal-precision'],
  ['a field becomes nullable', { a: t.string() }, { a: t.nullable(t.string()) }, 'a', 'type'],
  [
    'a variant is added',
    { paid: t.union('kind', { card: {}, cash: {} }) },
    { paid: t.union('kind', { card: {}, cash: {}, points: {} }) },
    'paid',
    'union-branch',
  ],
  ['an enum is renamed', { currency: Currency }, { currency: t.enum('Money', ['EUR', 'USD']) }, 'currency', 'name'],
  [
    'deep inside',
    { lines: t.array(t.record('Line', { price: t.map(t.record('Price', { cents: t.long() })) })) },
    { lines: t.array(t.record('Line', { price: t.map(t.record('Price', { cents: t.double() })) })) },
    'lines[].price{}.cents',
    'type',
  ],
  ['a list becomes a map', { a: t.array(t.long()) }, { a: t.map(t.long()) }, 'a', 'type'],
];

test.each(bad)('the gate names field and rule when %s', async (_, before, after, field, rule) => {
  const folder = emptyFolder();
  await push(folder, placed(before));
  const { faults } = await check(folder, placed(after));
  expect(faults.map(brief)).toContainEqual(['incompatible', 1, field, rule]);
  for (const { event: name, message, remedy } of faults) {
    expect(name).toBe(NAME);
    expect(message).toMatch(/revision 1 .*\(FULL_TRANSITIVE\)/);
    expect(remedy).not.toBe('');
  }
  const outcome = await pushSchemas(catalogue(placed(after)), fileRegistry(folder), { exclusive: true });
  expect(outcome).toMatchObject({ kind: 'refused' });
});

const good: readonly [title: string, before: t.Fields, after: t.Fields][] = [
  ['a field with a default is added', {}, { note: t.withDefault(t.string(), '') }],
  ['a field with a default is removed', { note: t.nullable(t.string()) }, {}],
  ['fields change places', { a: t.string(), b: t.int() }, { b: t.int(), a: t.string() }],
  ['a symbol is added to an enum', { c: Currency }, { c: t.enum('Currency', ['EUR', 'USD', 'CHF']) }],
  ['a default changes', { n: t.withDefault(t.int(), 1) }, { n: t.withDefault(t.int(), 2) }],
];

test.each(good)('the gate lets pass that %s', async (_, before, after) => {
  const folder = emptyFolder();
  await push(folder, placed(before));
  const report = await check(folder, placed(after));
  expect(report.faults).toEqual([]);
  expect(report.unreleased.map(brief)).toEqual([['unreleased', 1, undefined, 'unreleased']]);
  expect(report.checked).toEqual({ versions: 1, texts: 1 });
});

test('a further revision is compared with all earlier ones, not only with the latest', async () => {
  const folder = emptyFolder();
  await push(folder, placed({ a: t.withDefault(t.int(), 0) }));
  await push(folder, placed({}));
  const { faults } = await check(folder, placed({ a: t.withDefault(t.string(), '') }));
  expect(faults.map(({ field, revision, rule }) => [field, revision, rule])).toEqual([
    ['a', 1, 'type'],
    ['a', 1, 'type'],
  ]);
});

const withTag = (byDefault: string): AnyEventType => placed({ tag: t.withDefault(t.string(), byDefault) });

test('a default under which events were read stays: another one would give them another meaning', async () => {
  const folder = emptyFolder();
  await push(folder, withTag('a'));
  // So far every event has said its tag itself.
  expect((await check(folder, withTag('b'))).faults).toEqual([]);
  const late = emptyFolder();
  await push(late, placed({}));
  await push(late, withTag('a'));
  const { faults } = await check(late, withTag('b'));
  expect(faults.map(brief)).toEqual([['incompatible', 1, 'tag', 'reading-changed']]);
  expect((await check(late, withTag('a'))).faults).toEqual([]);
  expect((await check(late, placed({}))).faults).toEqual([]);
});

test('a field that goes takes its values with it, and gives no event another meaning', async () => {
  const folder = emptyFolder();
  await push(folder, withTag('a'));
  await push(folder, placed({ tag: t.withDefault(t.string(), 'a'), note: t.nullable(t.string()) }));
  expect((await check(folder, placed({ note: t.nullable(t.string()) }))).faults).toEqual([]);
});

test('the symbol that unknown ones were read as stays', async () => {
  const folder = emptyFolder();
  const paid = (...symbols: [string, ...string[]]): AnyEventType => placed({ by: t.enum('By', symbols) });
  await push(folder, paid('other', 'cash', 'card'));
  // As a weaker gate let it pass once.
  await fileRegistry(folder).register('shop.order.Placed', textOf(paid('other', 'card')));
  expect((await check(folder, paid('other', 'card'))).faults).toEqual([]);
  expect((await check(folder, paid('card', 'other'))).faults.map(brief)).toEqual([
    ['incompatible', 1, 'by', 'reading-changed'],
  ]);
  // What had become `other` is `cash` again; who read `other` reads it still.
  expect((await check(folder, paid('other', 'card', 'cash'))).faults).toEqual([]);
});

const By = (...symbols: [string, ...string[]]): t.AnySchema => t.enum('By', symbols);
test.each([
  ['taken away', By('cash', 'card'), By('cash'), 'by'],
  ['renamed', By('cash', 'card'), By('cash', 'debit'), 'by'],
  [
    'taken away where a default looks like an enum, too',
    t.record('Paid', { by: By('cash', 'card') }),
    t.record('Paid', {
      by: By('cash'),
      schema: t.withDefault(t.record('Any', { type: t.string(), default: t.string() }), { type: 'enum', default: '' }),
    }),
    'by.by',
  ],
])('a symbol that is %s would turn old events into the default, so it stays', async (_, before, after, field) => {
  const folder = emptyFolder();
  await push(folder, placed({ by: before }));
  const { faults } = await check(folder, placed({ by: after }));
  expect(faults.map(brief)).toEqual([['incompatible', 1, field, 'reading-changed']]);
  expect(faults[0]?.message).toMatch(/otherwise than revision 1 did: .*lacks 'card'$/);
  expect(faults[0]?.remedy).toMatch(/^keep the symbols/);
});

const up = (old: object): object => ({ ...old, note: '' });
const twoVersions = (): AnyEventType =>
  event(NAME, { id: t.uuid() }).version(
    2,
    { id: t.uuid(), note: t.string() },
    {
      up: up as never,
    },
  );
const other = (options = {}): AnyEventType => event('shop.order.shipped', { id: t.uuid() }, options);

test('a released version that is no longer defined is a fault', async () => {
  const folder = emptyFolder();
  await push(folder, twoVersions());
  const { faults } = await check(folder, placed({ id: t.uuid() }));
  expect(faults).toMatchObject([{ kind: 'version-removed', event: NAME, version: 2, subject: 'shop.order.PlacedV2' }]);
});

test('a released event that is no longer defined is a fault, retired it is none', async () => {
  const folder = emptyFolder();
  await push(folder, twoVersions(), other());
  const { faults } = await check(folder, twoVersions());
  expect(faults).toMatchObject([
    { kind: 'event-removed', event: 'shop.order.shipped', version: 1, subject: 'shop.order.Shipped' },
  ]);
  expect((await check(folder, twoVersions(), other({ retired: true }))).faults).toEqual([]);
});

test('a registry of many services is asked about the events of this one only', async () => {
  const folder = emptyFolder();
  const elsewhere = event('billing.invoice.sent', { id: t.uuid() });
  await push(folder, other(), elsewhere);
  const shared = await checkRelease(catalogue(twoVersions()), fileRegistry(folder));
  expect(shared.faults.map(({ subject }) => subject)).toEqual(['shop.order.Shipped']);
  const own = await check(folder, twoVersions());
  expect(own.faults.map(({ subject }) => subject)).toEqual(['billing.invoice.Sent', 'shop.order.Shipped']);
});

const renamed = (fields: t.Fields): AnyEventType => eventOf('shop.order.submitted', fields, { aliases: [NAME] });

test('a renamed type must read what was released under its former name', async () => {
  const folder = emptyFolder();
  await push(folder, placed({ id: t.uuid() }));
  const { faults, unreleased } = await check(folder, renamed({ id: t.uuid(), note: t.nullable(t.string()) }));
  expect(faults).toEqual([]);
  expect(unreleased).toMatchObject([{ event: 'shop.order.submitted', subject: 'shop.order.Submitted' }]);
  const broken = await check(folder, renamed({ id: t.uuid(), note: t.string() }));
  expect(broken.faults).toMatchObject([{ subject: 'shop.order.Placed', revision: 1, field: 'note' }]);
});

test('a default under which events were read stays across a renaming', async () => {
  const folder = emptyFolder();
  await push(folder, placed({}));
  await push(folder, withTag('a'));
  const fields = (byDefault: string): t.Fields => ({ tag: t.withDefault(t.string(), byDefault) });
  expect((await check(folder, renamed(fields('a')))).faults).toEqual([]);
  expect((await check(folder, renamed(fields('b')))).faults).toMatchObject([
    { rule: 'reading-changed', subject: 'shop.order.Placed', revision: 2, field: 'tag' },
  ]);
});

test('private events are checked as public ones are', async () => {
  const folder = emptyFolder();
  await push(folder, other({ private: true }));
  expect((await filesIn(folder)).has('shop.order.Shipped/1.avsc')).toBe(true);
  expect((await check(folder)).faults).toMatchObject([{ kind: 'event-removed' }]);
});

test('a released text that is no Avro is a fault of its own', async () => {
  const folder = emptyFolder();
  await push(folder, placed({ id: t.uuid() }));
  await writeFile(join(folder, 'shop.order.Placed', '2.avsc'), '{"type":"record","name":"Placed"}');
  const { faults } = await check(folder, placed({ id: t.uuid() }));
  expect(faults).toMatchObject([{ kind: 'text-invalid', revision: 2 }]);
});

test('a push registers nothing when one text of many is at fault', async () => {
  const folder = emptyFolder();
  await push(folder, placed({ a: t.long() }));
  const before = await filesIn(folder);
  const types = catalogue(placed({ a: t.string() }), other());
  const outcome = await pushSchemas(types, fileRegistry(folder), { exclusive: true });
  expect(outcome).toMatchObject({ kind: 'refused', faults: [{ field: 'a' }, { field: 'a' }] });
  expect(await filesIn(folder)).toEqual(before);
});

test('a push says what it did, and does nothing the second time', async () => {
  const folder = emptyFolder();
  const types = catalogue(twoVersions(), other());
  const again = async () => pushSchemas(types, fileRegistry(folder), { exclusive: true });
  expect(await again()).toMatchObject({
    kind: 'pushed',
    already: 0,
    pushed: [
      { event: NAME, version: 1, subject: 'shop.order.Placed' },
      { event: NAME, version: 2, subject: 'shop.order.PlacedV2' },
      { event: 'shop.order.shipped', version: 1, subject: 'shop.order.Shipped' },
    ],
  });
  const files = await filesIn(folder);
  expect(await again()).toMatchObject({ kind: 'pushed', pushed: [], already: 3 });
  expect(await filesIn(folder)).toEqual(files);
});

test('a registry learns what the folder has, old revisions first, and nothing that the folder lacks', async () => {
  const [folder, there] = [emptyFolder(), emptyFolder()];
  const [first, second] = [placed({ a: t.int() }), placed({ a: t.int(), b: t.withDefault(t.int(), 0) })];
  await push(folder, first);
  const deploy = async (type: AnyEventType) =>
    pushSchemas(catalogue(type), fileRegistry(there), { released: fileRegistry(folder) });
  expect(await deploy(second)).toMatchObject({ kind: 'refused', faults: [{ kind: 'unreleased' }] });
  expect(await fileRegistry(there).subjects()).toEqual([]);
  await push(folder, second);
  expect(await deploy(second)).toMatchObject({ kind: 'pushed', pushed: [{ version: 1 }, { version: 1 }] });
  const texts = async (of: string) => (await fileRegistry(of).versions('shop.order.Placed')).map(({ avro }) => avro);
  expect(await texts(there)).toEqual(await texts(folder));
  expect(await deploy(second)).toMatchObject({ kind: 'pushed', pushed: [], already: 1 });
});
