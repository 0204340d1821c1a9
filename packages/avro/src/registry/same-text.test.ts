import type { Json } from '@leftfold/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spelling, spellingOf } from './same-text.ts';

const money = { type: 'record', name: 'Money', namespace: 'shop', fields: [{ name: 'cents', type: 'long' }] };
const order = (price: Json, more: { readonly [attribute: string]: Json } = {}): Json => ({
  type: 'record',
  name: 'shop.Order',
  fields: [{ name: 'price', type: price }],
  ...more,
});

const same: readonly (readonly [string, Json, Json])[] = [
  [
    'a namespace beside the name',
    { type: 'enum', name: 'b.A', symbols: ['x'] },
    { type: 'enum', namespace: 'b', name: 'A', symbols: ['x'] },
  ],
  ['a namespace that is inherited', order(money), order({ type: 'record', name: 'Money', fields: money.fields })],
  ['a reference by its short name', order(['null', 'shop.Order']), order(['null', 'Order'])],
  ['an object around a type', order({ type: 'string' }), order('string')],
  ['an object around a union', order({ type: ['null', 'string'] }), order(['null', 'string'])],
  ['the order of attributes', { type: 'map', values: 'int' }, { values: 'int', type: 'map' }],
  [
    'the order in an alias that is none',
    order('string', { aliases: [{ a: 1, b: 2 }] }),
    order('string', { aliases: [{ b: 2, a: 1 }] }),
  ],
  ['the order in a default', order('int', { x: { a: 1, b: 2 } }), order('int', { x: { b: 2, a: 1 } })],
];

const different: readonly (readonly [string, Json, Json])[] = [
  ['a doc', order('string'), order('string', { doc: '' })],
  ['an alias', order('string'), order('string', { aliases: ['Former'] })],
  ['an attribute of nobody’s', order({ type: 'string', personal: true }), order('string')],
  ['a logical type', order({ type: 'string', logicalType: 'uuid' }), order('string')],
  ['a namespace', order({ ...money, namespace: 'other' }), order(money)],
  ['the order of branches', order(['null', 'string']), order(['string', 'null'])],
  [
    'the order of symbols',
    { type: 'enum', name: 'A', symbols: ['x', 'y'] },
    { type: 'enum', name: 'A', symbols: ['y', 'x'] },
  ],
  ['a name that only a default says', order('string', { default: 'shop.A' }), order('string', { default: 'A' })],
  [
    'an attribute named as a part of every object',
    order('string', JSON.parse('{"__proto__":1}') as { [a: string]: Json }),
    order('string'),
  ],
];

describe('two texts', () => {
  test.each(same)('say the same in spite of %s', (_, one, other) => {
    expect(JSON.stringify(one)).not.toBe(JSON.stringify(other));
    expect(spelling(one)).toBe(spelling(other));
  });

  test.each(different)('say different things by %s', (_, one, other) => {
    expect(spelling(one)).not.toBe(spelling(other));
  });
});

test('any JSON has a spelling, and what is none has none', () => {
  for (const json of [
    null,
    1,
    [],
    {},
    { type: 7 },
    { type: 'record', name: 7, fields: 7 },
    { type: 'record', fields: [7, null] },
  ])
    expect(typeof spelling(json)).toBe('string');
  expect(spellingOf('{')).toBeUndefined();
  expect(spellingOf('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toBeUndefined();
});

test('the order of attributes never matters, the order of lists always does', () => {
  const key = fc.constantFrom(
    'type',
    'name',
    'namespace',
    'fields',
    'items',
    'default',
    'aliases',
    'doc',
    'record',
    '__proto__',
    '1',
  );
  const text = fc.constantFrom('record', 'array', 'string', 'a.B', 'B', 'n');
  const { json } = fc.letrec<{ json: Json; object: Json }>((tie) => ({
    json: fc.oneof({ maxDepth: 5 }, text, fc.integer(), fc.array(tie('json'), { maxLength: 3 }), tie('object')),
    // By definition, so that `__proto__` is an attribute like any other, as JSON.parse has it.
    object: fc.dictionary(key, tie('json'), { maxKeys: 5 }).map((made) => Object.fromEntries(Object.entries(made))),
  }));
  const turned = (part: Json): Json => {
    if (Array.isArray(part)) return (part as readonly Json[]).map(turned);
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).map(([name, value]): [string, Json] => [name, turned(value)]);
    return Object.fromEntries(entries.reverse());
  };
  fc.assert(
    fc.property(json, (made) => spelling(turned(made)) === spelling(made)),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(json, json, (one, other) => {
      const isSame = spelling(one) === spelling(other);
      return (spelling([one, other]) === spelling([other, one])) === isSame;
    }),
    { numRuns: 1_000 },
  );
});
