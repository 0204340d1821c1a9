import { avro } from '@leftfold/avro';
import { encodePayload, event, t, versionsOf, type WriterSchema } from '@leftfold/core';
import type { Codec, EncodedRecord } from '@leftfold/subscriptions';
import avsc from 'avsc';
import { expect, test, vi } from 'vitest';
import { checkAvsc } from '../src/codec/avsc-unsupported.ts';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

const writerOf = ({ avro: json }: t.AnySchema): WriterSchema => ({
  type: 'test.thing.happened',
  version: 1,
  fingerprint: JSON.stringify(json),
  avro: json,
});
function textOf(schema: t.AnySchema, value: unknown): string {
  const encoded = encodePayload(schema, value);
  if ('issues' in encoded) throw new Error(`refused: ${JSON.stringify(encoded.issues)}`);
  return encoded.text;
}
/** A codec that has found this schema's id. */
async function codecFor(schema: t.AnySchema): Promise<{ codec: Codec; writer: WriterSchema }> {
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  const writer = writerOf(schema);
  await codec.prepare({ writers: [writer] });
  return { codec, writer };
}
async function recordOf(codec: Codec, value: Uint8Array): Promise<EncodedRecord> {
  const record = { value, headers: { 'content-type': codec.contentType } };
  await codec.prepare({ records: [record] });
  return record;
}
/** A value's way through bytes, to a reader. */
async function through(schema: t.AnySchema, value: unknown, reader: t.AnySchema = schema): Promise<unknown> {
  const { codec, writer } = await codecFor(schema);
  return codec.decode(await recordOf(codec, codec.encode(textOf(schema, value), writer)), reader);
}

const Money = t.record('Money', { cents: t.integer(), currency: t.enum('Currency', ['EUR', 'USD']) });
const happened = event(
  'test.thing.happened',
  {
    whose: t.string(),
    name: t.personal(t.string(), { erasedAs: '[erased]' }),
    bytes: t.bytes(),
    price: t.decimal(9, 2),
    at: t.timestampMillis(),
    day: t.date(),
    many: t.long(),
    money: Money,
    lines: t.array(t.record('Line', { money: Money, tags: t.map(t.array(t.string())) })),
    paid: t.nullable(t.union('by', { card: { last4: t.string() }, transfer: { money: Money } })),
    added: t.withDefault(t.record('Added', { at: t.timestampMillis(), list: t.array(t.string()) }), {
      at: new Date(0),
      list: ['x'],
    }),
  },
  { subject: 'whose' },
);
const value = {
  whose: 'me',
  name: 'Zoë',
  bytes: new Uint8Array([0, 1, 255]),
  price: '-12.50',
  at: new Date('2026-11-22T01:02:03.004Z'),
  day: '2026-11-22',
  many: -(2n ** 63n),
  money: { cents: 2 ** 53 - 1, currency: 'USD' },
  lines: [{ money: { cents: 1, currency: 'EUR' }, tags: { a: ['b'], ä: [] } }],
  paid: { by: 'transfer', money: { cents: -1, currency: 'EUR' } },
  added: { at: new Date(1), list: [] },
};
const [version] = versionsOf(happened);
if (version === undefined) throw new Error('an event has a version');
const { schema } = version;

test('another avsc than the one whose internals are known is refused', () => {
  expect(() => checkAvsc('5.7.8')).toThrow(expect.objectContaining({ code: 'LF_AVSC_UNSUPPORTED' }));
  checkAvsc();
});

test('an event comes back as it was', async () => {
  expect(await through(schema, value)).toEqual(value);
});

test('A1 types and resolvers are made once for each writer and reader, however many records there are', async () => {
  const { codec, writer } = await codecFor(schema);
  const record = await recordOf(codec, codec.encode(textOf(schema, value), writer));
  codec.decode(record, schema);
  const made = [
    vi.spyOn(avsc.Type, 'forSchema'),
    vi.spyOn(avsc.Type.prototype, 'createResolver'),
    vi.spyOn(globalThis, 'Function'),
  ];
  for (let times = 0; times < 10; times++) {
    codec.encode(textOf(schema, value), writer);
    codec.decode(record, schema);
    codec.decode(await recordOf(codec, record.value), schema);
  }
  expect(made.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0]);
  vi.restoreAllMocks();
});

test('A1 readers with one Avro text are told apart: a long is a number for one and a bigint for the other', async () => {
  const numbers = t.record('One', { a: t.integer(), b: t.withDefault(t.integer(), 7) });
  const bigints = t.record('One', { a: t.long(), b: t.withDefault(t.long(), 7n) });
  expect(numbers.avro).toEqual(bigints.avro);
  const { codec, writer } = await codecFor(t.record('One', { a: t.long() }));
  const record = await recordOf(codec, codec.encode('{"a":"5"}', writer));
  for (let times = 0; times < 2; times++) {
    expect(codec.decode(record, numbers)).toEqual({ a: 5, b: 7 });
    expect(codec.decode(record, bigints)).toEqual({ a: 5n, b: 7n });
  }
  // One definition may have both.
  const both = t.record('Both', {
    a: t.record('In', { n: t.long() }),
    b: t.array(t.record('In', { n: t.integer() })),
  });
  expect(await through(both, { a: { n: 1n }, b: [{ n: 2 }] })).toEqual({ a: { n: 1n }, b: [{ n: 2 }] });
});

test('A3 a second branch of a union changes nothing about the events of the first', async () => {
  const before = t.record('One', { paid: t.union('by', { card: { last4: t.string() } }) });
  const after = t.record('One', {
    paid: t.union('by', { transfer: { iban: t.string() }, card: { last4: t.string() } }),
  });
  const old = { paid: { by: 'card', last4: '4242' } };
  expect(await through(before, old, after)).toEqual(old);
  expect(await through(after, old)).toEqual(old);
  const nullable = t.record('One', { paid: t.nullable(t.union('by', { card: { last4: t.string() } })) });
  expect(await through(before, old, nullable)).toEqual(old);
  // Who may have written what this reader does not know cannot be read at all, as the release gate has it.
  await expect(through(after, old, before)).rejects.toThrow('paid');
});

test('A4 what is registered is the stored text: defaults, logical types, personal marks and tags are in it', async () => {
  const registry = new RegistryInMemory();
  const codec = avro({ registry, register: true });
  await codec.prepare({ writers: [version.writer] });
  const [registered] = await registry.versions('test.thing.Happened');
  expect(registered?.avro).toBe(JSON.stringify(schema.avro));
  for (const part of ['"default":', '"logicalType":"decimal"', '"personal":true', '"tag":{"by":"card"}'])
    expect(registered?.avro).toContain(part);
});

const small = t.record('Small', {
  text: t.string(),
  int: t.int(),
  long: t.long(),
  double: t.double(),
  bytes: t.bytes(),
  price: t.decimal(4, 2),
  at: t.timestampMillis(),
  day: t.date(),
  yes: t.boolean(),
  currency: t.enum('Currency', ['EUR']),
  list: t.array(t.record('Line', { sku: t.string() })),
  map: t.map(t.int()),
  paid: t.union('by', { card: { last4: t.string() }, cash: {} }),
  maybe: t.nullable(t.string()),
  later: t.withDefault(t.string(), 'default'),
});
const stored = {
  text: 'x',
  int: 1,
  long: '1',
  double: 1.5,
  bytes: 'AQ==',
  price: '1.00',
  at: '2026-11-22T01:02:03.004Z',
  day: '2026-11-22',
  yes: true,
  currency: 'EUR',
  list: [{ sku: 'a' }],
  map: { a: 1 },
  paid: { by: 'cash' },
  maybe: null,
  later: 'here',
};
const without = (field: keyof typeof stored): object =>
  Object.fromEntries(Object.entries(stored).filter(([name]) => name !== field));

test.each<readonly [what: string, path: string, payload: unknown]>([
  ['an undeclared field', 'more', { ...stored, more: 1 }],
  ['an undeclared field in the place of a missing one', 'txet', { txet: 'x', ...without('text') }],
  ['an undeclared field in a list', 'list[1].x', { ...stored, list: [{ sku: 'a' }, { sku: 'b', x: 1 }] }],
  ['an undeclared field in a variant', 'paid.x', { ...stored, paid: { by: 'cash', x: 1 } }],
  ['a missing field', 'text', without('text')],
  ['a missing field with a default for readers', 'later', without('later')],
  ['a missing nullable field', 'maybe', without('maybe')],
  ['a missing field in a list', 'list[0].sku', { ...stored, list: [{}] }],
  ['a number for text', 'text', { ...stored, text: 1 }],
  ['half of a surrogate pair', 'text', { ...stored, text: '\ud800' }],
  ['an int with a fraction', 'int', { ...stored, int: 1.5 }],
  ['an int of 33 bits', 'int', { ...stored, int: 2 ** 31 }],
  ['a long as a number', 'long', { ...stored, long: 1 }],
  ['a long of 65 bits', 'long', { ...stored, long: '9223372036854775808' }],
  ['a long with leading zeros', 'long', { ...stored, long: '01' }],
  ['a long with an exponent', 'long', { ...stored, long: '1e3' }],
  ['a double as text', 'double', { ...stored, double: '1.5' }],
  ['null for a double', 'double', { ...stored, double: null }],
  ['bytes that are no base64', 'bytes', { ...stored, bytes: 'AQ=' }],
  ['a decimal with too many digits', 'price', { ...stored, price: '100.00' }],
  ['a decimal of another scale', 'price', { ...stored, price: '1.0' }],
  ['a decimal with an exponent', 'price', { ...stored, price: '1e2' }],
  ['a time with an offset', 'at', { ...stored, at: '2026-11-22T01:02:03.004+01:00' }],
  ['a time that no clock shows', 'at', { ...stored, at: '2026-11-22T24:02:03.004Z' }],
  ['a day that does not exist', 'day', { ...stored, day: '2026-02-30' }],
  ['a day of the year 10000', 'day', { ...stored, day: '10000-1-01' }],
  ['1 for true', 'yes', { ...stored, yes: 1 }],
  ['a symbol that is not there', 'currency', { ...stored, currency: 'toString' }],
  ['an object for a list', 'list', { ...stored, list: { length: 1 } }],
  ['a list for a map', 'map', { ...stored, map: [1] }],
  ['a wrong value in a map', 'map{"a"}', { ...stored, map: { a: 'x' } }],
  ['a variant that is not there', 'paid', { ...stored, paid: { by: 'cheque' } }],
  ['a variant without its tag', 'paid', { ...stored, paid: { last4: '1' } }],
  ['a list for the payload', '', [stored]],
  ['null for the payload', '', null],
])(
  'A5 %s is refused with LF_PAYLOAD_UNENCODABLE and its place, and nothing of it is in the next record',
  async (_, path, payload) => {
    const { codec, writer } = await codecFor(small);
    const good = Buffer.from(codec.encode(JSON.stringify(stored), writer)).toString('hex');
    expect(() => codec.encode(JSON.stringify(payload), writer)).toThrow(
      expect.objectContaining({ code: 'LF_PAYLOAD_UNENCODABLE', retryable: false, path, eventType: writer.type }),
    );
    expect(Buffer.from(codec.encode(JSON.stringify(stored), writer)).toString('hex')).toBe(good);
  },
);

test('A6 a long is exact over all its bits, and never a rounded number', async () => {
  const long = t.record('One', { a: t.long() });
  const integer = t.record('One', { a: t.integer() });
  for (let bits = 0n; bits <= 63n; bits++)
    for (const near of [-2n, -1n, 0n, 1n, 2n])
      for (const sign of [1n, -1n]) {
        const a = BigInt.asIntN(64, sign * (2n ** bits + near));
        expect(await through(long, { a })).toEqual({ a });
        const read = through(long, { a }, integer);
        if (Number.isSafeInteger(Number(a))) expect(await read).toEqual({ a: Number(a) });
        else await expect(read).rejects.toMatchObject({ code: 'LF_RECORD_UNDECODABLE' });
      }
});

test('A8 what is decoded is plain all the way down, also defaults, and shares nothing', async () => {
  const { codec, writer } = await codecFor(schema);
  const text = textOf(schema, value);
  const record = await recordOf(codec, codec.encode(text, writer));
  const reader = t.record('Happened', {
    ...Object.fromEntries(Object.keys(value).map((name) => [name, field(name)])),
    more: t.withDefault(t.record('More', { at: t.timestampMillis(), bytes: t.bytes(), list: t.array(t.date()) }), {
      at: new Date(5),
      bytes: new Uint8Array([7]),
      list: ['2026-11-22'],
    }),
  });
  const [first, second] = [codec.decode(record, reader), codec.decode(record, reader)];
  const shared = new Set(parts(first));
  for (const part of parts(second)) expect(shared.has(part)).toBe(false);
  for (const part of parts(first)) {
    const prototype: unknown = Object.getPrototypeOf(part);
    expect([Object.prototype, Array.prototype, Date.prototype, Uint8Array.prototype]).toContain(prototype);
    expect(Object.getOwnPropertySymbols(part)).toEqual([]);
  }
  expect((first as { readonly constructor: unknown }).constructor).toBe(Object);
  // Neither the record's bytes nor a pool's: whoever fills those again changes no event.
  record.value.fill(0xff);
  expect(first).toEqual({ ...value, more: { at: new Date(5), bytes: new Uint8Array([7]), list: ['2026-11-22'] } });
  expect((first as typeof value).bytes.buffer.byteLength).toBe(3);
});
const field = (name: string): t.AnySchema => {
  const all: t.Fields = {
    whose: t.string(),
    name: t.string(),
    bytes: t.bytes(),
    price: t.decimal(9, 2),
    at: t.timestampMillis(),
    day: t.date(),
    many: t.long(),
    money: Money,
    lines: t.array(t.record('Line', { money: Money, tags: t.map(t.array(t.string())) })),
    paid: t.nullable(t.union('by', { card: { last4: t.string() }, transfer: { money: Money } })),
    added: t.record('Added', { at: t.timestampMillis(), list: t.array(t.string()) }),
  };
  return all[name] ?? t.string();
};
function parts(of: unknown): object[] {
  return typeof of === 'object' && of !== null ? [of, ...Object.values(of).flatMap(parts)] : [];
}

test('A8 nothing that was given is changed or kept: not the schema, the options or the payload, and no two records share bytes', async () => {
  const registry = new RegistryInMemory();
  const options = Object.freeze({ registry, register: true });
  const codec = avro(options);
  const unfrozen = structuredClone(schema.avro);
  const writer = { ...version.writer, avro: unfrozen };
  await codec.prepare({ writers: [writer] });
  expect(unfrozen).toEqual(schema.avro);
  const one = codec.encode(textOf(schema, value), writer);
  const copy = Buffer.from(one).toString('hex');
  const other = codec.encode(textOf(schema, { ...value, name: 'somebody else', lines: [] }), writer);
  other.fill(0);
  codec.encode(textOf(schema, { ...value, name: 'x'.repeat(100_000) }), writer);
  expect(Buffer.from(one).toString('hex')).toBe(copy);
});

test('names that would be variables or members of something else are names like any other', async () => {
  const names = ['_a', 'N0', 'R0', 'Function', 'T', 't0', 'class', '_'];
  const odd = t.record('Root', {
    ...Object.fromEntries(
      names.map((name) => [
        name,
        t.record(name, { a: t.int(), t: t.int(), R0: t.int(), class: t.int(), prototyp: t.int() }),
      ]),
    ),
    paid: t.union('class', { function: { a: t.int() }, new: { t: t.nullable(t.enum('E', ['R0', 'null'])) } }),
  });
  const inner = { a: 1, t: 2, R0: 3, class: 4, prototyp: 5 };
  for (const paid of [
    { class: 'function', a: 1 },
    { class: 'new', t: 'null' },
  ]) {
    const all = { ...Object.fromEntries(names.map((name) => [name, inner])), paid };
    expect(await through(odd, all)).toEqual(all);
  }
});

test('a reader that is no schema is told as such', async () => {
  const { codec, writer } = await codecFor(schema);
  const record = await recordOf(codec, codec.encode(textOf(schema, value), writer));
  expect(() => codec.decode(record, {} as t.AnySchema)).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_INVALID' }));
});

test('a payload of the greatest size is encoded, and the same value always gives the same bytes', async () => {
  const long = t.record('Long', { text: t.string(), list: t.array(t.long()) });
  const large = { text: 'ä'.repeat(60_000), list: Array.from({ length: 9_000 }, (_, i) => 2n ** 60n - BigInt(i)) };
  expect(await through(long, large)).toEqual(large);
  const { codec, writer } = await codecFor(long);
  const text = textOf(long, large);
  expect(codec.encode(text, writer)).toEqual(codec.encode(text, writer));
});

test('empty records are as many as the greatest payload can name', async () => {
  const list = t.record('List', { list: t.array(t.record('Nothing', {})) });
  const { codec, writer } = await codecFor(list);
  const text = `{"list":[${'{},'.repeat(87_000)}{}]}`;
  expect(text.length).toBeLessThan(256 * 1024);
  const read = codec.decode(await recordOf(codec, codec.encode(text, writer)), list);
  expect((read as { readonly list: readonly unknown[] }).list.length).toBe(87_001);
});
