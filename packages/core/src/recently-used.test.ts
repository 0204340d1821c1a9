import { expect, test } from 'vitest';
import { RecentlyUsed } from './recently-used.ts';

test('what nobody asked for or set for the longest time makes room', () => {
  const map = new RecentlyUsed<number>(3);
  for (const [n, key] of ['a', 'b', 'c'].entries()) map.set(key, n);
  expect(map.get('a')).toBe(0);
  map.set('b', 7);
  map.set('d', 3);
  expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([0, 7, undefined, 3]);
  expect(map.size).toBe(3);
});
test('what was deleted takes no room', () => {
  const map = new RecentlyUsed<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.delete('a');
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 2, 3]);
});
test('of one entry the newest stays', () => {
  const map = new RecentlyUsed<number>(1);
  map.set('a', 1);
  map.set('b', 2);
  expect([map.get('a'), map.get('b'), map.size]).toEqual([undefined, 2, 1]);
});
