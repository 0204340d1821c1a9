import { t } from '@leftfold/core';
import type { RowTable } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { modelTable } from './model-table.ts';

const definition: RowTable = {
  projection: 'order-summary',
  version: 3,
  name: 'order_summary',
  columns: { order_id: t.uuid() },
  key: 'order_id',
  order: 'stream',
  indexes: [],
};

test('a table lives in a schema of its projection and version, beside the log', () => {
  const { schema, table, deleted } = modelTable('shop', definition);
  expect(schema).toBe('shop_order_summary_v3');
  expect(table).toBe('"shop_order_summary_v3"."order_summary"');
  expect(deleted).toBe('"shop_order_summary_v3"."order_summary__deleted"');
});

test.each<[what: string, logSchema: string, change: Partial<RowTable>]>([
  ['a schema that would be cut off', `l${'x'.repeat(46)}`, {}],
  ['a table that would be cut off', 'leftfold', { name: 'x'.repeat(60) }],
  ['a column that would be cut off', 'leftfold', { columns: { ...definition.columns, ['x'.repeat(64)]: t.int() } }],
  ['a column as the framework names its own', 'leftfold', { columns: { ...definition.columns, _tenant: t.string() } }],
  ['a column as Postgres names its own', 'leftfold', { columns: { ...definition.columns, xmin: t.string() } }],
  ['a column with a quote', 'leftfold', { columns: { ...definition.columns, 'a"b': t.string() } }],
  ['a table with a dot', 'leftfold', { name: 'a.b' }],
  ['a projection that another could be taken for', 'leftfold', { projection: 'order_summary' }],
])('%s is refused', (_, logSchema, change) => {
  expect(() => modelTable(logSchema, { ...definition, ...change })).toThrow(
    expect.objectContaining({ code: 'LF_ROW_TABLE_NAME' }) as Error,
  );
});
