import { checkRelease, fileRegistry, goldenCases, schemaProgram } from '@leftfold/avro';
import { catalogue, event, t } from '@leftfold/core';
import { describe, expect, test } from 'vitest';
import { Money, orderPlaced } from './order/events.ts';
import { schemaOptions } from './schema-options.ts';

const { folder } = schemaOptions;

describe('what was released', () => {
  for (const { title, run } of goldenCases(schemaOptions.catalogue, folder)) test(title, run);
});

test('all that is defined is released, and the contracts are those of the definitions', async () => {
  const said: string[] = [];
  const io = { out: (line: string) => void said.push(line), error: (line: string) => void said.push(line) };
  const exitCode = await schemaProgram(['check', '--released'], schemaOptions, io);
  expect(exitCode, said.join('\n')).toBe(0);
});

const payment = { orderId: t.uuid(), customerId: t.uuid(), paymentId: t.uuid(), paidInFull: t.boolean() };
test.each([
  ['a field of another type', { ...payment, amount: t.string() }, 'amount', 'type'],
  [
    'a further field without a default',
    { ...payment, amount: Money, method: t.string() },
    'method',
    'field-without-default',
  ],
  ['a field that is left out', payment, 'amount', 'field-without-default'],
])('%s is no revision: the check names the field', async (_, fields, field, rule) => {
  const changed = event('orders.order.payment-added', fields);
  const { faults } = await checkRelease(catalogue(orderPlaced, changed), fileRegistry(folder));
  expect(faults).toContainEqual(
    expect.objectContaining({ event: 'orders.order.payment-added', version: 1, field, rule }),
  );
});
test('a version that was released cannot be taken away', async () => {
  const shortened = event('orders.order.placed', { orderId: t.uuid(), customerId: t.uuid(), total: t.double() });
  const { faults } = await checkRelease(catalogue(shortened), fileRegistry(folder));
  expect(faults).toContainEqual(
    expect.objectContaining({ event: 'orders.order.placed', version: 2, rule: 'version-removed' }),
  );
});
