import { t } from '@leftfold/core';

/** One side of a change: fields as the builders say them, or as Avro JSON where they cannot. */
export type Side = { readonly fields: t.Fields } | { readonly avro: readonly t.Json[] };
/** Who reads whom after the change, by Avro's specification as we take it. */
export type Readable = 'both' | 'backward' | 'forward' | 'neither';

/** A change of a text. */
export interface Change {
  readonly title: string;
  readonly before: Side;
  readonly after: Side;
  readonly readable: Readable;
}

const change = (title: string, readable: Readable, before: t.Fields, after: t.Fields): Change => ({
  title,
  readable,
  before: { fields: before },
  after: { fields: after },
});
/** Of a single field `f`, as Avro JSON. */
const foreign = (title: string, readable: Readable, before: t.Json, after: t.Json): Change => ({
  title,
  readable,
  before: { avro: [{ name: 'f', type: before }] },
  after: { avro: [{ name: 'f', type: after }] },
});
const fields = (title: string, readable: Readable, before: readonly t.Json[], after: readonly t.Json[]): Change => ({
  title,
  readable,
  before: { avro: before },
  after: { avro: after },
});
/** A change of type of the field `f`. */
const retyped = (title: string, readable: Readable, before: t.AnySchema, after: t.AnySchema): Change =>
  change(title, readable, { f: before }, { f: after });

const Kept = t.string();
const Currency = (...symbols: [string, ...string[]]): t.AnySchema => t.enum('Currency', symbols);
const Money = (members: t.Fields): t.AnySchema => t.record('Money', members);
const enumOf = (symbols: readonly string[], more: { readonly [key: string]: t.Json } = {}): t.Json => ({
  type: 'enum',
  name: 'Currency',
  symbols,
  ...more,
});
const fixed = (size: number, more: { readonly [key: string]: t.Json } = {}): t.Json => ({
  type: 'fixed',
  name: 'Hash',
  size,
  ...more,
});
const recordOf = (name: string, members: readonly t.Json[], more: { readonly [key: string]: t.Json } = {}): t.Json => ({
  type: 'record',
  name,
  fields: members,
  ...more,
});

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

const nested: readonly Change[] = [
  retyped('in a list, a promotion', 'backward', t.array(t.int()), t.array(t.long())),
  retyped('in a map, a promotion', 'backward', t.map(t.int()), t.map(t.long())),
  retyped('in a map, it is taken back', 'forward', t.map(t.long()), t.map(t.int())),
  retyped(
    'in a record, a field with a default',
    'both',
    Money({ c: t.int() }),
    Money({ c: t.int(), d: t.withDefault(t.int(), 0) }),
  ),
  retyped(
    'in a record, a field without a default',
    'forward',
    Money({ c: t.int() }),
    Money({ c: t.int(), d: t.int() }),
  ),
  retyped(
    'in a list of records in a map, a field is removed',
    'backward',
    t.array(t.map(Money({ c: t.int(), d: t.int() }))),
    t.array(t.map(Money({ c: t.int() }))),
  ),
  retyped('a record is renamed', 'neither', Money({ c: t.int() }), t.record('Price', { c: t.int() })),
  foreign(
    'a record is renamed, with an alias',
    'backward',
    recordOf('Money', [{ name: 'c', type: 'int' }]),
    recordOf('Price', [{ name: 'c', type: 'int' }], { aliases: ['Money'] }),
  ),
  foreign(
    'a record moves to another namespace',
    'both',
    recordOf('Money', [{ name: 'c', type: 'int' }], { namespace: 'one' }),
    recordOf('Money', [{ name: 'c', type: 'int' }], { namespace: 'two' }),
  ),
  foreign(
    'a record that holds itself gets a field with a default',
    'both',
    recordOf('Node', [{ name: 'next', type: ['null', 'Node'] }]),
    recordOf('Node', [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'note', type: 'string', default: '' },
    ]),
  ),
  foreign(
    'a record that holds itself gets a field without a default',
    'forward',
    recordOf('Node', [{ name: 'next', type: ['null', 'Node'] }]),
    recordOf('Node', [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'note', type: 'string' },
    ]),
  ),
  foreign(
    'in a list of unions, a branch is added',
    'backward',
    { type: 'array', items: ['null', 'int'] },
    { type: 'array', items: ['null', 'int', 'string'] },
  ),
  foreign(
    'a type is said by name where it stood in full',
    'both',
    recordOf('Pair', [
      { name: 'a', type: recordOf('Money', [{ name: 'c', type: 'int' }]) },
      { name: 'b', type: 'Money' },
    ]),
    recordOf('Pair', [
      { name: 'b', type: recordOf('Money', [{ name: 'c', type: 'int' }]) },
      { name: 'a', type: 'Money' },
    ]),
  ),
  foreign('text gets an attribute of Java', 'both', 'string', { type: 'string', 'avro.java.string': 'String' }),
  foreign('a fixed type grows', 'neither', fixed(4), fixed(8)),
  foreign('a fixed type is renamed', 'neither', fixed(4), { ...(fixed(4) as object), name: 'Digest' }),
  foreign('a fixed type becomes bytes', 'neither', fixed(4), 'bytes'),
  foreign('bytes become a fixed type', 'neither', 'bytes', fixed(4)),
  foreign(
    'the precision of a fixed decimal grows',
    'backward',
    fixed(4, { logicalType: 'decimal', precision: 5, scale: 2 }),
    fixed(4, { logicalType: 'decimal', precision: 7, scale: 2 }),
  ),
];

/** Every kind of change. */
export const changes: readonly Change[] = [...membersOfRecords, ...types, ...enums, ...unions, ...logical, ...nested];

/**
 * Where the registry's verdict is another one. It goes by Java's `SchemaCompatibility`, which looks beneath logical types: we are stricter there, in the gate as in decoding. A text that only
 * the registry would take is none that `push` sends.
 */
export const differences: { readonly [title: string]: { readonly registry: Readable; readonly why: string } } = {
  'the precision of a decimal grows': { registry: 'both', why: 'older readers have no room for the digits' },
  'the precision of a decimal shrinks': { registry: 'both', why: 'today has no room for the digits' },
  'the precision of a fixed decimal grows': { registry: 'both', why: 'older readers have no room for the digits' },
  'the scale of a decimal grows': { registry: 'both', why: '12.34 would be read as 1.234' },
  'the scale of a decimal shrinks': { registry: 'both', why: '12.340 would be read as 123.40' },
  'a string becomes a uuid': { registry: 'both', why: 'any text would pass for a uuid' },
  'a uuid becomes a string': { registry: 'both', why: 'older readers would take any text for a uuid' },
  'a long becomes an instant': { registry: 'both', why: 'a number would be read as a time' },
  'an instant becomes a long': { registry: 'both', why: 'a time would be read as a number' },
  'an int becomes a day': { registry: 'both', why: 'a number would be read as a day' },
  'a day becomes an int': { registry: 'both', why: 'a day would be read as a number' },
  'a day becomes an instant': { registry: 'backward', why: 'day 20000 would be read as 20 seconds past 1970' },
  'bytes become a decimal': { registry: 'both', why: 'any bytes would be read as a number' },
  'a decimal becomes bytes': { registry: 'both', why: 'a number would be read as bytes' },
};

/** Three texts, of which the third goes with the second alone, in one direction or both. */
export const sequences: readonly { readonly title: string; readonly texts: readonly [Side, Side, Side] }[] = [
  {
    title: 'a field goes and comes back with another type',
    texts: [
      { fields: { f: t.withDefault(t.int(), 0) } },
      { fields: {} },
      { fields: { f: t.withDefault(t.string(), '') } },
    ],
  },
  {
    title: 'a default is added, then the field is removed',
    texts: [{ fields: { f: t.int() } }, { fields: { f: t.withDefault(t.int(), 0) } }, { fields: {} }],
  },
  {
    title: 'a field is added with a default, which then goes',
    texts: [{ fields: {} }, { fields: { f: t.withDefault(t.int(), 0) } }, { fields: { f: t.int() } }],
  },
  {
    title: 'fields are added with defaults',
    texts: [
      { fields: {} },
      { fields: { f: t.withDefault(t.int(), 0) } },
      { fields: { f: t.withDefault(t.int(), 0), g: t.nullable(t.int()) } },
    ],
  },
  {
    title: 'a type is promoted twice',
    texts: [{ fields: { f: t.int() } }, { fields: { f: t.long() } }, { fields: { f: t.double() } }],
  },
];
