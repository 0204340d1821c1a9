import { describe, expect, test } from 'vitest';
import { event } from './index.ts';

describe('an event name', () => {
  test.each([
    'a.b',
    'orders.order.placed',
    'users.user.email-changed',
    'a1.b2.c-3',
    'a.b.c.d.e',
    `a.${'b'.repeat(198)}`,
  ])('may be %s', (name) => {
    expect(event(name, {}).type).toBe(name);
  });
  test.each([
    '',
    'placed',
    'Orders.order.placed',
    'orders..placed',
    '.orders.placed',
    'orders.placed.',
    'orders.order.1st',
    'orders.-order.placed',
    'orders.order placed',
    'orders.order_placed',
    'orders.ördered',
    'orders.placed\n',
    '../orders.placed',
    'orders.__proto__',
    `a.${'b'.repeat(199)}`,
    'orders.order.placed-v2',
  ])('is refused when it is %j', (name) => {
    expect(() => event(name, {})).toThrow(expect.objectContaining({ code: 'LF_EVENT_NAME_INVALID', retryable: false }));
  });
  test('is refused when it is no text', () => {
    expect(() => event(5 as unknown as string, {})).toThrow(expect.objectContaining({ code: 'LF_EVENT_NAME_INVALID' }));
  });
});
