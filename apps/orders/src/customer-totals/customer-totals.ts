import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import { orderCancelled, orderPlaced, paymentAdded } from '../order/events.ts';

const none = { orders: 0, cancelled: 0, paid_cents: 0 };

export const customerTotals = projection('customer-totals', {
  version: 1,
  key: 'customer_id',
  row: { customer_id: t.uuid(), orders: t.int(), cancelled: t.int(), paid_cents: t.integer() },
  order: 'any', // a customer's rows are fed by many orders; sums commute
})
  .upsert(orderPlaced, { by: 'customerId' }, (row, { data }) => ({
    ...none,
    ...row,
    customer_id: data.customerId,
    orders: (row?.orders ?? 0) + 1,
  }))
  .upsert(paymentAdded, { by: 'customerId' }, (row, { data }) => ({
    ...none,
    ...row,
    customer_id: data.customerId,
    paid_cents: (row?.paid_cents ?? 0) + data.amount.cents,
  }))
  .upsert(orderCancelled, { by: 'customerId' }, (row, { data }) => ({
    ...none,
    ...row,
    customer_id: data.customerId,
    cancelled: (row?.cancelled ?? 0) + 1,
  }));
