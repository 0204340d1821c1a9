import { t } from '@leftfold/core';
import { expect, test } from 'vitest';
import { columnForm } from './column-form.ts';

const Money = t.record('Money', { cents: t.integer() });

test.each([
  t.string(),
  t.uuid(),
  t.integer(),
  t.long(),
  t.decimal(9, 2),
  t.bytes(),
  t.date(),
  t.timestampMillis(),
  t.enum('Status', ['open']),
  t.nullable(t.enum('Status', ['open'])),
  t.nullable(t.decimal(9, 2)),
  t.withDefault(t.int(), 1),
])('scalars and enums have columns of their own type: %j', (schema) => {
  expect(columnForm(schema)).toBe('scalar');
});
test.each([
  Money,
  t.array(t.int()),
  t.map(t.int()),
  t.nullable(Money),
  t.nullable(t.array(t.string())),
  t.union('kind', { card: { last4: t.string() } }),
])('what is made of parts is JSON: %j', (schema) => {
  expect(columnForm(schema)).toBe('json');
});
