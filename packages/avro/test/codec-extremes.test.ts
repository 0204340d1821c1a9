import assert from 'node:assert/strict';
import { avro } from '@leftfold/avro';
import { decodePayload, encodePayload, t, type WriterSchema } from '@leftfold/core';
import { expect, test } from 'vitest';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

const NINES = '9'.repeat(36);
const [FIRST, LAST] = [new Date('0000-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')];
const every = (...codes: readonly number[]): string => String.fromCodePoint(...codes);

/** Each type at its ends. */
const extremes: { readonly [type: string]: readonly [schema: t.AnySchema, ...values: readonly unknown[]] } = {
  string: [
    t.string(),
    ...' aaaaaaa aaaaaaaa aaaaaaaaa aaaaaaaä \u007f \u0080 \ufeffa \ufffd \uffff \u{10ffff} e\u0301 \u202e \u2028'.split(
      ' ',
    ),
    every(1, 31, 127, 128, 2047, 2048, 65535, 65536),
    ...[63, 64, 8191, 8192, 200_000].map((length) => 'x'.repeat(length)),
  ],
  boolean: [t.boolean(), true, false],
  int: [t.int(), 0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31)],
  integer: [t.integer(), 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 10 ** 15, 10 ** 15 - 1, -(10 ** 15)],
  long: [t.long(), 0n, 2n ** 63n - 1n, -(2n ** 63n), 10n ** 15n, -(10n ** 15n), 2n ** 53n + 1n],
  double: [t.double(), 0, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1, 2 ** 53, 1e21],
  bytes: [t.bytes(), new Uint8Array(), new Uint8Array([0]), new Uint8Array([255, 0, 10]), new Uint8Array(50_000)],
  'decimal(38, 2)': [t.decimal(38, 2), '0.00', '0.01', '-0.01', `${NINES}.99`, `-${NINES}.99`, '1.27', '1.28', '-1.28'],
  'decimal(38, 38)': [t.decimal(38, 38), `0.${'9'.repeat(38)}`, `-0.${'0'.repeat(37)}1`, `0.${'0'.repeat(38)}`],
  'decimal(38, 0)': [
    t.decimal(38, 0),
    '0',
    '9'.repeat(38),
    `-${'9'.repeat(38)}`,
    '999999999999999',
    '9999999999999999',
  ],
  'decimal(1, 1)': [t.decimal(1, 1), '0.9', '-0.9'],
  uuid: [t.uuid(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  date: [t.date(), '0000-01-01', '0000-02-29', '0099-12-31', '1582-10-10', '1969-12-31', '1970-01-01', '9999-12-31'],
  'timestamp-millis': [
    t.timestampMillis(),
    FIRST,
    LAST,
    new Date(-1),
    new Date(0),
    new Date('0099-12-31T23:59:59.999Z'),
  ],
  enum: [t.enum('E', ['null', 'N0', '_', 'length']), 'null', 'N0', '_', 'length'],
  array: [t.array(t.int()), [], [0], Array.from({ length: 64 }, (_, i) => i), Array.from({ length: 10_000 }, () => 1)],
  'array of arrays': [t.array(t.array(t.string())), [], [[]], [[], ['']], [['a'], [], ['b', '']]],
  map: [
    t.map(t.int()),
    {},
    ...[
      '',
      ' ',
      '0',
      '-1',
      'a.b',
      '"',
      '\\',
      '\n',
      '__proto',
      '_proto__',
      'toString',
      'valueOf',
      'length',
      'toJSON',
      'ä',
      '🦊',
    ].map((key) => ({ [key]: 1 })),
    { b: 1, 10: 2, 9: 3, a: 4 },
  ],
  nullable: [t.nullable(t.string()), null, '', 'null'],
  'nullable nullable': [t.nullable(t.nullable(t.array(t.nullable(t.int())))), null, [], [null, 1]],
  'a union of equal variants': [
    t.union('by', { x: { n: t.int() }, y: { n: t.int() }, toString: { n: t.int() }, z: {} }),
    ...['x', 'y', 'toString'].map((by) => ({ by, n: 1 })),
    { by: 'z' },
  ],
  'a nullable union in a list': [
    t.array(t.nullable(t.union('kind', { a: { in: t.nullable(t.union('of', { b: {}, c: { to: t.long() } })) } }))),
    [],
    [null, { kind: 'a', in: null }, { kind: 'a', in: { of: 'b' } }, { kind: 'a', in: { of: 'c', to: -1n } }],
  ],
};

test.each(Object.entries(extremes))('%s comes back from its ends', async (_, [type, ...values]) => {
  for (const value of values) {
    await expectBack(t.record('One', { a: type }), { a: value });
    await expectBack(t.record('One', { before: t.nullable(type), a: t.map(t.array(type)) }), {
      before: value,
      a: { '': [value, value] },
    });
  }
});

test('−0 is stored as 0, in JSON and so in bytes', async () => {
  const schema = t.record('One', { double: t.double(), int: t.int(), integer: t.integer() });
  const read = await through(schema, { double: -0, int: -0, integer: -0 });
  assert.deepStrictEqual(read, { double: 0, int: 0, integer: 0 });
});

test('an empty record is five bytes on the wire, and comes back as an empty object', async () => {
  const nothing = t.record('Nothing', {});
  const { codec, writer } = await prepared(nothing);
  const value = codec.encode('{}', writer);
  expect([...value]).toEqual([0, 0, 0, 0, 1]);
  const record = { value, headers: { 'content-type': codec.contentType } };
  await codec.prepare({ records: [record] });
  assert.deepStrictEqual(codec.decode(record, nothing), {});
  assert.deepStrictEqual(codec.decode(record, t.record('Nothing', { a: t.withDefault(t.int(), 7) })), { a: 7 });
  expect(() => codec.decode(record, t.record('Nothing', { a: t.int() }))).toThrow(
    expect.objectContaining({ code: 'LF_RECORD_UNDECODABLE' }),
  );
});

test('a record may be a window into the bytes of a batch, as a Uint8Array or a Buffer', async () => {
  const schema = t.record('One', { a: t.bytes(), b: t.string() });
  const value = { a: new Uint8Array([1, 2]), b: 'abc' };
  const { codec, writer } = await prepared(schema);
  const encoded = codec.encode(textOf(schema, value), writer);
  const batch = new Uint8Array(encoded.length + 20).fill(0xff);
  batch.set(encoded, 7);
  const end = 7 + encoded.length;
  for (const window of [batch.subarray(7, end), Buffer.from(batch.buffer, 7, encoded.length)]) {
    const record = { value: window, headers: { 'content-type': codec.contentType } };
    await codec.prepare({ records: [record] });
    assert.deepStrictEqual(codec.decode(record, schema), value);
  }
});

test('records lie sixty deep in each other, with lists, maps and nulls between', async () => {
  let schema: t.AnySchema = t.record('R0', { a: t.long() });
  let value: unknown = { a: 2n ** 63n - 1n };
  for (let depth = 1; depth <= 20; depth++) {
    schema = t.record(`R${depth}`, { class: t.array(t.map(t.nullable(schema))) });
    value = { class: [{}, { '': value, toString: null }] };
  }
  await expectBack(schema, value);
});

test('fields are called as JavaScript calls its own', async () => {
  const names = [
    'then',
    'toJSON',
    'name',
    'length',
    'caller',
    'arguments',
    'this',
    'new',
    'undefined',
    'eval',
    'await',
  ];
  const others = ['t', 'b', 'v', 'v0', 'd0', 'r0', 'r0f0', '_r0', '_a', 'a', '_', '__', 'R0', 'N0', 'self'];
  const fields = Object.fromEntries(
    [...names, ...others].map((name, i) => [name, i % 3 === 0 ? t.withDefault(t.int(), 9) : t.int()]),
  );
  const schema = t.record('this', fields);
  const value = Object.fromEntries([...names, ...others].map((name, i) => [name, i]));
  await expectBack(schema, value);
  // As another reader has them: half of them unknown to it, in another order, and its own beside them.
  const reader = t.record('arguments', {
    z: t.withDefault(t.int(), 5),
    b: t.int(),
    new: t.int(),
    _: t.int(),
    toJSON: t.int(),
  });
  const read = await through(schema, value, reader);
  assert.deepStrictEqual(read, { z: 5, b: value['b'], new: value['new'], _: value['_'], toJSON: value['toJSON'] });
});

async function prepared(schema: t.AnySchema) {
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  const { avro: json } = schema;
  const writer: WriterSchema = {
    type: 'test.thing.happened',
    version: 1,
    fingerprint: JSON.stringify(json),
    avro: json,
  };
  await codec.prepare({ writers: [writer] });
  return { codec, writer };
}

async function through(schema: t.AnySchema, value: unknown, reader: t.AnySchema = schema): Promise<unknown> {
  const { codec, writer } = await prepared(schema);
  const record = { value: codec.encode(textOf(schema, value), writer), headers: { 'content-type': codec.contentType } };
  await codec.prepare({ records: [record] });
  return codec.decode(record, reader);
}

function textOf(schema: t.AnySchema, value: unknown): string {
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(`refused: ${JSON.stringify(encoded.issues)}`);
  return encoded.text;
}

/** From bytes as it was, and as from the log. */
async function expectBack(schema: t.AnySchema, value: unknown): Promise<void> {
  const read = await through(schema, value);
  assert.deepStrictEqual(read, value);
  assert.deepStrictEqual({ value: read }, decodePayload(schema, textOf(schema, value)));
}
