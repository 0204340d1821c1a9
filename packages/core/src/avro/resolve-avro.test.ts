import { describe, expect, test } from 'vitest';
import { event, resolveAvro, t, versionsOf, type Json } from '../index.ts';

const record = (fields: object, name = 'R'): Json => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) =>
    typeof type === 'object' && type !== null && 'default' in type && 'of' in type
      ? { name: field, type: (type as { of: Json }).of, default: (type as { default: Json }).default }
      : { name: field, type: type as Json },
  ),
});
const converted = (writer: Json, reader: Json, json: unknown): unknown => {
  const { findings, convert } = resolveAvro(writer, reader);
  expect(findings).toEqual([]);
  return convert(json);
};
const uuid = { type: 'string', logicalType: 'uuid' };
const millis = { type: 'long', logicalType: 'timestamp-millis' };
const date = { type: 'int', logicalType: 'date' };
const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale });
const enumOf = (symbols: string[], more: object = {}) => ({ type: 'enum', name: 'E', symbols, ...more });

describe('a value is read', () => {
  test.each<[string, Json, Json, unknown, unknown]>([
    ['int as long', 'int', 'long', -5, '-5'],
    ['int −0 as long', 'int', 'long', -0, '0'],
    ['int as double', 'int', 'double', 5, 5],
    ['int as float, which rounds', 'int', 'float', 16_777_217, 16_777_216],
    ['long as double', 'long', 'double', '-5', -5],
    ['long beyond 2^53 as the nearest double', 'long', 'double', '-9007199254740993', -9007199254740992],
    ['the least long as double', 'long', 'double', '-9223372036854775808', -(2 ** 63)],
    ['float as double', 'float', 'double', 0.5, 0.5],
    ['string as bytes', 'string', 'bytes', 'aé', 'YcOp'],
    ['bytes as string', 'bytes', 'string', 'YcOp', 'aé'],
    ['bytes that are no UTF-8 as string', 'bytes', 'string', '/4A=', '\ufffd\ufffd'],
    ['a symbol that the reader knows', enumOf(['a', 'b']), enumOf(['b', 'a']), 'b', 'b'],
    ['one that it does not, as its default', enumOf(['a', 'b']), enumOf(['c', 'a'], { default: 'c' }), 'b', 'c'],
    ['items', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }, [1, 2], ['1', '2']],
    ['values', { type: 'map', values: 'int' }, { type: 'map', values: 'long' }, { a: 1 }, { a: '1' }],
    ['into a union', 'int', ['null', 'long'], 1, '1'],
    ['out of a union', ['int', 'string'], ['string', 'long'], 1, '1'],
    ['null', ['null', 'int'], ['long', 'null'], null, null],
    ['a decimal with more digits before the point', decimal(4, 2), decimal(9, 2), '1.50', '1.50'],
    [
      'a field by name',
      record({ a: 'int', b: 'string' }),
      record({ b: 'string', a: 'long' }),
      { a: 1, b: 'x' },
      { a: '1', b: 'x' },
    ],
    [
      'without a field that the reader does not know',
      record({ a: 'int', b: 'int' }),
      record({ b: 'int' }),
      { a: 1, b: 2 },
      { b: 2 },
    ],
    [
      'a field by its alias',
      record({ a: 'int' }),
      { type: 'record', name: 'R', fields: [{ name: 'b', aliases: ['a'], type: 'int' }] },
      { a: 1 },
      { b: 1 },
    ],
    ['an event of another name', record({}, 'A'), record({ a: { of: 'int', default: 1 } }, 'B'), {}, { a: 1 }],
    [
      'a record of another namespace',
      record({ m: { ...(record({ x: 'int' }, 'M') as object), namespace: 'old' } }),
      record({ m: record({ x: 'long' }, 'M') }),
      { m: { x: 1 } },
      { m: { x: '1' } },
    ],
  ])('%s', (_, writer, reader, json, expected) => {
    expect(converted(writer, reader, json)).toStrictEqual(expected);
  });

  test.each<[string, Json, Json, Json]>([
    ['string', 'string', 'x', 'x'],
    ['long', 'long', -5, '-5'],
    ['double', 'double', 0.5, 0.5],
    ['timestamp-millis', millis, 7, '1970-01-01T00:00:00.007Z'],
    ['date', date, -1, '1969-12-31'],
    ['bytes', 'bytes', '\u0000\u007f\u00ff', 'AH//'],
    ['decimal', decimal(9, 2), '\u0080', '-1.28'],
    ['decimal without digits before the point', decimal(2, 2), '\u0005', '0.05'],
    ['decimal without a scale', { type: 'bytes', logicalType: 'decimal', precision: 4 }, '\u0001\u0000', '256'],
    ['fixed', { type: 'fixed', name: 'F', size: 2 }, '\u0001\u0002', 'AQI='],
    ['array', { type: 'array', items: 'long' }, [1], ['1']],
    ['map', { type: 'map', values: date }, { a: 1 }, { a: '1970-01-02' }],
    ['record', record({ x: 'long', y: { of: 'int', default: 5 } }, 'P'), { x: 1 }, { x: '1', y: 5 }],
    ['null', ['null', 'long'], null, null],
    ['the first branch', ['long', 'null'], 5, '5'],
    ['a further branch, as Avro 1.12 allows', ['null', 'long'], 5, '5'],
  ])('from the default of a field of %s', (_, type, given, stored) => {
    expect(converted(record({}), record({ a: { of: type, default: given } }), {})).toEqual({ a: stored });
  });
});

describe('a variant', () => {
  const union = (variants: Record<string, t.Fields>, tag = 'kind') =>
    t.record('R', { paid: t.union(tag, variants) }).avro;
  const before = union({ card: { last4: t.string() }, cash: { given: t.int() } });
  test('is found by its tag, and converted', () => {
    const after = union({
      cash: { given: t.integer() },
      card: { last4: t.string(), more: t.nullable(t.int()) },
      other: {},
    });
    const { convert } = resolveAvro(before, after);
    expect(convert({ paid: { kind: 'cash', given: 5 } })).toEqual({ paid: { kind: 'cash', given: '5' } });
    expect(convert({ paid: { kind: 'card', last4: 'x' } })).toEqual({ paid: { kind: 'card', last4: 'x', more: null } });
  });
  test('has the tag of the reader', () => {
    const renamed = t.record('R', {
      paid: t.union('kind', { Card: { last4: t.string() }, cash: { given: t.int() } }),
    }).avro;
    expect(converted(before, renamed, { paid: { kind: 'card', last4: 'x' } })).toEqual({
      paid: { kind: 'Card', last4: 'x' },
    });
  });
  test('that the reader does not know is a finding, as is a field inside one', () => {
    expect(resolveAvro(before, union({ card: { last4: t.string() }, slip: {} })).findings).toMatchObject(
      [{ path: 'paid', rule: 'union-branch', message: /record KindCash/ }].map((one) => ({
        ...one,
        message: expect.stringMatching(one.message) as unknown,
      })),
    );
    expect(
      resolveAvro(before, union({ card: { last4: t.int() }, cash: { given: t.int(), of: t.int() } })).findings,
    ).toMatchObject([
      { path: 'paid(KindCard).last4', rule: 'type' },
      { path: 'paid(KindCash).of', rule: 'field-without-default' },
    ]);
  });
});

describe('a finding says where and why', () => {
  test.each<[string, Json, Json, object[]]>([
    ['another type', record({ a: 'string' }), record({ a: 'int' }), [{ path: 'a', rule: 'type' }]],
    ['a narrower number', 'long', 'int', [{ path: '', rule: 'type' }]],
    ['a composed type against a plain one', { type: 'array', items: 'int' }, 'int', [{ rule: 'type' }]],
    ['a map against a record', { type: 'map', values: 'int' }, record({}), [{ rule: 'type' }]],
    ['a new field without a default', record({}), record({ a: 'int' }), [{ path: 'a', rule: 'field-without-default' }]],
    [
      'null where none is read',
      record({ a: ['null', 'int'] }),
      record({ a: 'int' }),
      [{ path: 'a', rule: 'type', message: expect.stringContaining('null') }],
    ],
    [
      'what is inside null or something',
      record({ a: 'string' }),
      record({ a: ['null', 'int'] }),
      [{ path: 'a', rule: 'type' }],
    ],
    [
      'items',
      record({ a: { type: 'array', items: record({ b: 'int' }, 'M') } }),
      record({ a: { type: 'array', items: record({ b: 'string' }, 'M') } }),
      [{ path: 'a[].b', rule: 'type' }],
    ],
    [
      'values',
      record({ a: { type: 'map', values: 'int' } }),
      record({ a: { type: 'map', values: 'string' } }),
      [{ path: 'a{}', rule: 'type' }],
    ],
    [
      'a lost symbol',
      enumOf(['a', 'b']),
      enumOf(['a']),
      [{ rule: 'enum-symbol', message: expect.stringContaining("'b'") }],
    ],
    [
      'another name inside',
      record({ a: enumOf(['a']) }),
      record({ a: { ...enumOf(['a']), name: 'X' } }),
      [{ path: 'a', rule: 'name' }],
    ],
    ['a logical type read as its base', uuid, 'string', [{ rule: 'logical-type' }]],
    ['a base type read as a logical one', 'string', uuid, [{ rule: 'logical-type' }]],
    ['a promotion into a logical type', 'int', millis, [{ rule: 'logical-type' }]],
    ['another scale', decimal(9, 2), decimal(9, 3), [{ rule: 'decimal-scale' }]],
    ['less precision', decimal(9, 2), decimal(8, 2), [{ rule: 'decimal-precision' }]],
    [
      'another size',
      { type: 'fixed', name: 'F', size: 1 },
      { type: 'fixed', name: 'F', size: 2 },
      [{ rule: 'fixed-size' }],
    ],
    [
      'two fields of the writer by aliases',
      record({ a: 'int', b: 'int' }),
      { type: 'record', name: 'R', fields: [{ name: 'b', aliases: ['a'], type: 'int' }] },
      [{ path: 'b', rule: 'field-ambiguous' }],
    ],
    [
      'a writer that is no Avro',
      record({ a: 'Nowhere' }),
      record({}),
      [{ path: '', rule: 'writer-invalid', message: expect.stringContaining("a names the type 'Nowhere'") }],
    ],
    ['a reader that is none, with the very text', 'what', 'what', [{ rule: 'writer-invalid' }]],
    [
      'a default that is none of its type',
      record({}),
      record({ a: { of: 'int', default: 'x' } }),
      [{ rule: 'reader-invalid', message: expect.stringContaining('a has a default') }],
    ],
  ])('%s', (_, writer, reader, findings) => {
    const resolution = resolveAvro(writer, reader);
    expect(resolution.findings).toMatchObject(findings);
    expect(resolution.findings).toHaveLength(findings.length);
    for (const { message, remedy } of resolution.findings) expect(message && remedy).toBeTruthy();
    expect(() => resolution.convert({})).toThrow(expect.objectContaining({ code: 'LF_SCHEMA_UNREADABLE' }));
  });
  test('all of them, in the order of the reader', () => {
    const findings = resolveAvro(
      record({ a: 'int', b: 'int' }),
      record({ b: 'string', c: 'int', a: 'boolean' }),
    ).findings;
    expect(findings.map(({ path }) => path)).toEqual(['b', 'c', 'a']);
  });
});

describe('a record that holds itself', () => {
  const tree = (value: Json): Json => ({
    type: 'record',
    name: 'Tree',
    fields: [
      { name: 'value', type: value },
      { name: 'parts', type: { type: 'array', items: 'Tree' } },
    ],
  });
  test('is converted at every depth', () => {
    const json = { value: 1, parts: [{ value: 2, parts: [] }] };
    expect(converted(tree('int'), tree('long'), json)).toEqual({ value: '1', parts: [{ value: '2', parts: [] }] });
  });
  test('has its finding once', () => {
    expect(resolveAvro(tree('string'), tree('int')).findings).toMatchObject([{ path: 'value', rule: 'type' }]);
  });
});

test('the same text is the same value, as is one that differs in what Avro does not read', () => {
  const { avro } = versionsOf(event('a.b', { x: t.nullable(t.int()) }))[0]!.writer;
  const json = { x: 1 };
  expect(resolveAvro(avro, avro).convert(json)).toBe(json);
  const documented = { ...(avro as object), doc: 'x' };
  expect(resolveAvro(documented, avro)).toMatchObject({ isSame: true, findings: [] });
});

describe('a hostile text', () => {
  const nested = (depth: number): Json => {
    let avro: Json = 'int';
    for (let i = 0; i < depth; i++) avro = { type: 'array', items: avro };
    return avro;
  };
  const tree = (more: object): Json => ({
    type: 'record',
    name: 'R',
    fields: [{ name: 'a', type: record({ parts: { type: 'array', items: 'Tree' } }, 'Tree'), ...more }],
  });
  test.each<[string, Json]>([
    ['that is very deep', nested(100_000)],
    ['with a very deep attribute that nobody reads', { type: 'int', more: nested(100_000) }],
    [
      'with a very deep default',
      tree({ default: Array.from({ length: 20_000 }).reduce<Json>((parts) => ({ parts: [parts] }), {}) }),
    ],
    ['that is a deep union', Array.from({ length: 5_000 }).reduce<Json>((avro) => [avro], 'int')],
    ['whose types are deep', Array.from({ length: 5_000 }).reduce<Json>((type) => ({ type }), 'int')],
  ])('%s is a finding, no crash', (_, avro) => {
    expect(resolveAvro(avro, 'int').findings).toMatchObject([{ rule: 'writer-invalid' }]);
    expect(resolveAvro('int', avro).findings).toMatchObject([{ rule: 'reader-invalid' }]);
  });
  /** Flat as JSON: each record holds the one before it. A reader meets the last one first, as nobody writes the field that has all of them. */
  const chain = (holder: string, leaf: Json, length: number): Json => {
    const parts = Array.from({ length }, (_, i) => [`p${i}`, record({ x: i === 0 ? leaf : `C${i - 1}` }, `C${i}`)]);
    const all = ['null', record(Object.fromEntries(parts), 'Parts')];
    return record({ [holder]: { of: all, default: null }, last: `C${length - 1}` });
  };
  test('whose types are deep by their names alone is a finding, no crash; one that people write is not', () => {
    const findings = (length: number) =>
      resolveAvro(chain('written', 'int', length), chain('read', 'long', length)).findings;
    expect(findings(5_000)).toMatchObject([{ rule: 'depth', path: expect.stringMatching(/^last\.x\.x\./) as unknown }]);
    expect(findings(300)).toEqual([]);
  });
  test('whose records can all be each other is a finding, no crash', () => {
    const names = Array.from({ length: 60 }, (_, i) => `C${i}`);
    const ring = (length: number, aliases: readonly string[]): Json =>
      names
        .slice(0, length)
        .reduceRight<Json>(
          (inner, name) => ({ type: 'record', name, aliases, fields: [{ name: 'x', type: ['null', inner] }] }),
          'C0',
        );
    expect(resolveAvro(ring(59, []), ring(60, names)).findings).toMatchObject([{ rule: 'depth' }]);
  });
  test('with a default that fits no branch is a finding, however many ways there are to each of its parts', () => {
    const either = ['null', 'A', record({ p: ['null', 'A', 'B'] }, 'B')];
    const value = Array.from({ length: 28 }).reduce<Json>((p) => ({ p }), 5);
    const reader = record({ t: { of: record({ p: either }, 'A'), default: value } });
    expect(resolveAvro(record({}), reader).findings).toMatchObject([
      { rule: 'reader-invalid', message: expect.stringContaining('t has a default') as unknown },
    ]);
  });
  test('has what is wrong and what to do told apart, whatever stands in it', () => {
    expect(resolveAvro('a; b', 'int').findings).toEqual([
      {
        path: '',
        rule: 'writer-invalid',
        message: "this is no Avro schema: its root names the type 'a; b', which nothing before it defines",
        remedy: 'compare it with the text that was released',
      },
    ]);
  });
  test('with a record at twice as many places at each level has 100 findings', () => {
    const doubling = (leaf: Json): Json => {
      let part = record({ x: leaf }, 'L0');
      for (let i = 1; i < 40; i++) part = record({ a: part, b: `L${i - 1}` }, `L${i}`);
      return part;
    };
    expect(resolveAvro(doubling('string'), doubling('int')).findings).toHaveLength(100);
    expect(resolveAvro(doubling('int'), doubling('long')).findings).toEqual([]);
  });
  test('with names that reach the prototype of objects gives them to nobody else', () => {
    const fields =
      '{"type":"record","name":"R","fields":[{"name":"__proto__","type":"int"},{"name":"constructor","type":"int"}]}';
    const writer = JSON.parse(fields) as Json;
    const reader = JSON.parse(fields.replaceAll('int', 'long')) as Json;
    const made = converted(writer, reader, JSON.parse('{"__proto__":1,"constructor":2}')) as object;
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    expect(JSON.stringify(made)).toBe('{"__proto__":"1","constructor":"2"}');
    const map = converted(
      { type: 'map', values: 'int' },
      { type: 'map', values: 'long' },
      JSON.parse('{"__proto__":1}'),
    );
    expect(JSON.stringify(map)).toBe('{"__proto__":"1"}');
    expect(converted(record({}), record({}), {})).toEqual({});
    expect(converted(record({ constructor: ['null', 'int'] }), record({ constructor: ['null', 'long'] }), {})).toEqual(
      {},
    );
  });
  test.each<Json>([
    null,
    5,
    true,
    [],
    {},
    { type: 5 },
    { type: 'record', name: 'R' },
    { type: 'record', fields: [] },
    { type: 'enum', name: 'E' },
    { type: 'fixed', name: 'F' },
    { type: 'array' },
    ['int', 'int'],
    [['int']],
    { type: 'record', name: 'R', fields: [null] },
    { type: 'record', name: 'R', fields: [{ name: 'a' }] },
    { type: 'record', name: 'R', fields: [{ name: 'a b', type: 'int' }] },
    { type: 'record', name: '9', fields: [] },
  ])('that is no Avro is a finding: %j', (avro) =>
    expect(resolveAvro(avro, 'int').findings).toMatchObject([{ rule: 'writer-invalid', path: '' }]),
  );
});
