import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { event, t, versionsOf, type AnyEventType, type Json } from '@leftfold/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { avroOf, run } from '../../test/printed-code.ts';
import { builderCode } from './builder-code.ts';

const Money = t.record('Money', { cents: t.long(), currency: t.enum('Currency', ['EUR', 'USD']) });
const Method = t.union('kind', {
  card: { last4: t.string() },
  'bank-transfer': { iban: t.personal(t.string(), { erasedAs: '' }), sum: Money },
});
const placed = event(
  'orders.order.payment-added',
  {
    orderId: t.uuid(),
    customerId: t.uuid(),
    amount: Money,
    refunds: t.map(t.array(t.nullable(Money))),
    by: Method,
    before: t.withDefault(t.nullable(Method), { kind: 'card', last4: "it's" }),
    rate: t.withDefault(t.decimal(9, 4), '-0.0825'),
    since: t.withDefault(t.timestampMillis(), new Date('2026-11-22T01:02:03.004Z')),
    day: t.withDefault(t.date(), '2026-11-22'),
    raw: t.withDefault(t.bytes(), new Uint8Array([0, 255])),
    start: t.withDefault(Money, { cents: 5n, currency: 'USD' }),
    shipTo: t.personal(t.string(), { erasedAs: '[erased]' }),
    flags: t.record('Flags', { gift: t.boolean(), weight: t.double(), boxes: t.int() }),
  },
  { subject: 'customerId' },
);

test('an event is printed as one would write it', () => {
  const { code, unsupported } = builderCode(avroOf(placed));
  expect(unsupported).toEqual([]);
  expect(code).toMatchInlineSnapshot(`
    "import { event, t } from '@leftfold/core';

    export const Currency = t.enum('Currency', ['EUR', 'USD']);

    export const Money = t.record('Money', { cents: t.long(), currency: Currency });

    export const Kind = t.union('kind', {
      card: { last4: t.string() },
      'bank-transfer': { iban: t.personal(t.string(), { erasedAs: '' }), sum: Money },
    });

    export const Flags = t.record('Flags', { gift: t.boolean(), weight: t.double(), boxes: t.int() });

    export const orderPaymentAdded = event(
      'orders.order.payment-added',
      {
        orderId: t.uuid(),
        customerId: t.uuid(),
        amount: Money,
        refunds: t.map(t.array(t.nullable(Money))),
        by: Kind,
        before: t.withDefault(t.nullable(Kind), { kind: 'card', last4: "it's" }),
        rate: t.withDefault(t.decimal(9, 4), '-0.0825'),
        since: t.withDefault(t.timestampMillis(), new Date('2026-11-22T01:02:03.004Z')),
        day: t.withDefault(t.date(), '2026-11-22'),
        raw: t.withDefault(t.bytes(), new Uint8Array([0, 255])),
        start: t.withDefault(Money, { cents: 5n, currency: 'USD' }),
        shipTo: t.personal(t.string(), { erasedAs: '[erased]' }),
        flags: Flags,
      },
      { subject: 'customerId' },
    );
    "
  `);
});

const inEvent = (type: Json, more: object = {}): Json => ({
  type: 'record',
  name: 'Placed',
  namespace: 'orders.order',
  fields: [{ name: 'a', type, ...more }],
});
const node = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'], default: null }] };
const address = { type: 'record', name: 'Address', namespace: 'com.acme', fields: [] };

test('a record called …V2 is printed as the fields of version 2', () => {
  const type = event('orders.order.placed', {}).version(
    2,
    { id: t.uuid(), name: t.personal(t.string(), { erasedAs: '' }) },
    { up: () => ({ id: '', name: '' }), subject: 'id' },
  );
  const { code, unsupported } = builderCode(avroOf(type, 2));
  expect(unsupported).toEqual([]);
  expect(code).toContain(
    "// Version 2 of orders.order.placed: .version(2, orderPlacedV2, { up: (old) => …, subject: 'id' })\nexport const orderPlacedV2 = {",
  );
  const { orderPlacedV2 } = run(code) as { orderPlacedV2: { readonly id: t.Schema<string>; readonly name: t.Text } };
  const printed = event('orders.order.placed', {}).version(2, orderPlacedV2, {
    up: () => ({ id: '', name: '' }),
    subject: 'id',
  });
  expect(avroOf(printed, 2)).toEqual(avroOf(type, 2));
});

test('documentation becomes the event’s line for the catalogue, and comments', () => {
  const { code, unsupported } = builderCode({
    ...(inEvent('int', { doc: 'How many\nof them' }) as object),
    doc: 'It came in',
  });
  expect(unsupported).toEqual([]);
  expect(code).toContain('  // How many\n    // of them\n    a: t.int(),');
  expect(code).toContain("{ doc: 'It came in' }");
});

describe('what the builders cannot say is a comment at its place, and reported', () => {
  test.each<[string, Json, string, RegExp, string]>([
    ['float', inEvent('float'), 'a', /^a float; a double here/, 'a: t.double()'],
    ['fixed', inEvent({ type: 'fixed', name: 'F', size: 4 }), 'a', /^fixed of 4 bytes; bytes here/, 'a: t.bytes()'],
    [
      'a logical type',
      inEvent({ type: 'long', logicalType: 'time-micros' }),
      'a',
      /"time-micros"; its bare type/,
      'a: t.long()',
    ],
    ['an attribute', inEvent('int', { order: 'ignore' }), 'a', /attribute "order": "ignore"/, 'a: t.int()'],
    [
      'aliases',
      { ...(inEvent('int') as object), aliases: ['Old'] },
      '',
      /attribute "aliases": \["Old"\]/,
      'a: t.int()',
    ],
    [
      'an enum without a default',
      inEvent({ type: 'enum', name: 'E', symbols: ['a'] }),
      'a',
      /read as the first, a$/,
      'a: E',
    ],
    [
      'an enum with another default',
      inEvent({ type: 'enum', name: 'E', symbols: ['a', 'b'], default: 'b' }),
      'a',
      /whose default is "b"/,
      'a: E',
    ],
    [
      'a decimal without a scale',
      inEvent({ type: 'bytes', logicalType: 'decimal', precision: 4 }),
      'a',
      /without a scale/,
      't.decimal(4, 0)',
    ],
    ['nullable without a default', inEvent(['null', 'int']), 'a', /t gives it null/, 't.nullable(t.int())'],
    ['null last', inEvent(['int', 'null']), 'a', /t gives it null/, 't.nullable(t.int())'],
    [
      'null last, in a list',
      inEvent({ type: 'array', items: ['int', 'null'] }),
      '',
      /t writes this schema otherwise/,
      't.array(t.nullable',
    ],
    ['an object around a word', inEvent({ type: 'int' }), 'a', /t writes the type alone/, 'a: t.int()'],
    ['a namespace inside', inEvent(address), 'a', /namespace of 'com\.acme\.Address'/, 'a: Address'],
    ['a default of another type', inEvent('int', { default: 'x' }), 'a', /default "x", which is none/, 'a: t.int()'],
    [
      'a name with its namespace in it',
      { type: 'record', name: 'orders.order.Placed', fields: [] },
      '',
      /namespace apart/,
      "event('orders.order.placed', {})",
    ],
    [
      'a namespace of no event',
      { type: 'record', name: 'Placed', namespace: 'com.Acme', fields: [] },
      '',
      /makes no event's name/,
      "t.record('Placed', {})",
    ],
    [
      'personal data without a subject',
      inEvent({ type: 'string', personal: true, erasedAs: '' }),
      '',
      /must name its subject/,
      "t.record('Placed'",
    ],
  ])('%s', (_, avro, path, message, printed) => {
    const { code, unsupported } = builderCode(avro);
    expect(unsupported).toEqual([{ path, message: expect.stringMatching(message) as string }]);
    expect(code).toContain(`// ${unsupported[0]?.message}\n`);
    expect(code).toContain(printed);
    expect(() => run(code)).not.toThrow();
  });

  test.each<[string, Json, RegExp]>([
    ['a record that holds itself', inEvent(node), /the type 'Node', which stands around/],
    ['a union of several types', inEvent(['null', 'string', 'int'], { default: null }), /a union of 2 types/],
    [
      'records without a tag',
      inEvent([
        { ...node, name: 'A', fields: [] },
        { ...node, name: 'B', fields: [] },
      ]),
      /a union of 2 types/,
    ],
    [
      'a branch of another name',
      inEvent([{ ...node, name: 'Card', tag: { kind: 'card' }, fields: [] }]),
      /not called after its tag/,
    ],
    ['an unknown name', inEvent({ type: 'map', values: 'Foo' }), /'Foo', which nothing before it defines/],
    [
      'a name that t does not take',
      inEvent({ type: 'enum', name: 'E', symbols: ['a-b'], default: 'a-b' }),
      /a symbol of enum E/,
    ],
    [
      'a second type of one name',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: address },
          { name: 'b', type: { ...address, namespace: 'x', fields: [{ name: 'c', type: 'int' }] } },
        ],
      },
      /'x.Address', called as 'com.acme.Address' is/,
    ],
    [
      'a type called as its event',
      inEvent({ ...address, name: 'Placed' }),
      /'com.acme.Placed', called as 'orders.order.Placed' is/,
    ],
    ['null alone', inEvent('null'), /null/],
    [
      'a field of every object',
      JSON.parse(JSON.stringify(inEvent('int')).replace('"a"', '"__proto__"')) as Json,
      /whose name is none here/,
    ],
    [
      'a field twice',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: 'int' },
          { name: 'a', type: 'int' },
        ],
      },
      /'a' a second time/,
    ],
    ['a type twice', inEvent({ type: 'map', values: [address, address] }), /defined a second time|union of 2/],
  ])('%s, which is left out', (_, avro, message) => {
    const { code, unsupported } = builderCode(avro);
    expect(unsupported.map((one) => one.message).join('\n')).toMatch(message);
    expect(() => run(code)).not.toThrow();
  });

  test.each<[string, Json]>([
    ['a number', 5],
    ['null', null],
    ['nothing', []],
    ['an empty object', {}],
    ['a name that is an object', { type: 'record', name: { toString: 0 }, fields: [] }],
    ['a logical type that is an object', { type: 'int', logicalType: { toString: 0 } }],
    ['a record of nothing', { type: 'record' }],
    ['a schema without end', Array.from({ length: 9999 }).reduce<Json>((items) => ({ type: 'array', items }), 'int')],
  ])('no schema at all: %s', (_, avro) => {
    const { code, unsupported } = builderCode(avro);
    expect(unsupported).not.toEqual([]);
    expect(() => run(code)).not.toThrow();
  });
});

test('a hostile schema stays in strings and comments', () => {
  const evil = "'); throw new Error('evil'); ('";
  const lines = `x\n${evil}\r${evil}\u2028${evil}\u2029${evil}*/ ${evil}`;
  const { code } = builderCode({
    type: 'record',
    name: 'Placed',
    namespace: 'a.b',
    doc: lines,
    [lines]: lines,
    fields: [
      { name: 'a', type: 'string', default: lines, doc: lines },
      { name: lines, type: 'int' },
      { name: 'b', type: { type: 'enum', name: lines, symbols: [lines] } },
      { name: 'c', type: { type: 'record', name: 'C', fields: [], [lines]: 1 } },
      { name: 'd', type: lines },
      { name: 'e', type: { type: 'fixed', name: 'F', size: lines } },
      { name: 'f', type: { type: 'string', logicalType: lines } },
      { name: 'g', type: { type: 'string', personal: true, erasedAs: lines } },
      { name: 'h', type: { type: 'map', values: 'string' }, default: { [lines]: lines } },
      { name: 'i', type: [{ type: 'record', name: 'KindX', tag: { kind: lines }, fields: [] }] },
    ],
    subject: 'a',
  });
  const { bPlaced } = run(code) as { readonly bPlaced: AnyEventType };
  expect(versionsOf(bPlaced)[0]?.doc).toBe(lines);
});

const times = (count: number, around: (inner: Json, i: number) => Json, innermost: Json): Json =>
  Array.from({ length: count }).reduce<Json>((inner, _, i) => around(inner, i), innermost);
const holdsItself: { [attribute: string]: Json } = { type: 'array' };
holdsItself['items'] = holdsItself;

test.each<[string, Json]>([
  ['types around types', times(20_000, (type) => ({ type }), 'int')],
  [
    'a default',
    { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: times(20_000, (inner) => [inner], 0) }] },
  ],
  ['records', times(3000, (type, i) => ({ type: 'record', name: `R${i}`, fields: [{ name: 'a', type }] }), 'int')],
  ['lists', times(20_000, (items) => ({ type: 'array', items }), 'int')],
  ['what holds itself', holdsItself],
])('%s that go too deep are told, and nothing is thrown', (_, avro) => {
  const { code, unsupported } = builderCode(avro);
  expect(unsupported).toEqual([{ path: '', message: 'a schema that goes too deep' }]);
  expect(run(code)).toEqual({});
});

test('a schema as deep as people write is printed whole', () => {
  const avro = times(60, (type, i) => ({ type: 'record', name: `R${i}`, fields: [{ name: 'a', type }] }), 'int');
  expect(builderCode(avro).unsupported).toEqual([]);
});

describe('the printed file, imported,', () => {
  let folder = '';
  beforeAll(async () => {
    // Where imports of this package resolve, and no tool looks for sources.
    const cache = join(import.meta.dirname, '../../node_modules/.cache');
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, 'printed-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('has the schema that was given', async () => {
    const file = join(folder, 'events.mjs');
    await writeFile(file, builderCode(avroOf(placed)).code);
    const module = (await import(file)) as { readonly orderPaymentAdded: AnyEventType };
    expect(avroOf(module.orderPaymentAdded)).toEqual(avroOf(placed));
    expect(module.orderPaymentAdded.type).toBe('orders.order.payment-added');
  });
});
