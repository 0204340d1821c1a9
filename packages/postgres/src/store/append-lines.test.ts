import { expect, test } from 'vitest';
import { AppendLines } from './append-lines.ts';

const at = (...lines: string[]): { readonly lines: readonly string[] } => ({ lines });

test('who is first in all of his lines has his turn, the others have it one after the other', () => {
  const lines = new AppendLines();
  const [a, b, c] = [at('s'), at('s'), at('s')];
  expect([a, b, c].map((one) => lines.join(one))).toEqual([true, false, false]);
  expect(lines.behind(a)).toEqual([b, c]);
  expect(lines.leave(a)).toEqual([b]);
  expect(lines.leave(b)).toEqual([c]);
  expect(lines.leave(c)).toEqual([]);
  expect(lines.join(at('s'))).toBe(true);
});

test('one in two lines waits until he is first in both, and nobody who came later passes him in either', () => {
  const lines = new AppendLines();
  const [stream, reply, both, later] = [at('s'), at('r'), at('s', 'r'), at('s')];
  for (const one of [stream, reply, both, later]) lines.join(one);
  expect(lines.leave(stream)).toEqual([]);
  expect(lines.leave(reply)).toEqual([both]);
  expect(lines.leave(both)).toEqual([later]);
});

test('one that leaves from the middle of a line makes nobody first but those he alone held up', () => {
  const lines = new AppendLines();
  const [first, middle, last] = [at('s'), at('s', 'r'), at('r')];
  for (const one of [first, middle, last]) lines.join(one);
  expect(lines.leave(middle)).toEqual([last]);
  expect(lines.leave(middle)).toEqual([]);
  expect(lines.leave(first)).toEqual([]);
  expect([lines.isFirst(last), lines.join(at('s'))]).toEqual([true, true]);
});

test('of a long line only so many are looked at', () => {
  const lines = new AppendLines();
  const all = Array.from({ length: 5 }, () => at('s'));
  for (const one of all) lines.join(one);
  expect(lines.behind(all[0] as (typeof all)[0], 2)).toEqual(all.slice(1, 3));
});
