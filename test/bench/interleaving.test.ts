import { expect, test } from 'vitest';
import { interleaved } from './interleaving.ts';

test('two sides take turns as A B B A', () => {
  expect(interleaved(['A', 'B'], 4).flat().join(' ')).toBe('A B B A A B B A');
});

test('each side has each round once', () => {
  const rounds = interleaved(['A', 'B', 'C'], 5);
  expect(rounds).toHaveLength(5);
  for (const round of rounds) expect(round.toSorted()).toEqual(['A', 'B', 'C']);
});
