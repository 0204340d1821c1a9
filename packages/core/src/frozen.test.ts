import { expect, test } from 'vitest';
import { frozen } from './frozen.ts';

test('plain objects and arrays are frozen at any depth, cycles too', () => {
  const state = { lines: [{ sku: 'a' }], cents: 1, by: { ann: { n: 1 } } };
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(frozen(state)).toBe(state);
  expect(frozen(cyclic)).toBe(cyclic);
  expect(() => state.lines[0] && (state.lines[0].sku = 'b')).toThrow(TypeError);
  expect(() => state.lines.push({ sku: 'c' })).toThrow(TypeError);
  expect(() => (state.by.ann.n = 2)).toThrow(TypeError);
});
test('what is not plain is left alone', () => {
  const at = new Date(0);
  const bytes = new Uint8Array([1]);
  const members = new Map([['ann', { n: 1 }]]);
  expect(frozen({ at, bytes, members })).toEqual({ at, bytes, members });
  bytes[0] = 2;
  members.set('bob', { n: 2 });
  for (const plain of [null, undefined, 'text', 5n, 0]) expect(frozen(plain)).toBe(plain);
});
