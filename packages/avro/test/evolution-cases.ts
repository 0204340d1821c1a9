import { t } from '@leftfold/core';
import { Currency, Kept, Money, change, enumOf, fields, foreign, retyped, type Change } from './evolution-change.ts';
import { nested } from './evolution-nested.ts';

const membersOfRecords: readonly Change[] = [
  change('nothing changes', 'both', { kept: Kept }, { kept: Kept }),
  change('a field with a default is added', 'both', { kept: Kept }, { kept: Kept, f: t.withDefault(t.int(), 7) }),
  change('a nullable field is added', 'both', { kept: Kept }, { kept: Kept, f: t.nullable(t.string()) }),
  change('a field without a default is added', 'forward', { kept: Kept }, { kept: Kept, f: t.int() }),
  change('a field with a default is removed', 'both', { kept: Kept, f: t.withDefault(t.int(), 7) }, { kept: Kept }),
  change('a field without a default is removed', 'backward', { kept: Kept, f: t.int() }, { kept: Kept }),
  change('a field is renamed', 'neither', { f: t.int() }, { g: t.int() }),
  change(
    'a field with a default is renamed',
    'both',
    { f: t.withDefault(t.int(), 1) },
    { g: t.withDefault(t.int(), 2) },
  ),
  fields(
    'a field is renamed, with an alias',
    'backward',
    [{ name: 'f', type: 'int' }],
    [{ name: 'g', aliases: ['f'], type: 'int' }],
  ),
  change('fields change places', 'both', { a: Kept, b: t.int() }, { b: t.int(), a: Kept }),
  change('a default is added', 'both', { f: t.int() }, { f: t.withDefault(t.int(), 1) }),
  change('a default is removed', 'both', { f: t.withDefault(t.int(), 1) }, { f: t.int() }),
  change('a default changes', 'both', { f: t.withDefault(t.int(), 1) }, { f: t.withDefault(t.int(), 2) }),
  fields(
    'a doc and an attribute change',
    'both',
    [{ name: 'f', type: 'string', doc: 'one' }],
    [{ name: 'f', type: { type: 'string', note: 'x' }, doc: 'two' }],
  ),
  fields(
    'a field becomes personal',
    'both',
    [{ name: 'f', type: 'string' }],
    [{ name: 'f', type: { type: 'string', personal: true, erasedAs: '[erased]' } }],
  ),
];

const NUMBERS = ['int', 'long', 'float', 'double'] as const;
const promotions: readonly Change[] = NUMBERS.flatMap((before, i) =>
  NUMBERS.filter((after) => after !== before).map((after) =>
    foreign(`${before} becomes ${after}`, NUMBERS.indexOf(after) > i ? 'backward' : 'forward', before, after),
  ),
);
const types: readonly Change[] = [
  ...promotions,
  retyped('int becomes long, by builders', 'backward', t.int(), t.long()),
  retyped('long becomes int, by builders', 'forward', t.long(), t.int()),
  retyped('int becomes double, by builders', 'backward', t.int(), t.double()),
  retyped('long becomes double, by builders', 'backward', t.long(), t.double()),
  retyped('string becomes bytes', 'both', t.string(), t.bytes()),
  retyped('bytes become string', 'both', t.bytes(), t.string()),
  retyped('string becomes int', 'neither', t.string(), t.int()),
  retyped('int becomes string', 'neither', t.int(), t.string()),
  retyped('boolean becomes int', 'neither', t.boolean(), t.int()),
  retyped('int becomes boolean', 'neither', t.int(), t.boolean()),
  retyped('a string becomes a record', 'neither', t.string(), Money({ f: t.string() })),
  retyped('a record becomes a map', 'neither', Money({ f: t.string() }), t.map(t.string())),
  retyped('a list becomes a map', 'neither', t.array(t.int()), t.map(t.int())),
  retyped('a map becomes a list', 'neither', t.map(t.int()), t.array(t.int())),
  retyped('a value becomes a list', 'neither', t.int(), t.array(t.int())),
  retyped('a string becomes an enum', 'neither', t.string(), Currency('EUR')),
  retyped('an enum becomes a string', 'neither', Currency('EUR'), t.string()),
];

const enums: readonly Change[] = [
  retyped('a symbol is added, with defaults', 'both', Currency('EUR'), Currency('EUR', 'USD')),
  retyped('a symbol is removed, with defaults', 'both', Currency('EUR', 'USD'), Currency('EUR')),
  retyped('a symbol is renamed, with defaults', 'both', Currency('EUR', 'USD'), Currency('EUR', 'CHF')),
  retyped('symbols change places, with defaults', 'both', Currency('EUR', 'USD'), Currency('USD', 'EUR')),
  foreign('a symbol is added', 'backward', enumOf(['EUR']), enumOf(['EUR', 'USD'])),
  foreign('a symbol is removed', 'forward', enumOf(['EUR', 'USD']), enumOf(['EUR'])),
  foreign('a symbol is renamed', 'neither', enumOf(['EUR', 'USD']), enumOf(['EUR', 'CHF'])),
  foreign('symbols change places', 'both', enumOf(['EUR', 'USD']), enumOf(['USD', 'EUR'])),
  foreign('an enum gets a default', 'both', enumOf(['EUR']), enumOf(['EUR'], { default: 'EUR' })),
  foreign(
    'an enum gets a default and a symbol',
    'backward',
    enumOf(['EUR']),
    enumOf(['EUR', 'USD'], { default: 'EUR' }),
  ),
  foreign(
    'an enum loses a symbol and gets a default',
    'both',
    enumOf(['EUR', 'USD']),
    enumOf(['EUR'], { default: 'EUR' }),
  ),
  foreign('an enum loses its default', 'both', enumOf(['EUR'], { default: 'EUR' }), enumOf(['EUR'])),
  foreign(
    'an enum loses its default and a symbol',
    'forward',
    enumOf(['EUR', 'USD'], { default: 'EUR' }),
    enumOf(['EUR']),
  ),
  foreign(
    'the default of an enum becomes another symbol',
    'both',
    enumOf(['EUR', 'USD'], { default: 'EUR' }),
    enumOf(['EUR', 'USD'], { default: 'USD' }),
  ),
  retyped(
    'in a list in a map, a symbol is removed, with defaults',
    'both',
    t.map(t.array(Currency('EUR', 'USD'))),
    t.map(t.array(Currency('EUR'))),
  ),
  retyped('an enum is renamed', 'neither', Currency('EUR'), t.enum('Coin', ['EUR'])),
  foreign('an enum is renamed, with an alias', 'backward', enumOf(['EUR']), {
    ...(enumOf(['EUR']) as object),
    name: 'Coin',
    aliases: ['Currency'],
  }),
];

const Card = { last4: t.string() };
const unions: readonly Change[] = [
  retyped('null is allowed', 'backward', t.int(), t.nullable(t.int())),
  retyped('null is forbidden', 'forward', t.nullable(t.int()), t.int()),
  retyped('null is allowed, and the type promoted', 'backward', t.int(), t.nullable(t.long())),
  retyped('null is allowed inside a list', 'backward', t.array(t.int()), t.array(t.nullable(t.int()))),
  retyped(
    'a nullable field gets another default, and its branches change places',
    'both',
    t.nullable(t.int()),
    t.withDefault(t.nullable(t.int()), 3),
  ),
  retyped(
    'null is allowed in a map in a record',
    'backward',
    Money({ m: t.map(t.int()) }),
    Money({ m: t.map(t.nullable(t.int())) }),
  ),
  retyped(
    'a record becomes a variant of a union',
    'neither',
    Money({ c: t.int() }),
    t.union('kind', { card: Card, cash: {} }),
  ),
  foreign('null moves from the front to the end', 'both', ['null', 'string'], ['string', 'null']),
  retyped(
    'a variant is added',
    'backward',
    t.union('kind', { card: Card, cash: {} }),
    t.union('kind', { card: Card, cash: {}, points: {} }),
  ),
  retyped(
    'a variant is removed',
    'forward',
    t.union('kind', { card: Card, cash: {}, points: {} }),
    t.union('kind', { card: Card, cash: {} }),
  ),
  retyped(
    'variants change places',
    'both',
    t.union('kind', { card: Card, cash: {} }),
    t.union('kind', { cash: {}, card: Card }),
  ),
  retyped(
    'a variant is renamed',
    'neither',
    t.union('kind', { card: Card, cash: {} }),
    t.union('kind', { card: Card, coins: {} }),
  ),
  retyped(
    'a variant gets a field with a default',
    'both',
    t.union('kind', { card: Card, cash: {} }),
    t.union('kind', { card: { ...Card, brand: t.nullable(t.string()) }, cash: {} }),
  ),
  retyped(
    'a variant gets a field without a default',
    'forward',
    t.union('kind', { card: Card, cash: {} }),
    t.union('kind', { card: { ...Card, brand: t.string() }, cash: {} }),
  ),
  retyped(
    'null is allowed beside variants',
    'backward',
    t.union('kind', { card: Card, cash: {} }),
    t.nullable(t.union('kind', { card: Card, cash: {} })),
  ),
  foreign('a branch is added to simple types', 'backward', ['int', 'string'], ['int', 'string', 'boolean']),
  foreign('a branch is removed from simple types', 'forward', ['int', 'string', 'boolean'], ['int', 'string']),
  foreign('a branch is promoted', 'backward', ['null', 'int'], ['null', 'long']),
  foreign('a union of one becomes its branch', 'both', ['int'], 'int'),
];

const logical: readonly Change[] = [
  retyped('the precision of a decimal grows', 'backward', t.decimal(9, 2), t.decimal(12, 2)),
  retyped('the precision of a decimal shrinks', 'forward', t.decimal(12, 2), t.decimal(9, 2)),
  retyped('the scale of a decimal grows', 'neither', t.decimal(9, 2), t.decimal(9, 3)),
  retyped('the scale of a decimal shrinks', 'neither', t.decimal(9, 3), t.decimal(9, 2)),
  retyped('a string becomes a uuid', 'neither', t.string(), t.uuid()),
  retyped('a uuid becomes a string', 'neither', t.uuid(), t.string()),
  retyped('a long becomes an instant', 'neither', t.long(), t.timestampMillis()),
  retyped('an instant becomes a long', 'neither', t.timestampMillis(), t.long()),
  retyped('an int becomes a day', 'neither', t.int(), t.date()),
  retyped('a day becomes an int', 'neither', t.date(), t.int()),
  retyped('a day becomes an instant', 'neither', t.date(), t.timestampMillis()),
  retyped('bytes become a decimal', 'neither', t.bytes(), t.decimal(9, 2)),
  retyped('a decimal becomes bytes', 'neither', t.decimal(9, 2), t.bytes()),
  foreign('a logical type that nobody here knows is added', 'both', 'int', { type: 'int', logicalType: 'time-millis' }),
];

/** Every kind of change. */
export const changes: readonly Change[] = [...membersOfRecords, ...types, ...enums, ...unions, ...logical, ...nested];
