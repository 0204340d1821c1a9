import { avro } from '@leftfold/avro';
import { t } from '@leftfold/core';
import { expect, test } from 'vitest';
import { RegistryInMemory } from './codec-registry-in-memory.ts';

// Texts that are in a registry because it took them: valid Avro, more or less, and of nobody who wishes us well.

const record = (name: string, fields: t.Json, more: object = {}): t.Json => ({ type: 'record', name, fields, ...more });
const one = (type: t.Json, more: object = {}): t.Json => record('One', [{ name: 'a', type, ...more }]);
const many = (count: number, make: (nth: number) => t.Json): readonly t.Json[] =>
  Array.from({ length: count }, (_, nth) => make(nth));
/** JSON that JavaScript cannot write down. */
const parsed = (text: string): t.Json => JSON.parse(text) as t.Json;
const ints = (count: number): t.Json =>
  record(
    'One',
    many(count, (nth) => ({ name: `f${nth}`, type: 'int' })),
  );
/** Each record holds the one before it so many times. */
const tower = (height: number, times: number): t.Json =>
  record('One', [
    { name: 'r0', type: record('R0', []) },
    ...many(height, (nth) => ({
      name: `r${nth + 1}`,
      type: record(
        `R${nth + 1}`,
        many(times, (field) => ({ name: `f${field}`, type: `R${nth}` })),
      ),
    })),
  ]);
const REFUSED = 'LF_RECORD_UNDECODABLE';
const nothing = t.record('One', {});
const int = t.record('One', { a: t.int() });

test.each<readonly [what: string, json: t.Json, bytes: readonly number[], reader: t.AnySchema, read: unknown]>([
  ['10,000 fields', ints(10_000), Array<number>(10_000).fill(2), t.record('One', { f9999: t.int() }), { f9999: 1 }],
  ['more fields than a function has parameters', ints(66_000), [], nothing, REFUSED],
  ['twenty-four records, each of which holds the one before it twice', tower(24, 2), [], nothing, REFUSED],
  ['records one in the other, 1,500 deep', tower(1_500, 1), [], nothing, REFUSED],
  ['records one in the other, a hundred deep', tower(100, 1), [], nothing, {}],
  ['a union of 2,000 branches', one(many(2_000, (nth) => record(`U${nth}`, []))), [0xce, 0x0f], nothing, {}],
  [
    'an enum of 50,000 symbols',
    one({ type: 'enum', name: 'E', symbols: many(50_000, (nth) => `S${nth}`) }),
    [8],
    t.record('One', { a: t.enum('E', ['A', 'B']) }),
    { a: 'A' },
  ],
  ['fixed bytes of 2 GiB', one({ type: 'fixed', name: 'F', size: 2 ** 31 - 1 }), [1], nothing, REFUSED],
  ['fixed bytes of 1 TiB', one({ type: 'fixed', name: 'F', size: 2 ** 40 }), [1], nothing, REFUSED],
  [
    '2^29 fixed bytes of none',
    one({ type: 'array', items: { type: 'fixed', name: 'F', size: 0 } }),
    [0x80, 0x80, 0x80, 0x80, 4, 0],
    nothing,
    REFUSED,
  ],
  ['a logical type called __proto__', one({ type: 'int', logicalType: '__proto__' }), [2], int, { a: 1 }],
  ['a logical type that is an object', one({ type: 'int', logicalType: { name: 'date' } }), [2], int, { a: 1 }],
  [
    'a decimal of no digits',
    one({ type: 'bytes', logicalType: 'decimal', precision: -1 }),
    [2, 7],
    t.record('One', { a: t.bytes() }),
    { a: new Uint8Array([7]) },
  ],
  [
    'a decimal of 2^40 digits',
    one({ type: 'bytes', logicalType: 'decimal', precision: 2 ** 40 }),
    [2, 7],
    t.record('One', { a: t.decimal(38, 0) }),
    REFUSED,
  ],
  ['a default of another type', one('int', { default: {} }), [2], int, REFUSED],
  [
    'a default with the member __proto__',
    one({ type: 'map', values: 'int' }, { default: parsed('{"__proto__":1}') }),
    [0],
    t.record('One', { a: t.map(t.int()) }),
    { a: {} },
  ],
  [
    'a default of a record that holds itself',
    record('One', [{ name: 'a', type: 'One', default: {} }]),
    [2],
    nothing,
    REFUSED,
  ],
  [
    'records called as members of objects',
    record('constructor', [
      {
        name: 'a',
        type: record('x.__proto__.Money', [
          { name: 'prototype', type: 'int' },
          { name: 'cents', type: 'int' },
        ]),
      },
    ]),
    [2, 4],
    t.record('One', { a: t.record('Money', { cents: t.int() }) }),
    { a: { cents: 2 } },
  ],
  [
    'a record called string',
    record('One', [
      { name: 's', type: record('string', []) },
      { name: 'a', type: 'int' },
    ]),
    [2],
    int,
    { a: 1 },
  ],
  [
    'attributes that are none',
    record('One', [{ name: 'a', type: 'int', aliases: 'x', order: 'any', doc: {} }], {
      aliases: 5,
      doc: { toString: 1 },
    }),
    [2],
    int,
    { a: 1 },
  ],
  [
    'a tag called __proto__',
    record('One', [{ name: 'a', type: 'int' }], { tag: parsed('{"__proto__":"x"}') }),
    [2],
    int,
    { a: 1 },
  ],
  [
    'the member __proto__ in the place of its fields',
    parsed('{"type":"record","name":"One","__proto__":{"fields":[]}}'),
    [],
    nothing,
    REFUSED,
  ],
])('A7 a registered text with %s is read or refused, and harms nothing', async (_, json, bytes, reader, read) => {
  const registry = new RegistryInMemory();
  const id = registry.add(JSON.stringify(json));
  const codec = avro({ registry });
  const value = Buffer.from([0, 0, 0, 0, id, ...bytes]);
  const encoded = { value, headers: { 'content-type': codec.contentType } };
  await codec.prepare({ records: [encoded] });
  for (let times = 0; times < 2; times++) {
    const outcome = (() => {
      try {
        return codec.decode(encoded, reader);
      } catch (error) {
        return (error as { readonly code?: string }).code ?? error;
      }
    })();
    expect(outcome).toEqual(read);
  }
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
