import { avro } from '@leftfold/avro';
import { encodePayload, t, type WriterSchema } from '@leftfold/core';
import { expect, test, vi } from 'vitest';
import { BoundedTap } from '../src/codec/bounded-tap.ts';
import { HEAD_BYTES } from '../src/codec/wire-head.ts';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

const Money = t.record('Money', { cents: t.integer(), currency: t.enum('Currency', ['EUR', 'USD']) });
const order = t.record('Order', {
  id: t.uuid(),
  total: Money,
  lines: t.array(t.record('Line', { sku: t.string(), price: Money, seen: t.timestampMillis() })),
  note: t.nullable(t.string()),
});
const everything = t.record('Everything', {
  boolean: t.boolean(),
  int: t.int(),
  long: t.long(),
  double: t.double(),
  bytes: t.bytes(),
  decimal: t.decimal(38, 9),
  date: t.date(),
  paid: t.union('by', { card: { last4: t.string() }, transfer: { iban: t.string(), days: t.array(t.date()) } }),
  counts: t.map(t.array(t.int())),
  nothing: t.array(t.record('Nothing', {})),
});
const samples: readonly (readonly [t.AnySchema, unknown])[] = [
  [
    order,
    {
      id: '01890a5d-ac96-774b-bcce-b302099a8057',
      total: { cents: 2 ** 52, currency: 'USD' },
      lines: [1, 2, 3].map((cents) => ({
        sku: 'ä'.repeat(cents),
        price: { cents, currency: 'EUR' },
        seen: new Date(cents),
      })),
      note: 'ring twice',
    },
  ],
  [
    everything,
    {
      boolean: true,
      int: -(2 ** 31),
      long: -(2n ** 63n),
      double: 1.5,
      bytes: new Uint8Array(40),
      decimal: '-12345678901234567890.123456789',
      date: '2026-11-22',
      paid: { by: 'transfer', iban: 'DE', days: ['2026-11-22', '0001-01-01'] },
      counts: { a: [1, 2, 3], b: [] },
      nothing: [{}, {}, {}],
    },
  ],
];
/** Reads a part of what is there, so that the rest is gone over. */
const few = t.record('Few', { id: t.withDefault(t.string(), ''), double: t.withDefault(t.double(), 0) });

const writerOf = ({ avro: json }: t.AnySchema): WriterSchema => ({
  type: 'test.thing.happened',
  version: 1,
  fingerprint: JSON.stringify(json),
  avro: json,
});
const headers = { 'content-type': 'application/avro' };
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return String((error as { readonly code?: string }).code ?? error);
  }
};

/** Numbers from 0 up to 1, the same for the same seed. Source: mulberry32, by Tommy Ettinger. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counts and lengths that broke decoders: huge, negative, longer than any varint. */
const VARINTS: readonly (readonly number[])[] = [
  [0],
  [1],
  [0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xc0, 0x84, 0x3d],
];

/** Its value always; its head in one record of ten, since whatever stands behind a broken head is not looked at. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  const head = bytes.subarray(0, HEAD_BYTES);
  const value = changed(bytes.subarray(HEAD_BYTES), random);
  return Buffer.from([...(random() < 0.1 ? changed(head, random) : head), ...value]);
}

function changed(bytes: Buffer, random: () => number): number[] {
  const upTo = (end: number): number => Math.floor(random() * end);
  const pieces = [...bytes];
  for (let times = 1 + upTo(4); times > 0; times--) {
    const at = upTo(pieces.length + 1);
    switch (upTo(5)) {
      case 0:
        if (at < pieces.length) pieces[at] = (pieces[at] as number) ^ (1 << upTo(8));
        break;
      case 1:
        pieces.length = at;
        break;
      case 2:
        pieces.splice(at, upTo(3), ...(VARINTS[upTo(VARINTS.length)] ?? []));
        break;
      case 3:
        pieces.splice(at, upTo(9));
        break;
      default:
        pieces.splice(at, 0, ...pieces.slice(upTo(pieces.length), upTo(pieces.length)));
    }
  }
  return pieces;
}

const headOf = (bytes: Buffer): string => bytes.toString('hex', 0, HEAD_BYTES);

/** Objects, items and characters, all that takes memory. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length;
  if (value instanceof Uint8Array) return 1 + value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + sizeOf(item), 1);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + sizeOf(item), 1);
}

/** What one record of so many bytes may take: its fields, and three empty objects for each byte of a payload of the greatest size. */
const workFor = (bytes: Buffer): number => 200 + 30 * bytes.length + 131_072;

test('A7 100,000 mutated records are read or refused with LF_RECORD_UNDECODABLE, in work and memory that their length bounds', async () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
  const random = seeded(seed);
  const codec = avro({ registry: new RegistryInMemory(), register: true });
  const records: Buffer[] = [];
  for (const [schema, value] of samples) {
    const writer = writerOf(schema);
    await codec.prepare({ writers: [writer] });
    const encoded = encodePayload(schema, value);
    if ('issues' in encoded) throw new Error(JSON.stringify(encoded.issues));
    records.push(Buffer.from(codec.encode(encoded.text, writer)));
  }
  await codec.prepare({ records: records.map((value) => ({ value, headers })) });
  const heads = new Set(records.map(headOf));
  const steps = countSteps();
  const outcomes = new Map<string, number>();
  let strangeHeads = 0;
  try {
    for (let nth = 0; nth < 100_000; nth++) {
      const which = nth % samples.length;
      const [schema] = samples[which] as (typeof samples)[number];
      const value = mutated(records[which] as Buffer, random);
      const reader = nth % 5 === 0 ? few : schema;
      const hasHead = heads.has(headOf(value));
      if (!hasHead) {
        strangeHeads += 1;
        await codec.prepare({ records: [{ value, headers }] });
      }
      steps.now = 0;
      let size = 0;
      const code = codeOf(() => {
        size = sizeOf(codec.decode({ value, headers }, reader));
      });
      outcomes.set(code ?? 'read', (outcomes.get(code ?? 'read') ?? 0) + 1);
      if (code === undefined && !hasHead) throw new Error(`seed ${seed}, record ${nth}: ${headOf(value)} was read`);
      if (steps.now > workFor(value) || size > workFor(value))
        throw new Error(`seed ${seed}, record ${nth}: ${steps.now} steps and size ${size} for ${value.length} bytes`);
    }
  } finally {
    steps.end();
  }
  expect([...outcomes.keys()].toSorted(), `seed ${seed}`).toEqual(['LF_RECORD_UNDECODABLE', 'read']);
  // Most mutations are seen, and enough are not, so that what is read is looked at.
  expect(Math.min(...outcomes.values())).toBeGreaterThan(5_000);
  expect(strangeHeads).toBeGreaterThan(5_000);
}, 120_000);

/** How often bytes were gone to; an item that takes none is counted by the limit of those. */
function countSteps(): { now: number; end: () => void } {
  const steps = { now: 0, end: () => Object.defineProperties(BoundedTap.prototype, own) };
  const own = Object.getOwnPropertyDescriptors(BoundedTap.prototype);
  for (const name of ['readLong', 'advance', 'skipLong', 'readBigint', 'deeper'] as const) {
    const call = BoundedTap.prototype[name] as (...given: unknown[]) => unknown;
    Object.defineProperty(BoundedTap.prototype, name, {
      configurable: true,
      writable: true,
      value(this: BoundedTap, ...given: unknown[]) {
        steps.now += 1;
        return call.apply(this, given);
      },
    });
  }
  return steps;
}

const zigzag = (value: bigint): number[] => {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return [...bytes, Number(left)];
};

/** Decodes bytes that a stranger wrote with this schema. */
async function read(json: t.Json, bytes: readonly number[] | Buffer, reader: t.AnySchema): Promise<unknown> {
  const registry = new RegistryInMemory();
  const id = registry.add(JSON.stringify(json));
  const codec = avro({ registry });
  const record = { value: Buffer.concat([Buffer.from([0, 0, 0, 0, id]), Buffer.from(bytes as Buffer)]), headers };
  await codec.prepare({ records: [record] });
  return codec.decode(record, reader);
}

const one = (type: t.Json): t.Json => ({ type: 'record', name: 'One', fields: [{ name: 'a', type }] });
const list = t.record('One', { a: t.array(t.string()) });
const nothing = t.record('One', {});

test.each<readonly [what: string, type: t.Json, bytes: readonly number[], reader: t.AnySchema]>([
  ['an array of 2^50 items', { type: 'array', items: 'string' }, zigzag(2n ** 50n), list],
  ['an array of 2^40 items', { type: 'array', items: 'string' }, [...zigzag(2n ** 40n), 0, 0, 0], list],
  ['2^50 items that are skipped', { type: 'array', items: 'string' }, zigzag(2n ** 50n), nothing],
  ['2^40 nulls', { type: 'array', items: 'null' }, zigzag(2n ** 40n), nothing],
  [
    '2^40 nulls in each of many arrays',
    { type: 'array', items: { type: 'array', items: 'null' } },
    [...zigzag(2n), ...zigzag(2n ** 17n), 0, ...zigzag(2n ** 17n), 0, 0],
    nothing,
  ],
  [
    'a negative block length, which leads back',
    { type: 'array', items: 'string' },
    [...zigzag(-1n), ...zigzag(-3n), 0, 0],
    nothing,
  ],
  [
    'a block that is not as long as it says',
    { type: 'array', items: 'string' },
    [...zigzag(-1n), ...zigzag(5n), 0, 0],
    list,
  ],
  ['a map of 2^50 entries', { type: 'map', values: 'string' }, zigzag(2n ** 50n), nothing],
  ['a text of a negative length', 'string', zigzag(-5n), nothing],
  ['a text longer than the record', 'string', [...zigzag(2n ** 33n), 65], nothing],
  [
    'a long text that is no UTF-8',
    { type: 'array', items: 'string' },
    [2, 40, ...Array<number>(19).fill(65), 0xff, 0],
    list,
  ],
  ['a text that is no UTF-8', { type: 'array', items: 'string' }, [2, 2, 0xff, 0], list],
  ['a varint that never ends', 'long', Array<number>(20).fill(0xff), t.record('One', { a: t.long() })],
  ['a long of 65 bits', 'long', [...Array<number>(9).fill(0xff), 0x02], t.record('One', { a: t.long() })],
  ['an int of 33 bits', 'int', zigzag(2n ** 32n), t.record('One', { a: t.int() })],
  ['a boolean that is 2', 'boolean', [2], t.record('One', { a: t.boolean() })],
  ['a branch that the union does not have', ['null', 'string'], [4], nothing],
  ['a negative branch', ['null', 'string'], [1], nothing],
  [
    'a symbol that the enum does not have',
    { type: 'enum', name: 'E', symbols: ['A'] },
    [8],
    t.record('One', { a: t.enum('E', ['A']) }),
  ],
  ['NaN', 'double', [0, 0, 0, 0, 0, 0, 0xf8, 0x7f], t.record('One', { a: t.double() })],
  [
    'a time after the year 9999',
    { type: 'long', logicalType: 'timestamp-millis' },
    zigzag(2n ** 50n),
    t.record('One', { a: t.timestampMillis() }),
  ],
  [
    'a day after the year 9999',
    { type: 'int', logicalType: 'date' },
    zigzag(2n ** 30n),
    t.record('One', { a: t.date() }),
  ],
  [
    'a decimal of a thousand bytes',
    { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 },
    [...zigzag(1_000n), ...Array<number>(1_000).fill(1)],
    t.record('One', { a: t.decimal(9, 2) }),
  ],
  [
    'a decimal with more digits than its precision',
    { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 1 },
    [...zigzag(2n), 1, 0],
    t.record('One', { a: t.decimal(2, 1) }),
  ],
  [
    'the map key __proto__',
    { type: 'map', values: 'string' },
    [2, 18, ...Buffer.from('__proto__'), 0, 0],
    t.record('One', { a: t.map(t.string()) }),
  ],
  [
    'the map key constructor',
    { type: 'map', values: 'string' },
    [2, 22, ...Buffer.from('constructor'), 0, 0],
    t.record('One', { a: t.map(t.string()) }),
  ],
  [
    'the key __proto__ with a length in two bytes',
    { type: 'map', values: 'string' },
    [2, 0x92, 0, ...Buffer.from('__proto__'), 0, 0],
    t.record('One', { a: t.map(t.string()) }),
  ],
  ['a byte after the value', 'boolean', [1, 0], t.record('One', { a: t.boolean() })],
  ['nothing at all', 'long', [], t.record('One', { a: t.long() })],
])('A7 %s is refused with LF_RECORD_UNDECODABLE', async (_, type, bytes, reader) => {
  await expect(read(one(type), bytes, reader)).rejects.toMatchObject({ code: 'LF_RECORD_UNDECODABLE' });
});

const cents: t.Json = { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 };
/** A decimal in so many bytes, all but the last of which repeat the sign. */
const extended = (length: number, last: 1 | -1): number[] => [
  ...zigzag(BigInt(length)),
  ...Array<number>(length - 1).fill(last < 0 ? 0xff : 0),
  last & 0xff,
];

test.each([
  ['0.01', 1],
  ['-0.01', -1],
] as const)(
  'A7 a decimal longer than 32 bytes is refused before it is made, though it says %s with its sign repeated',
  async (text, last) => {
    const reader = t.record('One', { a: t.decimal(9, 2) });
    expect(await read(one(cents), extended(32, last), reader)).toEqual({ a: text });
    // Making a text of a whole number takes the square of its length.
    const made = vi.spyOn(BigInt, 'asIntN');
    try {
      for (const length of [33, 100_000])
        await expect(read(one(cents), extended(length, last), reader)).rejects.toMatchObject({
          code: 'LF_RECORD_UNDECODABLE',
          message: expect.stringContaining('a decimal has more digits than its precision'),
        });
      expect(made).not.toHaveBeenCalled();
    } finally {
      made.mockRestore();
    }
  },
);

const chain: t.Json = {
  type: 'record',
  name: 'One',
  fields: [
    { name: 'a', type: 'int' },
    { name: 'next', type: ['null', 'One'] },
  ],
};
const links = (depth: number): Buffer => Buffer.from([...Array.from({ length: depth }, () => [2, 2]).flat(), 2, 0]);

test("A7 a stranger's record that holds itself is gone over, and refused where it lies too deep in itself", async () => {
  const reader = t.record('One', { a: t.int() });
  expect(await read(chain, links(500), reader)).toEqual({ a: 1 });
  await expect(read(chain, links(100_000), reader)).rejects.toThrow('records lie more than 1000 deep');
  // Side by side they are as many as there are.
  const many = one({ type: 'array', items: { type: 'record', name: 'Item', fields: [{ name: 'n', type: 'int' }] } });
  const bytes = Buffer.from([...zigzag(5_000n), ...Array<number>(5_000).fill(2), 0]);
  expect(await read(many, bytes, nothing)).toEqual({});
  // One that has no end takes no bytes either.
  const endless: t.Json = { type: 'record', name: 'One', fields: [{ name: 'next', type: 'One' }] };
  await expect(read(endless, [], t.record('One', {}))).rejects.toThrow('records lie more than 1000 deep');
});

test("A8 a stranger's fields and symbols that every object has a member of reach nothing", async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'name', 'type'];
  const json: t.Json = {
    type: 'record',
    name: 'One',
    fields: [
      ...names.slice(0, 5).map((name) => ({ name, type: 'string' })),
      { name: 'e', type: { type: 'enum', name: 'E', symbols: ['toString', 'B'] } },
    ],
  };
  const bytes = [...names.slice(0, 5).flatMap((name) => [2 * name.length, ...Buffer.from(name)]), 0];
  const reader = t.record('One', {
    e: t.enum('E', ['A', 'B']),
    name: t.withDefault(t.string(), 'none'),
    type: t.nullable(t.string()),
  });
  const value = (await read(json, bytes, reader)) as object;
  expect(value).toEqual({ e: 'A', name: 'none', type: null });
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
});
