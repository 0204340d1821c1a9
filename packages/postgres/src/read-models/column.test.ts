import { t } from '@leftfold/core';
import { columnForm } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { column } from './column.ts';

const Line = t.record('Line', { sku: t.string() });

test.each<[schema: t.AnySchema, type: string]>([
  [t.personal(t.string(), { erasedAs: '' }), 'text'],
  [t.withDefault(t.string(), 'none'), 'text'],
  [t.withDefault(t.nullable(t.long()), 5n), 'bigint null'],
  [t.nullable(t.decimal(9, 3)), 'numeric(9,3) null'],
  [t.nullable(t.enum('E', ['a'])), 'text null'],
  [t.nullable(t.timestampMillis()), 'timestamp(3) with time zone null'],
  [t.nullable(Line), 'jsonb null'],
  [t.union('kind', { a: {} }), 'jsonb'],
  [t.nullable(t.union('kind', { a: {}, b: {} })), 'jsonb null'],
  [t.map(t.long()), 'jsonb'],
])('a column has the type of its schema, whatever is around it (%#)', (schema, type) => {
  const made = column('c', schema);
  expect(`${made.type}${made.isNullable ? ' null' : ''}`).toBe(type);
  expect(made.type === 'jsonb').toBe(columnForm(schema) === 'json');
});

test('a long is a bigint and an integer a number, though both are the same in Avro', () => {
  for (const wrapped of [t.nullable, (schema: t.Schema<unknown>) => schema]) {
    expect(column('c', wrapped(t.long())).decode('5')).toBe(5n);
    expect(column('c', wrapped(t.integer({ min: 1 }))).decode('5')).toBe(5);
    expect(column('c', wrapped(t.integer())).isSafeInteger).toBe(true);
    expect(column('c', wrapped(t.long())).isSafeInteger).toBe(false);
  }
});

test('null is null in both directions', () => {
  const { encode, decode } = column('c', t.nullable(t.timestampMillis()));
  expect([encode(null), decode(null)]).toEqual([null, null]);
});
