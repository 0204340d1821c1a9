import { describe, expect, test } from 'vitest';
import { replyKeyOf } from './idempotency.ts';
import { streamRef } from './stream-id.ts';
import { utf8Length } from './text.ts';

const keyOf = (category: string, command: string, idempotencyKey = 'k', tenant = ''): string =>
  replyKeyOf({ stream: streamRef(category, 'one', tenant), command, input: undefined, idempotencyKey }).key;

describe('the key of a stored answer', () => {
  test('is readable', () => {
    expect(keyOf('orders.order', 'place', '7c1f')).toBe('orders.order/place/7c1f');
  });
  test('differs where category and command would make one text', () => {
    expect(keyOf('a/b', 'c')).not.toBe(keyOf('a', 'b/c'));
    expect(keyOf('a', 'b', 'c/d')).not.toBe(keyOf('a', 'b/c', 'd'));
  });
  test('fits 512 bytes for the longest names, and still tells them apart', () => {
    const longest = 'é'.repeat(120);
    expect(utf8Length(keyOf(longest, 'place', 'x'.repeat(255)))).toBeLessThanOrEqual(512);
    expect(keyOf(longest, 'place')).not.toBe(keyOf(longest, 'ship'));
  });
  test('takes a command whose name no UTF-8 can carry', () => {
    expect(keyOf('a', '\ud83d')).toBe('a/%EF%BF%BD/k');
  });
});
