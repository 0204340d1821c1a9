import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sample } from '../../test/json-samples.ts';
import { encodePayload, event, fromJson, t, versionsOf, type Json } from '../index.ts';

const Money = t.record('Money', { cents: t.long(), currency: t.enum('Currency', ['EUR', 'USD']) });
const By = t.union('kind', { card: { last4: t.string() }, 'bank-transfer': { iban: t.string(), cost: Money } });
const schemas: readonly (readonly [string, t.AnySchema])[] = [
  ['a word', t.long()],
  ['a logical type', t.decimal(9, 2)],
  ['a record', Money],
  ['an enum', t.enum('Currency', ['EUR', 'USD'])],
  [
    'all leaves',
    t.record('R', {
      a: t.boolean(),
      b: t.int(),
      c: t.double(),
      d: t.string(),
      e: t.bytes(),
      f: t.uuid(),
      g: t.date(),
      h: t.timestampMillis(),
    }),
  ],
  ['lists and maps', t.map(t.array(t.nullable(t.map(Money))))],
  ['a name that stands a second time', t.record('R', { a: Money, b: t.nullable(Money), c: t.array(Money) })],
  ['a tagged union', t.record('R', { by: By, or: t.nullable(By), more: t.array(By) })],
  ['a union of one record', t.union('kind', { card: {} })],
  ['personal text', t.record('R', { name: t.personal(t.string(), { erasedAs: '[erased]' }) })],
  [
    'defaults',
    t.record('R', {
      a: t.withDefault(t.long(), -7n),
      b: t.withDefault(t.bytes(), new Uint8Array([0, 255])),
      c: t.withDefault(t.decimal(9, 2), '-1.50'),
      d: t.withDefault(t.timestampMillis(), new Date(5)),
      e: t.withDefault(t.date(), '2026-11-22'),
      f: t.withDefault(Money, { cents: 5n, currency: 'USD' }),
      g: t.withDefault(t.nullable(t.string()), 'x'),
      h: t.withDefault(t.nullable(By), { kind: 'bank-transfer', iban: '', cost: { cents: 1n, currency: 'EUR' } }),
      i: t.withDefault(t.array(t.map(t.int())), [{ a: 1 }]),
      j: t.withDefault(t.personal(t.string(), { erasedAs: '' }), 'x'),
      k: t.withDefault(t.enum('E', ['a', 'b']), 'b'),
    }),
  ],
];
const placed = event(
  'orders.order.placed',
  { customerId: t.uuid(), name: t.personal(t.string(), { erasedAs: '' }) },
  { subject: 'customerId' },
);

test.each([...schemas, ['an event', versionsOf(placed)[0]?.schema ?? Money] as const])(
  'what the builders write is read back as the same: %s',
  (_, { avro }) => {
    // As from a file: another object, nothing frozen.
    expect(t.avsc(JSON.parse(JSON.stringify(avro)) as string).avro).toEqual(avro);
  },
);

test('every schema of the builders is read back: same text, same stored form of every value', () => {
  fc.assert(
    fc.property(
      sample.chain(({ schema, memory }) => memory.map((value) => [schema, value] as const)),
      ([schema, value]) => {
        const read = t.avsc(schema.avro as string) as t.AnySchema;
        expect(JSON.stringify(read.avro)).toBe(JSON.stringify(schema.avro));
        const stored = encodePayload(schema, value);
        // A long is a bigint here, where t.integer() has a number; so values go by way of their stored form.
        const back = 'text' in stored ? fromJson(read, JSON.parse(stored.text)) : stored;
        expect('value' in back ? encodePayload(read, back.value) : back).toEqual(stored);
      },
    ),
    { numRuns: 500 },
  );
});

test('values are those of the builders', () => {
  const schema = t.avsc({
    type: 'record',
    name: 'Payment',
    fields: [
      { name: 'amount', type: 'long' },
      { name: 'note', type: ['null', 'string'], default: null },
      {
        name: 'by',
        type: [
          { type: 'record', name: 'KindCard', tag: { kind: 'card' }, fields: [{ name: 'last4', type: 'string' }] },
          { type: 'record', name: 'KindCash', tag: { kind: 'cash' }, fields: [] },
        ],
      },
    ],
  });
  const value: t.Of<typeof schema> = { amount: 5n, note: null, by: { kind: 'card', last4: '1234' } };
  expect(schema['~standard'].validate({ amount: '5', note: null, by: { kind: 'card', last4: '1234' } })).toEqual({
    value,
  });
  expect(t.toJson(schema, value)).toEqual({ amount: '5', note: null, by: { kind: 'card', last4: '1234' } });
  expect(schema['~standard'].validate({ amount: 5, note: null, by: { kind: 'none' } })).toMatchObject({
    issues: [{ path: ['by', 'kind'] }],
  });
});

test('the order of attributes means nothing, and the result has the order of the builders', () => {
  const avro = {
    fields: [{ type: { symbols: ['a'], default: 'a', name: 'E', type: 'enum' }, name: 'e' }],
    name: 'R',
    type: 'record',
  } as const;
  expect(JSON.stringify(t.avsc(avro).avro)).toBe(JSON.stringify(t.record('R', { e: t.enum('E', ['a']) }).avro));
});

const inR = (type: Json, more: object = {}): Json => ({
  type: 'record',
  name: 'R',
  fields: [{ name: 'a', type, ...more }],
});
describe('what a schema here could not carry is refused with LF_SCHEMA_INVALID, the place and a remedy', () => {
  test.each<[string, Json, RegExp]>([
    ['float', inR('float'), /: a is of the type float; use double/],
    [
      'fixed',
      inR({ type: 'array', items: { type: 'fixed', name: 'F', size: 2 } }),
      /: a\[\] is of the type fixed; use bytes/,
    ],
    [
      'an unknown logical type',
      inR({ type: 'long', logicalType: 'timestamp-micros' }),
      /: a has the logical type "timestamp-micros" on "long"; known are/,
    ],
    [
      'a logical type on another base',
      inR({ type: 'int', logicalType: 'timestamp-millis' }),
      /: a has the logical type/,
    ],
    [
      'a decimal without a precision',
      inR({ type: 'bytes', logicalType: 'decimal' }),
      /the precision is a whole number/,
    ],
    ['doc', inR('string', { doc: 'Why' }), /: a has the attribute 'doc'.*leave it out \(a comment/],
    ['aliases of a field', inR('string', { aliases: ['b'] }), /attribute 'aliases'.*a renamed field is a new version/],
    [
      'aliases of a record',
      { type: 'record', name: 'R', aliases: ['S'], fields: [] },
      /the root has the attribute 'aliases'/,
    ],
    ['an order', inR('string', { order: 'ignore' }), /attribute 'order'/],
    [
      'an attribute of others',
      inR({ type: 'string', 'avro.java.string': 'String' }),
      /'avro\.java\.string'|is \{"type":"string"/,
    ],
    [
      'a namespace inside',
      inR({ type: 'enum', name: 'E', namespace: 'x', symbols: ['a'], default: 'a' }),
      /a has the attribute 'namespace'.*only the outermost/,
    ],
    ['a namespace in a name', { type: 'record', name: 'x.R', fields: [] }, /give it as "namespace"/],
    ['a name with a namespace', inR('x.Money'), /leave the namespace out/],
    [
      'a name that nothing defines',
      inR('Money'),
      /: a names 'Money', which nothing before it defines; put the definition/,
    ],
    ['a record that holds itself', inR(['null', 'R'], { default: null }), /: a holds itself \('R'\)/],
    [
      'a definition that stands twice',
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: Money.avro },
          { name: 'b', type: Money.avro },
        ],
      },
      /: b defines 'Money' a second time; write the name alone/,
    ],
    ['null alone', inR('null'), /: a is null and nothing else/],
    ['a union of null', inR(['null']), /union without a type/],
    ['a union of one type', inR(['string']), /: a is \["string"\], which t writes as "string"; write it so/],
    [
      'a union of several types',
      inR(['string', 'int']),
      /: a is a union of 2 types; of records, each with the attribute "tag"/,
    ],
    [
      'records without a tag',
      inR([
        { type: 'record', name: 'A', fields: [] },
        { type: 'record', name: 'B', fields: [] },
      ]),
      /each with the attribute "tag"/,
    ],
    [
      'a branch of another name',
      inR([{ type: 'record', name: 'Card', tag: { kind: 'card' }, fields: [] }]),
      /call it KindCard/,
    ],
    [
      'two tags in a union',
      inR([
        { type: 'record', name: 'KindA', tag: { kind: 'a' }, fields: [] },
        { type: 'record', name: 'OfB', tag: { of: 'b' }, fields: [] },
      ]),
      /the tags 'kind' and 'of'/,
    ],
    ['a tag that is none', inR([{ type: 'record', name: 'KindA', tag: { kind: 1 }, fields: [] }]), /not of the form/],
    [
      'a tag outside a union',
      inR({ type: 'record', name: 'KindA', tag: { kind: 'a' }, fields: [] }),
      /: a has a "tag" outside a union/,
    ],
    ['nullable without its default', inR(['null', 'string']), /: a lacks what t always writes; add "default": null/],
    ['null last', inR(['string', 'null']), /add "default": null|write it so/],
    [
      'an enum without its default',
      inR({ type: 'enum', name: 'E', symbols: ['a', 'b'] }),
      /a lacks what t always writes; add "default": "a"/,
    ],
    [
      'an enum with another default',
      inR({ type: 'enum', name: 'E', symbols: ['a', 'b'], default: 'b' }),
      /'default' is "b", which t writes as "a"/,
    ],
    ['a decimal without its scale', inR({ type: 'bytes', logicalType: 'decimal', precision: 4 }), /add "scale": 0/],
    ['a default of another type', inR('int', { default: '5' }), /: a has a default that is none of its type/],
    [
      'a default that is no Avro name',
      inR({ type: 'enum', name: 'E', symbols: ['a-b'], default: 'a-b' }),
      /a is refused: .*symbol of enum E/,
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
      /the root has the field 'a' twice/,
    ],
    [
      'a field called __proto__',
      JSON.parse('{"type":"record","name":"R","fields":[{"name":"__proto__","type":"int"}]}') as Json,
      /every JavaScript object/,
    ],
    ['a record without fields', { type: 'record', name: 'R' }, /the root has no "fields"/],
    ['a name that is an object', { type: 'record', name: { toString: 0 }, fields: [] }, /a name that is no text/],
    [
      'a logical type that is one',
      inR({ type: 'int', logicalType: { toString: 0 } }),
      /a has the logical type \{"toString":0\}/,
    ],
    [
      'symbols that are none',
      inR({ type: 'enum', name: 'E', symbols: [{ toString: 0 }] }),
      /an enum without a list of symbols/,
    ],
    ['no type', inR({}), /: a has no "type"/],
    ['what is no Avro', 5, /the root is no type/],
    ['null', null, /the root is no type/],
    ['a type around a type', inR({ type: ['null', 'int'] }), /: a is a "type" around a type; leave the outer one out/],
    [
      'a type around types without end',
      Array.from({ length: 20_000 }).reduce<Json>((type) => ({ type }), 'int'),
      /the root is a "type" around a type/,
    ],
    [
      'a schema without end',
      Array.from({ length: 5000 }).reduce<Json>((items) => ({ type: 'array', items }), 'int'),
      /too deep/,
    ],
  ])('%s', (_, avro, message) => {
    const made = () => t.avsc(avro as string);
    expect(made).toThrow(message);
    expect(made).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_INVALID' }));
  });
});
