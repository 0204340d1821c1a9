import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { t } from './index.ts';
import { encodePayload, fromJson } from './schema/payload.ts';

/** One builder with values of all three forms, and what each direction refuses. */
interface Case {
  readonly name: string;
  readonly schema: t.Schema<unknown, t.Mark>;
  /** Memory form, and the stored JSON form it has. */
  readonly pairs: readonly (readonly [memory: unknown, json: unknown])[];
  /** What the edge takes besides the two forms, and the memory form it answers. */
  readonly alsoAccepted?: readonly (readonly [input: unknown, memory: unknown])[];
  /** No memory form. */
  readonly notWritten: readonly unknown[];
  /** Neither form, nor anything the edge takes. */
  readonly notAccepted: readonly unknown[];
  /** No stored JSON form of a right type. */
  readonly notRead: readonly unknown[];
}

const holes = Object.assign([1], { length: 2 });
const wrong = [undefined, null, {}, [], () => 1, Symbol('s'), new Map(), new Date(NaN)];
const id = '0191c6a0-0000-7000-8000-0000000000ff';

const cases: readonly Case[] = [
  {
    name: 'string',
    schema: t.string({ min: 2, max: 3, pattern: /(?:[a-z]|😀)*/ }),
    pairs: [
      ['ab', 'ab'],
      ['abc', 'abc'],
      ['😀😀😀', '😀😀😀'],
    ],
    notWritten: [...wrong, 5, 'a', '😀', 'abcd', '😀😀😀😀', 'AB', 'a\0', '\ud800a', 'a\ud800', '\udc00a', 'ab\n'],
    notAccepted: [...wrong, 5, 'a', 'abcd', 'AB', 'a\0', 'a\ud800'],
    notRead: [...wrong, 5],
  },
  {
    name: 'boolean',
    schema: t.boolean(),
    pairs: [
      [true, true],
      [false, false],
    ],
    notWritten: [...wrong, 0, 'true'],
    notAccepted: [...wrong, 1, 'true'],
    notRead: [...wrong, 1, 'true'],
  },
  {
    name: 'int',
    schema: t.int({ min: -(2 ** 31) }),
    pairs: [
      [-(2 ** 31), -(2 ** 31)],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ],
    alsoAccepted: [[-0, 0]],
    notWritten: [...wrong, 2 ** 31, 0.5, NaN, Infinity, -Infinity, 5n, '5'],
    notAccepted: [...wrong, -(2 ** 31) - 1, 0.5, NaN, 5n, '5'],
    notRead: [...wrong, 2 ** 31, 0.5, '5'],
  },
  {
    name: 'integer',
    schema: t.integer({ max: Number.MAX_SAFE_INTEGER }),
    pairs: [
      [0, '0'],
      [-7, '-7'],
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      [Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    ],
    alsoAccepted: [[-0, 0]],
    notWritten: [...wrong, 2 ** 53, 0.5, NaN, Infinity, 5n, '5'],
    notAccepted: [
      ...wrong,
      '9007199254740992',
      5n,
      '',
      ' 5',
      '05',
      '+5',
      '-0',
      '5.0',
      '0x5',
      '1e3',
      '5n',
      '9'.repeat(1e6),
    ],
    notRead: [...wrong, '9007199254740992', '', '0x5', '05', '1e3', 0.5],
  },
  {
    name: 'long',
    schema: t.long(),
    pairs: [
      [0n, '0'],
      [2n ** 63n - 1n, '9223372036854775807'],
      [-(2n ** 63n), '-9223372036854775808'],
    ],
    alsoAccepted: [
      [5, 5n],
      [-0, 0n],
    ],
    notWritten: [...wrong, 5, '5', 2n ** 63n, -(2n ** 63n) - 1n],
    notAccepted: [
      ...wrong,
      2 ** 53,
      0.5,
      NaN,
      '9223372036854775808',
      '',
      '05',
      '-0',
      '0x5',
      '1'.repeat(1e6),
      2n ** 63n,
    ],
    notRead: [...wrong, '9223372036854775808', '', '0x5', '05', 0.5],
  },
  {
    name: 'double',
    schema: t.double(),
    pairs: [
      [0.1, 0.1],
      [5e-324, 5e-324],
      [Number.MAX_VALUE, Number.MAX_VALUE],
    ],
    alsoAccepted: [[-0, 0]],
    notWritten: [...wrong, NaN, Infinity, -Infinity, '1', 1n],
    notAccepted: [...wrong, NaN, Infinity, '1', 1n],
    notRead: [...wrong, '1'],
  },
  {
    name: 'bytes',
    schema: t.bytes(),
    pairs: [
      [new Uint8Array(), ''],
      [Uint8Array.of(0), 'AA=='],
      [Uint8Array.of(255, 254, 253, 0), '//79AA=='],
    ],
    alsoAccepted: [[Buffer.from('hi'), Uint8Array.of(104, 105)]],
    notWritten: [...wrong, 'AA==', new Int8Array(1), new ArrayBuffer(1)],
    notAccepted: [...wrong, 'AA', 'AB==', 'A-_A', 'AA==\n', ' ', new Int8Array(1)],
    notRead: [...wrong, 5, 'AA', 'AB=='],
  },
  {
    name: 'uuid',
    schema: t.uuid(),
    pairs: [[id, id]],
    notWritten: [...wrong, '', id.toUpperCase(), id.replaceAll('-', ''), `${id}\n`, `{${id}}`],
    notAccepted: [...wrong, '', id.toUpperCase(), `${id} `],
    notRead: [...wrong, 5],
  },
  {
    name: 'decimal',
    schema: t.decimal(4, 2),
    pairs: [
      ['12.50', '12.50'],
      ['-0.01', '-0.01'],
      ['0.00', '0.00'],
      ['-99.99', '-99.99'],
    ],
    alsoAccepted: [
      ['12.5', '12.50'],
      ['7', '7.00'],
      ['-0', '0.00'],
      ['-0.00', '0.00'],
    ],
    notWritten: [
      ...wrong,
      5,
      'abc',
      '',
      '1.234',
      '1.230',
      '100',
      '1e1',
      '+1',
      '01',
      '.5',
      '5.',
      ' 1',
      '1 ',
      'NaN',
      '٣',
    ],
    notAccepted: [...wrong, 5, '1.234', '100', '1e1', '1'.repeat(1e6)],
    notRead: [...wrong, 5, 'abc', '1.234', '100'],
  },
  {
    name: 'decimal without a point',
    schema: t.decimal(3, 0),
    pairs: [
      ['999', '999'],
      ['0', '0'],
    ],
    alsoAccepted: [['-0', '0']],
    notWritten: [...wrong, '1000', '1.0', '1.'],
    notAccepted: [...wrong, '1000'],
    notRead: [...wrong, '1.5'],
  },
  {
    name: 'decimal without a digit before the point',
    schema: t.decimal(2, 2),
    pairs: [['0.99', '0.99']],
    alsoAccepted: [['-0.5', '-0.50']],
    notWritten: [...wrong, '1', '1.00', '.5'],
    notAccepted: [...wrong, '1'],
    notRead: [...wrong, '1.00'],
  },
  {
    name: 'timestampMillis',
    schema: t.timestampMillis(),
    pairs: [
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      [new Date('2024-02-29T23:59:59.999Z'), '2024-02-29T23:59:59.999Z'],
      [new Date('0000-01-01T00:00:00.000Z'), '0000-01-01T00:00:00.000Z'],
      [new Date('9999-12-31T23:59:59.999Z'), '9999-12-31T23:59:59.999Z'],
    ],
    alsoAccepted: [
      ['2026-11-22T00:00:00Z', new Date('2026-11-22T00:00:00.000Z')],
      ['2026-11-22T00:00Z', new Date('2026-11-22T00:00:00.000Z')],
      ['2026-11-22T01:00:00.5+01:00', new Date('2026-11-22T00:00:00.500Z')],
    ],
    notWritten: [...wrong, 0, '1970-01-01T00:00:00.000Z', new Date(8.64e15), new Date(-8.64e15)],
    notAccepted: [
      ...wrong,
      0,
      '',
      'yesterday',
      '2026-11-22',
      '2026-11-22T00:00:00',
      '2026-11-22 00:00:00Z',
      '2026-11-22T00:00:00.0001Z',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-22T24:00:00Z',
      '2026-11-22T00:60:00Z',
      '2026-11-22T00:00:60Z',
      '2026-11-22T00:00:00+24:00',
      '0000-01-01T00:00:00+01:00',
      '+010000-01-01T00:00:00Z',
      `2026-11-22T00:00:00.${'0'.repeat(1e6)}Z`,
    ],
    notRead: [...wrong, 0, 'yesterday', '2026-02-30T00:00:00.000Z', new Date(0)],
  },
  {
    name: 'date',
    schema: t.date(),
    pairs: [
      ['2026-11-22', '2026-11-22'],
      ['2000-02-29', '2000-02-29'],
      ['0000-01-01', '0000-01-01'],
    ],
    notWritten: [
      ...wrong,
      new Date(0),
      '2026-1-2',
      '2026-02-30',
      '1900-02-29',
      '2026-00-01',
      '2026-01-00',
      '2026-04-31',
    ],
    notAccepted: [...wrong, '2026-11-22T00:00:00Z', '2026-13-01', '２０２６-11-22', '10000-01-01'],
    notRead: [...wrong, 5, '2026-02-30'],
  },
  {
    name: 'enum',
    schema: t.enum('Currency', ['EUR', 'USD']),
    pairs: [
      ['EUR', 'EUR'],
      ['USD', 'USD'],
    ],
    notWritten: [...wrong, 'CHF', 'eur', 0, 'constructor', '__proto__'],
    notAccepted: [...wrong, 'CHF', ['EUR']],
    notRead: [...wrong, 0, ['EUR']],
  },
  {
    name: 'array',
    schema: t.array(t.integer()),
    pairs: [
      [[], []],
      [
        [1, 2],
        ['1', '2'],
      ],
    ],
    alsoAccepted: [
      [
        [1, '2'],
        [1, 2],
      ],
    ],
    notWritten: [undefined, null, {}, 'a', { length: 0 }, holes, [undefined], ['1'], new Set([1]), Int32Array.of(1)],
    notAccepted: [undefined, null, {}, '[]', [null], [[1]], { 0: 1, length: 1 }],
    notRead: [undefined, null, {}, '[]', [null]],
  },
  {
    name: 'map',
    schema: t.map(t.long()),
    pairs: [
      [{}, {}],
      [
        { b: 2n, a: 1n, toString: 3n, '': 4n },
        { '': '4', a: '1', b: '2', toString: '3' },
      ],
    ],
    alsoAccepted: [[Object.assign(Object.create(null), { a: 1 }), { a: 1n }]],
    notWritten: [
      undefined,
      null,
      [],
      'a',
      new Map([['a', 1n]]),
      new (class {
        a = 1n;
      })(),
      Object.create({ a: 1n }),
      { a: undefined },
      { a: 1 },
      { 'a\0': 1n },
      { '\ud800': 1n },
      { constructor: 1n },
      { prototype: 1n },
      JSON.parse('{"__proto__":1}'),
      { [Symbol('s')]: 1n },
    ],
    notAccepted: [undefined, null, [], 'a', { a: null }, { constructor: 1 }, JSON.parse('{"__proto__":1}')],
    notRead: [undefined, null, [], 'a', { a: null }, JSON.parse('{"__proto__":"1"}')],
  },
  {
    name: 'record',
    schema: t.record('Money', { cents: t.integer({ min: 0 }), currency: t.string() }),
    pairs: [
      [
        { cents: 5, currency: 'EUR' },
        { cents: '5', currency: 'EUR' },
      ],
    ],
    alsoAccepted: [
      [
        { currency: 'EUR', cents: 5 },
        { cents: 5, currency: 'EUR' },
      ],
    ],
    notWritten: [
      undefined,
      null,
      [],
      {},
      { cents: 5 },
      { cents: -1, currency: 'EUR' },
      { cents: 5, currency: undefined },
      { cents: 5, currency: 'EUR', more: 1 },
      { cents: 5, currency: 'EUR', more: undefined },
      { cents: 5, currency: 'EUR', [Symbol('s')]: 1 },
      Object.create({ cents: 5, currency: 'EUR' }),
      new (class {
        cents = 5;
        currency = 'EUR';
      })(),
    ],
    notAccepted: [
      undefined,
      null,
      [],
      '{}',
      { cents: '5' },
      { cents: 5, currency: 'EUR', more: 1 },
      JSON.parse('{"cents":5,"currency":"EUR","__proto__":{}}'),
    ],
    notRead: [undefined, null, [], '{}', {}, { cents: '5' }, { cents: null, currency: 'EUR' }],
  },
  {
    name: 'nullable',
    schema: t.nullable(t.integer()),
    pairs: [
      [null, null],
      [5, '5'],
    ],
    notWritten: [undefined, '5', {}],
    notAccepted: [undefined, 'x', {}],
    notRead: [undefined, 'x', {}],
  },
  {
    name: 'withDefault',
    schema: t.record('R', { note: t.withDefault(t.string(), 'none') }),
    pairs: [[{ note: 'a' }, { note: 'a' }]],
    notWritten: [{}, { note: undefined }, { note: null }],
    notAccepted: [{}, { note: null }],
    notRead: [{ note: null }, { note: 5 }],
  },
  {
    name: 'union',
    schema: t.union('kind', { card: { last4: t.string() }, transfer: { day: t.date(), cents: t.integer() } }),
    pairs: [
      [
        { kind: 'card', last4: '1234' },
        { kind: 'card', last4: '1234' },
      ],
      [
        { kind: 'transfer', day: '2026-11-22', cents: 5 },
        { kind: 'transfer', day: '2026-11-22', cents: '5' },
      ],
    ],
    notWritten: [
      null,
      [],
      {},
      { last4: '1234' },
      { kind: 'cash' },
      { kind: 'constructor' },
      { kind: 'card', day: '2026-11-22' },
      { kind: 'card', last4: '1', cents: 5 },
    ],
    notAccepted: ['card', {}, { kind: 'cash' }, { kind: ['card'], last4: '1' }, { kind: 'card', last4: 1 }],
    notRead: [null, {}, { kind: 'cash' }, { kind: 'card' }, { kind: 'card', last4: 1 }],
  },
  {
    name: 'personal',
    schema: t.personal(t.string({ max: 9 }), { erasedAs: '[erased]' }),
    pairs: [
      ['Ada', 'Ada'],
      ['lf1', 'lf1'],
    ],
    notWritten: [...wrong, 5, 'lf1:', 'lf1:abc', 'a\0', '0123456789'],
    notAccepted: [...wrong, 5, 'lf1:abc'],
    notRead: [...wrong, 5],
  },
];

const validate = (schema: t.Schema<unknown, t.Mark>, value: unknown) => schema['~standard'].validate(value);

describe.each(cases)('t.$name', ({ schema, pairs, alsoAccepted = [], notWritten, notAccepted, notRead }) => {
  test('the memory form is stored and comes back', () => {
    for (const [memory, json] of pairs) {
      const text = JSON.stringify(json);
      expect(encodePayload(schema, memory)).toEqual({ text });
      expect(fromJson(schema, JSON.parse(text))).toEqual({ value: memory });
    }
  });
  test('the edge takes either form, and what else it names, and answers the memory form', () => {
    for (const [memory, json] of pairs) {
      expect(validate(schema, memory), printed(memory)).toEqual({ value: memory });
      expect(validate(schema, json), printed(json)).toEqual({ value: memory });
    }
    for (const [input, memory] of alsoAccepted) {
      expect(validate(schema, input), printed(input)).toEqual({ value: memory });
      expect(encodePayload(schema, memory)).toHaveProperty('text');
    }
  });
  test('append refuses every other value', () => {
    for (const value of notWritten)
      expect(encodePayload(schema, value), printed(value)).toHaveProperty('issues.0.message');
  });
  test('the edge refuses every other value', () => {
    for (const value of notAccepted) expect(validate(schema, value), printed(value)).toHaveProperty('issues.0.message');
  });
  test('a reader refuses every other type', () => {
    for (const value of notRead) expect(fromJson(schema, value), printed(value)).toHaveProperty('issues.0.message');
  });
});
const printed = (value: unknown): string => inspect(value).slice(0, 60);

describe('reading is lenient where Avro is', () => {
  const Stored = t.record('Stored', {
    note: t.nullable(t.string()),
    level: t.withDefault(t.enum('Level', ['low', 'high']), 'high'),
    tags: t.withDefault(t.array(t.string()), []),
    code: t.string({ min: 3, pattern: /[A-Z]+/ }),
  });
  const read = (json: unknown) => fromJson(Stored, json);

  test('absent fields take their reader defaults, unknown fields are ignored', () => {
    expect(read({ code: 'ABC', gone: 1 })).toEqual({ value: { note: null, level: 'high', tags: [], code: 'ABC' } });
  });
  test('an unknown symbol becomes the first, not the default of the field', () => {
    expect(read({ code: 'ABC', level: 'extreme' })).toMatchObject({ value: { level: 'low' } });
  });
  test('constraints are not checked', () => {
    expect(read({ code: 'x' })).toMatchObject({ value: { code: 'x' } });
  });
  test('each reader gets a default of its own', () => {
    const [first, second] = [read({ code: 'A' }), read({ code: 'A' })];
    if (!('value' in first) || !('value' in second)) throw new Error('not read');
    expect(first.value.tags).not.toBe(second.value.tags);
  });
  test('null stays null where another default stands', () => {
    const schema = t.record('R', { note: t.withDefault(t.nullable(t.string()), 'none') });
    expect(fromJson(schema, { note: null })).toEqual({ value: { note: null } });
    expect(fromJson(schema, {})).toEqual({ value: { note: 'none' } });
  });
  test('an int that became a long is read from its number', () => {
    expect(fromJson(t.long(), 5)).toEqual({ value: 5n });
    expect(fromJson(t.integer(), 5)).toEqual({ value: 5 });
  });
});

describe('issues', () => {
  const Line = t.record('Line', {
    sku: t.string({ min: 1 }),
    price: t.record('Money', { cents: t.integer({ min: 0 }) }),
  });
  const Order = t.record('Order', { id: t.uuid(), lines: t.array(Line), notes: t.map(t.string()) });

  test('all are reported, each with its path', () => {
    const result = validate(Order, {
      lines: [{ sku: '', price: { cents: 1 } }, { sku: 'a', price: { cents: -1, vat: 7 } }, 5],
      notes: { a: 1 },
      more: true,
    });
    expect('issues' in result && result.issues.map(({ path }) => path)).toEqual([
      ['id'],
      ['lines', 0, 'sku'],
      ['lines', 1, 'price', 'cents'],
      ['lines', 1, 'price', 'vat'],
      ['lines', 2],
      ['notes', 'a'],
      ['more'],
    ]);
  });
  test('none repeats the value, which may be personal', () => {
    const result = validate(Order, { id: 'secret', lines: 'secret', notes: { a: ['secret'] } });
    expect('issues' in result && result.issues.map(({ message }) => message).join()).not.toMatch(/secret/);
  });
});

test('t.toJson gives the stored form without holding old values to new constraints', () => {
  const Code = t.record('Code', { text: t.string({ min: 5 }), n: t.long() });
  expect(t.toJson(Code, { text: 'old', n: 5n })).toEqual({ text: 'old', n: '5' });
  expect(() => t.toJson(Code, { text: 'a\0', n: 5n })).toThrow(expect.objectContaining({ code: 'LF_VALUE_INVALID' }));
});

test('a schema is a frozen value that announces Standard Schema v1', () => {
  const Money = t.record('Money', { cents: t.integer() });
  expect(Money['~standard']).toMatchObject({ version: 1, vendor: 'leftfold' });
  expect(Object.isFrozen(Money) && Object.isFrozen(Money.avro) && Object.isFrozen(Money['~standard'])).toBe(true);
  expect(() => Object.assign((Money.avro as { fields: object[] }).fields, { 0: {} })).toThrow(TypeError);
});
