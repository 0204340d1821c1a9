import type { EventId } from '@leftfold/core';
import { expect, test } from 'vitest';
import { effectKey } from './effect-key.ts';

const event = '0191a1b2-0000-7000-8000-000000000001' as EventId;
const other = '0191a1b2-0000-7000-8000-000000000002' as EventId;

test('an idempotency key is a UUID of version 5, and the same each time, in every release', () => {
  const key = effectKey('shipping-mail', '', event);
  expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(key).toBe('27a17ce7-dc47-5450-8fc6-f30e1f7dee70');
});
test('it is another for each reaction, event and tenant', () => {
  const keys = [
    effectKey('shipping-mail', '', event),
    effectKey('shipping-sms', '', event),
    effectKey('shipping-mail', '', other),
    effectKey('shipping-mail', 'acme', event),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
