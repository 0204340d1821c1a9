import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

test('what was used longest ago goes first, and no more is held than was said', () => {
  const cache = new BoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('c', 4);
  expect([cache.get('a'), cache.get('c')]).toEqual([1, 4]);
});
