import { describe, expect, test } from 'vitest';
import { t } from './index.ts';
import { decodePayload, encodePayload } from './schema/payload.ts';

const parse = (text: string): unknown => JSON.parse(text);
const inherited = (prototype: object): unknown => Object.create(prototype);

const Everything = t.record('Everything', {
  text: t.string(),
  count: t.integer(),
  big: t.long(),
  ratio: t.double(),
  at: t.timestampMillis(),
  raw: t.bytes(),
  items: t.array(t.string()),
  meta: t.map(t.string()),
  inner: t.nullable(t.record('Inner', { note: t.string() })),
});
const good = {
  text: 'a',
  count: 1,
  big: 1n,
  ratio: 0.5,
  at: new Date(0),
  raw: Uint8Array.of(1),
  items: ['a'],
  meta: { a: 'b' },
  inner: { note: 'n' },
};
const cyclic: Record<string, unknown> = { ...good };
cyclic['inner'] = cyclic;
const cyclicArray: unknown[] = [];
cyclicArray.push(cyclicArray);
const deepJson = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;

test('the good value is taken', () => {
  expect(encodePayload(Everything, good)).toHaveProperty('text');
  expect(Everything['~standard'].validate(good)).toHaveProperty('value');
});

describe.each([
  ['append', (value: unknown) => encodePayload(Everything, value)],
  ['the edge', (value: unknown) => Everything['~standard'].validate(value)],
])('%s refuses, naming the field,', (_, check) => {
  test.each<[string, object, PropertyKey[]]>([
    ['NUL', { text: 'a\u0000b' }, ['text']],
    ['NUL inside a list', { items: ['ok', '\u0000'] }, ['items', 1]],
    ['NUL in a key', { meta: { 'a\u0000': 'b' } }, ['meta', 'a\u0000']],
    ['a high surrogate alone', { text: 'a\ud83d' }, ['text']],
    ['a low surrogate alone', { text: '\ude00a' }, ['text']],
    ['surrogates the wrong way round', { text: '\ude00\ud83d' }, ['text']],
    ['NaN', { ratio: NaN }, ['ratio']],
    ['Infinity', { ratio: Infinity }, ['ratio']],
    ['−Infinity', { ratio: -Infinity }, ['ratio']],
    ['a bigint without a long', { count: 1n }, ['count']],
    ['a number beyond 2^53 without a long', { count: 2 ** 53 }, ['count']],
    ['a bigint beyond 2^63', { big: 2n ** 63n }, ['big']],
    ['undefined', { inner: undefined }, ['inner']],
    ['a hole', { items: Object.assign([], { length: 1 }) }, ['items', 0]],
    ['a billion holes', { items: Object.assign([], { length: 2 ** 30 }) }, ['items', 0]],
    ['a cycle of objects', { inner: cyclic }, ['inner', 'note']],
    ['a cycle of arrays', { items: cyclicArray }, ['items', 0]],
    ['depth 10,000', { items: parse(deepJson) }, ['items', 0]],
    ['a Date without a codec', { text: new Date(0) }, ['text']],
    ['an invalid Date', { at: new Date(NaN) }, ['at']],
    ['a Map', { meta: new Map([['a', 'b']]) }, ['meta']],
    ['a Set', { items: new Set(['a']) }, ['items']],
    ['a Buffer without a codec', { items: Buffer.from('a') }, ['items']],
    ['a boxed string', { text: new Object('a') }, ['text']],
    ['a function', { text: () => 'a' }, ['text']],
    ['a symbol', { text: Symbol('a') }, ['text']],
    ['a symbol as a key', { meta: { [Symbol.iterator]: 'b' } }, ['meta', Symbol.iterator]],
    ['a field that nobody declared', { admin: true }, ['admin']],
    ['the key constructor in a map', { meta: { constructor: 'b' } }, ['meta', 'constructor']],
    ['the key __proto__ in a map', { meta: parse('{"__proto__":"b"}') }, ['meta', '__proto__']],
    ['the key __proto__ in a record', { inner: parse('{"note":"n","__proto__":{}}') }, ['inner', '__proto__']],
    ['inherited fields', { inner: inherited({ note: 'n' }) }, ['inner']],
  ])('%s', (_name, part, path) => {
    expect(check({ ...good, ...part })).toHaveProperty('issues.0.path', path);
  });

  test.each([undefined, null, 5, 'text', [], () => 1, new Date(), cyclicArray])('%o as the whole', (value) => {
    expect(check(value)).toMatchObject({ issues: [{ path: [] }] });
  });
});

describe('the edge', () => {
  test('lets no key reach a prototype, neither ours nor that of the result', () => {
    Everything['~standard'].validate(parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'));
    expect({}).not.toHaveProperty('polluted');
    const result = t.map(t.string())['~standard'].validate(parse('{"toString":"own"}'));
    expect('value' in result && Object.getPrototypeOf(result.value) === Object.prototype).toBe(true);
    expect('value' in result && Object.entries(result.value)).toEqual([['toString', 'own']]);
  });
  test('answers a value that shares nothing with the input', () => {
    const result = Everything['~standard'].validate(good);
    if (!('value' in result)) throw new Error('refused');
    for (const key of ['at', 'raw', 'items', 'meta', 'inner'] as const) expect(result.value[key]).not.toBe(good[key]);
  });
  test('answers a getter that throws with an issue', () => {
    const value = Object.defineProperty({ ...good }, 'text', {
      enumerable: true,
      get: () => expect.unreachable('read'),
    });
    expect(Everything['~standard'].validate(value)).toMatchObject({ issues: [{ path: [] }] });
  });
  test('takes no absent field from a prototype that someone else has polluted', () => {
    const Means = t.union('kind', { card: { last4: t.string() } });
    Object.assign(Object.prototype, { note: 'polluted', kind: 'card' });
    try {
      expect(Everything['~standard'].validate({ ...good, inner: {} })).toHaveProperty('issues.0.path', [
        'inner',
        'note',
      ]);
      expect(Means['~standard'].validate({ last4: '1' })).toHaveProperty('issues.0.path', ['kind']);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'note');
      Reflect.deleteProperty(Object.prototype, 'kind');
    }
  });
  test('answers a million faults with a hundred issues', () => {
    const Triple = t.record('Triple', { a: t.int(), b: t.int(), c: t.int() });
    const missing = t.array(Triple)['~standard'].validate(Array.from({ length: 1e6 }, () => ({})));
    expect('issues' in missing && missing.issues.length).toBe(100);
    const undeclared = Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => [`k${i}`, i]));
    const other = t.record('R', {})['~standard'].validate(undeclared);
    expect('issues' in other && other.issues.length).toBe(100);
  });
  test('measures text before it hands it to a pattern that would never end', () => {
    const schema = t.string({ max: 20, pattern: /(a+)+b/ });
    expect(schema['~standard'].validate('a'.repeat(100_000))).toHaveProperty('issues.0.path', []);
  });
});

describe('a reader', () => {
  test.each(['', '{', 'undefined', '{"text":1e999', deepJson])(
    'answers text that is no such JSON with an issue',
    (text) => {
      expect(decodePayload(Everything, text)).toMatchObject({ issues: [{ path: [] }] });
    },
  );
  test('does not quote the text it cannot read', () => {
    expect(JSON.stringify(decodePayload(Everything, 'secret'))).not.toMatch(/secret/);
  });
});
