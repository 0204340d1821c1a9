import { t } from '@leftfold/core';
import { expect, test } from 'vitest';
import { payloadFields } from './payload-fields.ts';

const personal = t.personal(t.string({ max: 20 }), { erasedAs: '' });
const field = (of: t.AnySchema) => payloadFields(t.record('R', { f: of })).map(({ path, ...rest }) => [path, rest]);

test.each<[string, t.AnySchema, object]>([
  ['a string', t.string(), { type: 'string' }],
  ['a string with bounds', t.string({ min: 1, max: 9 }), { type: 'string', allowed: '1 to 9 characters' }],
  ['a string with a pattern', t.string({ pattern: /a|b/ }), { type: 'string', allowed: 'matches /a|b/' }],
  ['a uuid', t.uuid(), { type: 'uuid' }],
  ['an int', t.int(), { type: 'int' }],
  ['an int with a bound', t.int({ min: 1 }), { type: 'int', allowed: 'at least 1' }],
  ['a long as a number', t.integer(), { type: 'long' }],
  ['a long as a number, with bounds', t.integer({ min: -5, max: 5 }), { type: 'long', allowed: '-5 to 5' }],
  ['a long', t.long(), { type: 'long' }],
  ['a double', t.double(), { type: 'double' }],
  ['a boolean', t.boolean(), { type: 'boolean' }],
  ['bytes', t.bytes(), { type: 'bytes' }],
  ['a decimal', t.decimal(9, 4), { type: 'decimal(9, 4)' }],
  ['an instant', t.timestampMillis(), { type: 'timestamp-millis' }],
  ['a day', t.date(), { type: 'date' }],
  ['an enum', t.enum('Currency', ['EUR', 'USD']), { type: 'Currency: EUR, USD' }],
  [
    'what may be null',
    t.nullable(t.string({ max: 5 })),
    { type: 'string or null', allowed: 'at most 5 characters', absent: null },
  ],
  ['a list', t.array(t.array(t.int({ max: 5 }))), { type: 'list of list of int', allowed: 'at most 5' }],
  [
    'a map',
    t.map(t.nullable(personal)),
    { type: 'map of string or null', allowed: 'at most 20 characters', erasedAs: '' },
  ],
  ['a default', t.withDefault(t.decimal(5, 2), '-0.5'), { type: 'decimal(5, 2)', absent: '-0.50' }],
  ['a default that is long', t.withDefault(t.integer(), 5), { type: 'long', absent: '5' }],
  ['personal data', personal, { type: 'string', allowed: 'at most 20 characters', erasedAs: '' }],
])('a field is told with its type, constraints, default and what is read when it is erased: %s', (_, schema, told) => {
  expect(field(schema)).toEqual([['f', told]]);
});
test('what is in a field follows it, also where a name stands for a shape that was told before', () => {
  const Person = t.record('Person', { name: personal, age: t.int({ min: 0 }) });
  const paths = payloadFields(
    t.record('R', {
      a: Person,
      b: t.nullable(t.array(t.map(Person))),
      c: t.nullable(t.union('kind', { person: { of: Person }, firm: { no: t.int() } })),
    }),
  );
  expect(paths.map(({ path, erasedAs, allowed }) => [path, erasedAs ?? allowed])).toEqual([
    ['a', undefined],
    ['a.name', ''],
    ['a.age', 'at least 0'],
    ['b', undefined],
    ['b[]{}.name', ''],
    ['b[]{}.age', 'at least 0'],
    ['c', undefined],
    ['c(person).of', undefined],
    ['c(person).of.name', ''],
    ['c(person).of.age', 'at least 0'],
    ['c(firm).no', undefined],
  ]);
  expect(paths.map(({ type }) => type)).toContain('kind = person or kind = firm or null');
});
