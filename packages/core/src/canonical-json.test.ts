import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

describe('the canonical text', () => {
  test.each<[string, unknown, string]>([
    [
      'sorts members, at every depth',
      { b: { d: 1, c: 2 }, a: [{ f: 1, e: 2 }] },
      '{"a":[{"e":2,"f":1}],"b":{"c":2,"d":1}}',
    ],
    ['sorts by code units, as text', { 10: 1, 9: 2, é: 3, Z: 4, a: 5 }, '{"10":1,"9":2,"Z":4,"a":5,"é":3}'],
    ['writes a bigint as its decimal string', { n: -(2n ** 63n) }, '{"n":"-9223372036854775808"}'],
    ['writes a Date as ISO string', [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    [
      'writes bytes as base64',
      { raw: Uint8Array.of(255), buffer: Buffer.from('hi') },
      '{"buffer":"aGk=","raw":"/w=="}',
    ],
    ['writes −0 as 0', [-0, 0], '[0,0]'],
    ['leaves undefined members out', { a: undefined, b: null }, '{"b":null}'],
    ['takes undefined elsewhere as null', [undefined], '[null]'],
    ['takes no input as null', undefined, 'null'],
    [
      'takes an instance by its own fields',
      new (class Pay {
        cents = 5;
      })(),
      '{"cents":5}',
    ],
    ['takes an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['keeps a key named __proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ['escapes as JSON does', { 'a"': '\u0000\ud800\n' }, '{"a\\"":"\\u0000\\ud800\\n"}'],
    ['takes one object in two places', (({ shared }) => [shared, shared])({ shared: {} }), '[{},{}]'],
  ])('%s', (_, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('is JSON of the same value, whatever the order of its members', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, item]) => [key, reversed(item)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });
});

describe('what has no canonical text is refused with its place:', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['list'] = [cyclic];
  const deep: unknown = JSON.parse(`${'['.repeat(101)}${']'.repeat(101)}`);
  test.each<[string, unknown, RegExp]>([
    ['a function', { pay: [() => 1] }, /a function at pay\[0\]/],
    ['a symbol', { a: Symbol('s') }, /a symbol at a/],
    ['NaN', [NaN], /NaN at \[0\]/],
    ['Infinity', -Infinity, /found -Infinity/],
    ['an invalid Date', { at: new Date(NaN) }, /an invalid Date at at/],
    ['a Map, which would look empty', { m: new Map([['a', 1]]) }, /a Map at m/],
    ['a Set', { s: new Set() }, /a Set at s/],
    ['other binary data', new Float32Array(1), /a Float32Array/],
    ['a promise', { p: Promise.resolve() }, /a Promise at p/],
    ['a cycle', cyclic, /a cycle at list\[0\]/],
    ['depth', deep, /more than 100 levels/],
  ])('%s', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({
        code: 'LF_INPUT_NOT_JSON',
        retryable: false,
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });
});
