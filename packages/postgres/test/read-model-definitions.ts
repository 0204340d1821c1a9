import { t } from '@leftfold/core';
import type { RowTable } from '@leftfold/subscriptions';

/** Rows of one stream each. */
export const orderSummary: RowTable = {
  projection: 'order-summary',
  version: 1,
  name: 'order_summary',
  columns: { order_id: t.uuid(), status: t.enum('Status', ['open', 'paid']), total_cents: t.integer() },
  key: 'order_id',
  order: 'stream',
  indexes: [['status', 'total_cents']],
};

/** Rows fed by many streams, with folds that commute. */
export const customerTotals: RowTable = {
  projection: 'customer-totals',
  version: 1,
  name: 'customer_totals',
  columns: { customer_id: t.string(), orders: t.int() },
  key: 'customer_id',
  order: 'any',
  indexes: [],
};
