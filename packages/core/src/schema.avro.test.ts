import { describe, expect, test } from 'vitest';
import { event, parseAvro, t, versionsOf } from './index.ts';

const fieldOf = (schema: t.AnySchema): unknown =>
  (t.record('R', { f: schema }).avro as { fields: unknown[] }).fields[0];

describe('the Avro form', () => {
  const money = {
    type: 'record',
    name: 'Money',
    fields: [
      { name: 'cents', type: 'long' },
      { name: 'currency', type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'], default: 'EUR' } },
    ],
  };
  const Currency = t.enum('Currency', ['EUR', 'USD']);
  const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: Currency });

  test.each<[string, t.AnySchema, unknown]>([
    ['string', t.string({ min: 1, max: 9, pattern: /x/ }), 'string'],
    [
      'personal',
      t.personal(t.string({ max: 9 }), { erasedAs: '-' }),
      { type: 'string', personal: true, erasedAs: '-' },
    ],
    ['boolean', t.boolean(), 'boolean'],
    ['int', t.int({ min: 1 }), 'int'],
    ['integer', t.integer({ max: 1 }), 'long'],
    ['long', t.long(), 'long'],
    ['double', t.double(), 'double'],
    ['bytes', t.bytes(), 'bytes'],
    ['uuid', t.uuid(), { type: 'string', logicalType: 'uuid' }],
    ['decimal', t.decimal(9, 2), { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }],
    ['timestampMillis', t.timestampMillis(), { type: 'long', logicalType: 'timestamp-millis' }],
    ['date', t.date(), { type: 'int', logicalType: 'date' }],
    ['enum', Currency, { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'], default: 'EUR' }],
    ['array', t.array(t.int()), { type: 'array', items: 'int' }],
    ['map', t.map(t.int()), { type: 'map', values: 'int' }],
    ['record', Money, money],
    ['nullable', t.nullable(Money), ['null', money]],
    ['nullable twice', t.nullable(t.nullable(t.int())), ['null', 'int']],
    [
      'union',
      t.union('kind', { card: { last4: t.string() }, 'bank-transfer': {} }),
      [
        { type: 'record', name: 'KindCard', tag: { kind: 'card' }, fields: [{ name: 'last4', type: 'string' }] },
        { type: 'record', name: 'KindBankTransfer', tag: { kind: 'bank-transfer' }, fields: [] },
      ],
    ],
    [
      'nullable union',
      t.nullable(t.union('kind', { card: {} })),
      ['null', { type: 'record', name: 'KindCard', tag: { kind: 'card' }, fields: [] }],
    ],
  ])('of %s has names and logical types and no constraints', (_, schema, avro) => {
    expect(schema.avro).toEqual(avro);
  });

  test('has one text, whatever is built again', () => {
    const build = () =>
      JSON.stringify(
        t.record('R', { a: t.withDefault(t.nullable(t.enum('E', ['x'])), null), b: t.array(t.uuid()) }).avro,
      );
    expect(build()).toBe(
      '{"type":"record","name":"R","fields":[' +
        '{"name":"a","type":["null",{"type":"enum","name":"E","symbols":["x"],"default":"x"}],"default":null},' +
        '{"name":"b","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}}}]}',
    );
    expect(build()).toBe(build());
  });

  test('defines a name once and refers to it afterwards', () => {
    expect(t.record('Pair', { a: Money, b: t.nullable(Money), c: Currency }).avro).toMatchObject({
      fields: [{ type: money }, { type: ['null', 'Money'] }, { type: 'Currency' }],
    });
  });
});

describe('a default in Avro', () => {
  const Card = { kind: 'card', cents: 5 } as const;
  test.each<[string, t.AnySchema, unknown]>([
    ['string', t.withDefault(t.string({ min: 5 }), ''), { type: 'string', default: '' }],
    ['int', t.withDefault(t.int(), -0), { type: 'int', default: 0 }],
    ['integer', t.withDefault(t.integer(), 5), { type: 'long', default: 5 }],
    ['long', t.withDefault(t.long(), -5n), { type: 'long', default: -5 }],
    ['bytes', t.withDefault(t.bytes(), Uint8Array.of(0, 127, 255)), { type: 'bytes', default: '\u0000\u007f\u00ff' }],
    ['decimal 0', t.withDefault(t.decimal(9, 2), '0'), { default: '\u0000' }],
    ['decimal 1.28', t.withDefault(t.decimal(9, 2), '1.28'), { default: '\u0000\u0080' }],
    ['decimal −1.28', t.withDefault(t.decimal(9, 2), '-1.28'), { default: '\u0080' }],
    ['decimal −1.29', t.withDefault(t.decimal(9, 2), '-1.29'), { default: '\u00ff\u007f' }],
    ['timestampMillis', t.withDefault(t.timestampMillis(), new Date(7)), { default: 7 }],
    ['date', t.withDefault(t.date(), '1969-12-31'), { default: -1 }],
    ['enum', t.withDefault(t.enum('E', ['a', 'b']), 'b'), { default: 'b' }],
    ['array', t.withDefault(t.array(t.long()), [1n]), { default: [1] }],
    ['map', t.withDefault(t.map(t.date()), { a: '1970-01-02' }), { default: { a: 1 } }],
    [
      'record',
      t.withDefault(t.record('P', { at: t.timestampMillis(), note: t.nullable(t.string()) }), {
        at: new Date(1),
        note: null,
      }),
      { default: { at: 1, note: null } },
    ],
    ['nullable', t.nullable(t.string()), { type: ['null', 'string'], default: null }],
    ['nullable, null', t.withDefault(t.nullable(t.string()), null), { type: ['null', 'string'], default: null }],
    ['nullable, text', t.withDefault(t.nullable(t.string()), 'x'), { type: ['string', 'null'], default: 'x' }],
    [
      'union',
      t.withDefault(t.union('kind', { cash: {}, card: { cents: t.integer() } }), Card),
      { type: [{ name: 'KindCard' }, { name: 'KindCash' }], default: { cents: 5 } },
    ],
    [
      'nullable union',
      t.withDefault(t.nullable(t.union('kind', { cash: {}, card: { cents: t.integer() } })), Card),
      { type: [{ name: 'KindCard' }, 'null', { name: 'KindCash' }], default: { cents: 5 } },
    ],
  ])('of %s is in the encoding of Avro, its branch first', (_, schema, field) => {
    expect(fieldOf(schema)).toMatchObject(field as object);
  });

  test('first defines the name that the reordered branches share', () => {
    const Sum = t.record('Sum', { cents: t.integer() });
    const field = fieldOf(
      t.withDefault(t.union('kind', { a: { s: Sum }, b: { s: Sum } }), { kind: 'b', s: { cents: 0 } }),
    );
    expect(field).toMatchObject({
      type: [
        { name: 'KindB', fields: [{ type: { name: 'Sum' } }] },
        { name: 'KindA', fields: [{ type: 'Sum' }] },
      ],
    });
  });
});

describe('the Avro record of an event', () => {
  const recordsOf = (name: string, versions: number): unknown[] => {
    let type: Parameters<typeof versionsOf>[0] = event(name, {});
    for (let v = 2; v <= versions; v++) type = type.version(v, {}, { up: () => ({}) });
    return versionsOf(type).map(({ writer }) => writer.avro);
  };
  const named = (namespace: string, name: string) => ({ type: 'record', name, namespace, fields: [] });

  test('has the namespace of its context and the name of what happened, with a number from the second version on', () => {
    expect(recordsOf('orders.order.payment-added', 3)).toEqual([
      named('orders.order', 'PaymentAdded'),
      named('orders.order', 'PaymentAddedV2'),
      named('orders.order', 'PaymentAddedV3'),
    ]);
  });
  test('is another one for every other name', () => {
    expect(recordsOf('my-shop.added-2', 1)).toEqual([named('my_shop', 'Added_2')]);
    expect(recordsOf('my-shop.added2', 1)).toEqual([named('my_shop', 'Added2')]);
    expect(recordsOf('my-shop.a--b-', 1)).toEqual([named('my_shop', 'A_B_')]);
  });
  test('is fingerprinted by its text', () => {
    const [first, second] = [event('a.b', { x: t.int() }), event('a.b', { x: t.int({ min: 1 }) })].map(versionsOf);
    expect(first?.[0]?.writer).toEqual(second?.[0]?.writer);
    expect(first?.[0]?.writer).toMatchObject({ type: 'a.b', version: 1, fingerprint: /^[0-9a-f]{64}$/ });
    expect(versionsOf(event('a.b', { x: t.integer() }))[0]?.writer.fingerprint).not.toBe(
      first?.[0]?.writer.fingerprint,
    );
  });
});

describe('personal data in an Avro text', () => {
  const name = () => t.personal(t.string({ max: 9 }), { erasedAs: '[erased]' });
  const string = { type: 'string', personal: true, erasedAs: '[erased]' };
  test.each<[string, t.AnySchema, unknown]>([
    ['plain', name(), { type: string }],
    ['nullable', t.nullable(name()), { type: ['null', string], default: null }],
    ['with a default', t.withDefault(name(), 'nobody'), { type: string, default: 'nobody' }],
    [
      'nullable with a default',
      t.withDefault(t.nullable(name()), 'nobody'),
      { type: [string, 'null'], default: 'nobody' },
    ],
    ['in a list', t.array(name()), { type: { type: 'array', items: string } }],
    ['in a map of what may be null', t.map(t.nullable(name())), { type: { type: 'map', values: ['null', string] } }],
    [
      'in a list with a default',
      t.withDefault(t.array(name()), ['a']),
      { type: { type: 'array', items: string }, default: ['a'] },
    ],
    [
      'in a variant with a default',
      t.withDefault(t.union('kind', { none: {}, some: { name: name() } }), { kind: 'some', name: 'a' }),
      {
        type: [
          { type: 'record', name: 'KindSome', tag: { kind: 'some' }, fields: [{ name: 'name', type: string }] },
          { type: 'record', name: 'KindNone', tag: { kind: 'none' }, fields: [] },
        ],
        default: { name: 'a' },
      },
    ],
  ])('%s is said at the string itself, in valid Avro', (_, schema, field) => {
    expect(fieldOf(schema)).toEqual({ name: 'f', ...(field as object) });
    expect(() => parseAvro(t.record('R', { f: schema }).avro)).not.toThrow();
  });
  test('is said with whose it is, in one text, and the doc line is no part of it', () => {
    const textOf = (doc: string) => {
      const [version] = versionsOf(event('a.b', { id: t.uuid(), name: name() }, { subject: 'id', doc }));
      return JSON.stringify(version?.writer.avro);
    };
    expect(textOf('One line')).toBe(
      '{"type":"record","name":"B","namespace":"a","subject":"id","fields":[' +
        '{"name":"id","type":{"type":"string","logicalType":"uuid"}},' +
        '{"name":"name","type":{"type":"string","personal":true,"erasedAs":"[erased]"}}]}',
    );
    expect(textOf('One line')).toBe(textOf('Another'));
  });
});
