import { describe, expect, test } from 'vitest';
import { event, t, type AnyEventType } from './index.ts';

const Money = t.record('Money', { cents: t.integer() });
const text = t.string();
const secret = t.personal(text, { erasedAs: '' });
/** What a JavaScript caller may give. */
const wrong = (value: unknown): never => value as never;
const untyped = event as unknown as (name: string, fields: object, options?: object) => AnyEventType;

describe('a definition is refused with LF_SCHEMA_INVALID', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['a length that is none', () => t.string({ min: -1 }), /-1 is no length/],
    ['a length that is no number', () => t.string({ max: wrong('5') }), /5 is no length/],
    ['a fraction as length', () => t.string({ max: 0.5 }), /0\.5 is no length/],
    ['lengths the wrong way round', () => t.string({ min: 2, max: 1 }), /min 2 is greater than max 1/],
    ['a pattern with flags', () => t.string({ pattern: /x/gi }), /other flags than u/],
    ['a pattern that is none with flag u', () => t.string({ pattern: new RegExp('\\-') }), /invalid with the flag u/],
    ['bounds the wrong way round', () => t.int({ min: 2, max: 1 }), /min 2 is greater than max 1/],
    ['a bound beyond the type', () => t.int({ max: 2 ** 31 }), /t\.int.*not 2147483648/],
    ['a bound that no number reaches', () => t.integer({ min: Infinity }), /t\.integer.*not Infinity/],
    ['a fraction as bound', () => t.integer({ min: 0.5 }), /not 0\.5/],
    ['no precision', () => t.decimal(0, 0), /precision/],
    ['too much precision', () => t.decimal(39, 2), /precision/],
    ['a scale above the precision', () => t.decimal(2, 3), /scale/],
    ['a negative scale', () => t.decimal(2, -1), /scale/],
    ['an enum without symbols', () => t.enum('E', wrong([])), /no symbols/],
    ['an enum with a symbol twice', () => t.enum('E', ['a', 'a']), /twice/],
    ['a symbol that is no Avro name', () => t.enum('E', ['payment-timeout']), /for example 'payment_timeout'/],
    ['a name that is no Avro name', () => t.record('order line', {}), /for example 'order_line'/],
    ['a name with a digit first', () => t.record('2nd', {}), /for example '_2nd'/],
    ['a name that is none', () => t.record(wrong(undefined), {}), /cannot be the name/],
    ['a name of Avro', () => t.record('string', {}), /a type of Avro's own/],
    ['a field that is no Avro name', () => t.record('R', { 'ship-to': text }), /a field of record R.*'ship_to'/],
    ['the field __proto__', () => t.record('R', JSON.parse('{"__proto__":1}')), /every JavaScript object/],
    ['the field constructor', () => t.record('R', { constructor: text }), /every JavaScript object/],
    ['the field toString', () => t.record('R', { toString: text }), /every JavaScript object/],
    ['the field prototype', () => t.record('R', { prototype: text }), /every JavaScript object/],
    ['a field without a schema', () => t.record('R', { a: wrong(undefined) }), /no schema/],
    ['items without a schema', () => t.array(wrong({ type: 'string' })), /no schema/],
    ['one name for two shapes', () => t.record('R', { a: Money, b: t.record('Money', {}) }), /'Money' stands for two/],
    ['a record inside another of its name', () => t.record('Money', { of: Money }), /'Money' holds a 'Money' at `of`/],
    ['a union without variants', () => t.union('kind', {}), /no variants/],
    ['a variant with a field named as the tag', () => t.union('kind', { a: { kind: text } }), /which is the tag/],
    ['a variant that is no name', () => t.union('kind', { '1': {} }), /cannot be a variant/],
    ['two variants of one Avro name', () => t.union('kind', { 'a-b': {}, aB: {} }), /'KindAB' stands for two/],
    ['a tag that is no name', () => t.union('__proto__', { a: {} }), /the tag of a union/],
    ['a default of another type', () => t.withDefault(t.int(), wrong('5')), /does not fit: expected a whole number/],
    ['a default that cannot be stored', () => t.withDefault(t.array(text), ['\0']), /does not fit: \[0\] contains NUL/],
    ['a default that JSON libraries round', () => t.withDefault(t.long(), 2n ** 60n), /JSON libraries round/],
    [
      'a default with a second branch inside',
      () => t.withDefault(t.record('R', { a: t.nullable(text) }), { a: 'x' }),
      /another branch than its first/,
    ],
    ['a default inside nullable', () => t.nullable(t.withDefault(text, '')), /inside t\.nullable/],
    ['a default inside a default', () => t.withDefault(t.withDefault(text, ''), ''), /inside t\.withDefault/],
    ['a default at items', () => t.array(t.withDefault(text, '')), /at the items of an array/],
    ['a default at the values of a map', () => t.map(t.withDefault(text, '')), /at the values of a map/],
    ['personal data that is no text', () => t.personal(wrong(t.uuid()), { erasedAs: '' }), /t\.string\(\) only/],
    ['an erased value that looks encrypted', () => t.personal(text, { erasedAs: 'lf1:x' }), /erasedAs/],
    ['an erased value that cannot be stored', () => t.personal(text, { erasedAs: '\0' }), /erasedAs/],
    ['an erased value left out', () => t.personal(text, wrong({})), /erasedAs/],
  ])('%s', (_, define, message) => {
    expect(define).toThrow(
      expect.objectContaining({ code: 'LF_SCHEMA_INVALID', message: expect.stringMatching(message) as unknown }),
    );
  });

  const v1: AnyEventType = event('a.b.c', { id: text });
  test.each<[string, () => unknown, RegExp]>([
    ['a type inside it has its own name', () => untyped('a.b.money', { m: Money }), /a\.b\.money, version 1:.*'Money'/],
    [
      'a name stands for two shapes',
      () => untyped('a.b.c', { a: Money, b: t.record('Money', {}) }),
      /a\.b\.c, version 1/,
    ],
    ['a field is no Avro name', () => untyped('a.b.c', { 'x-y': text }), /a\.b\.c, version 1:.*'x_y'/],
    ['a version is skipped', () => v1.version(3, {}, { up: () => ({}) }), /version 3: the version after 1 is 2/],
    ['a version comes again', () => v1.version(1, {}, { up: () => ({}) }), /version 1: the version after 1 is 2/],
    ['a version has no upcaster', () => v1.version(2, {}, wrong({})), /version 2: needs its upcaster/],
    ['personal data has no subject', () => untyped('a.b.c', { s: secret }), /'s' is personal/],
    ['personal data inside has none', () => untyped('a.b.c', { s: t.array(t.nullable(secret)) }), /'s' is personal/],
    ['the subject is no field', () => untyped('a.b.c', { s: secret }, { subject: 'x' }), /subject 'x' is no field/],
    ['the subject is a member of objects', () => untyped('a.b.c', {}, { subject: 'toString' }), /is no field/],
    ['the subject is personal', () => untyped('a.b.c', { s: secret }, { subject: 's' }), /is itself personal/],
  ])('an event where %s', (_, define, message) => {
    expect(define).toThrow(
      expect.objectContaining({ code: 'LF_SCHEMA_INVALID', message: expect.stringMatching(message) as unknown }),
    );
  });
});

test('nothing refuses what only looks like a fault', () => {
  t.record('R', { a: Money, b: t.record('Money', { cents: t.integer({ min: 1 }) }), __typename: text });
  t.withDefault(t.string({ min: 5 }), '');
  t.withDefault(t.nullable(text), null);
  t.array(t.nullable(text));
  t.enum('E', ['constructor_']);
  event('a.b.c', {});
});
