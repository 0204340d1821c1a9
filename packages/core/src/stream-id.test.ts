import { expect, test } from 'vitest';
import { streamRef } from './stream-id.ts';

test('the id is made of category and key, both of which may hold hyphens', () => {
  expect(streamRef('orders.order', 'a-b')).toEqual({
    tenant: '',
    category: 'orders.order',
    key: 'a-b',
    id: 'orders.order-a-b',
  });
  expect(streamRef('orders', '../x 🙂 %', 'acme')).toMatchObject({ tenant: 'acme', id: 'orders-../x 🙂 %' });
});
test.each([
  ['an empty key', 'c', ''],
  ['an empty category', '', 'k'],
  ['NUL', 'c', 'a\u0000b'],
  ['a newline', 'c', 'a\nb'],
  ['a lone surrogate', 'c', 'a\ud800'],
  ['a text that is not in NFC', 'c', 'e\u0301'],
  ['10 kB', 'c', 'x'.repeat(10_000)],
  ['256 bytes of UTF-8 in fewer characters', 'c', 'é'.repeat(127)],
])('a stream id with %s is refused', (_what, category, key) => {
  expect(() => streamRef(category, key)).toThrow(
    expect.objectContaining({ code: 'LF_STREAM_ID_INVALID', retryable: false }),
  );
});
test('an id of exactly 255 bytes is taken', () => {
  expect(streamRef('c', 'x'.repeat(253)).id).toHaveLength(255);
});
test.each([['a/b'], ['x'.repeat(101)], ['a\u0000']])('the tenant %j is refused', (tenant) => {
  expect(() => streamRef('c', 'k', tenant)).toThrow(expect.objectContaining({ code: 'LF_TENANT_INVALID' }));
});
