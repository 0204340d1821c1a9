import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import { Currency, orderCancelled, orderPlaced, orderShipped, paymentAdded, PaymentMethod } from '../order/events.ts';

export const orderSummary = projection('order-summary', {
  version: 2, // 1 did not say how an order was paid
  key: 'order_id',
  row: {
    order_id: t.uuid(),
    customer_id: t.uuid(),
    total_cents: t.integer(),
    currency: Currency,
    paid_cents: t.integer(),
    paid_by: t.nullable(PaymentMethod), // the latest payment
    status: t.enum('Status', ['open', 'paid', 'shipped', 'cancelled']),
    placed_at: t.timestampMillis(),
    carrier: t.nullable(t.string()),
  },
  indexes: [['customer_id', 'placed_at']],
})
  .insert(orderPlaced, ({ data, recordedAt }) => ({
    order_id: data.orderId,
    customer_id: data.customerId,
    total_cents: data.total.cents,
    currency: data.total.currency,
    paid_cents: 0,
    paid_by: null,
    status: 'open',
    placed_at: recordedAt,
    carrier: null,
  }))
  .update(paymentAdded, (row, { data }) => ({
    paid_cents: row.paid_cents + data.amount.cents,
    paid_by: data.method,
    status: data.paidInFull ? 'paid' : 'open',
  }))
  .update(orderShipped, (_, { data }) => ({ status: 'shipped', carrier: data.carrier }))
  .update(orderCancelled, () => ({ status: 'cancelled' }));
