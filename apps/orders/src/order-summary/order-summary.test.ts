import { projectionSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { orderCancelled, orderPlaced, orderShipped, paymentAdded } from '../order/events.ts';
import { orderSummary } from './order-summary.ts';

const order_id = '01910000-0000-7000-8000-000000000001';
const customerId = '01910000-0000-7000-8000-000000000002';
const of = { orderId: order_id, customerId };
const placed = orderPlaced({ ...of, total: { cents: 500, currency: 'EUR' }, lines: [], shipTo: 'Bahnhofstr. 1' });
const payment = { ...of, paymentId: customerId, amount: { cents: 500, currency: 'EUR' as const }, paidInFull: true };
const paid = paymentAdded({ ...payment, method: 'card' });
const shipped = orderShipped({ orderId: order_id, carrier: 'DHL', shippedAt: new Date(0) });

test('an order is open until it is paid in full', async () => {
  await projectionSpec(orderSummary)
    .given(placed)
    .thenRow({ order_id }, { status: 'open', paid_cents: 0, paid_by: null, total_cents: 500 });
  await projectionSpec(orderSummary)
    .given(placed, paid)
    .thenRow({ order_id }, { status: 'paid', paid_cents: 500, paid_by: 'card' });
});
test('a shipped order names its carrier, after duplicates and crashes too', async () => {
  await projectionSpec(orderSummary)
    .given(placed, paid, shipped)
    .permuted()
    .thenRow({ order_id }, { status: 'shipped', carrier: 'DHL' });
});
test('a cancelled order says so', async () => {
  await projectionSpec(orderSummary)
    .given(placed, orderCancelled({ ...of, reason: 'customer' }))
    .thenRow({ order_id }, { status: 'cancelled' });
});
test('a payment of an order that was never placed is a fault, not a silent row', async () => {
  await projectionSpec(orderSummary).given(paid).thenFault('LF_ROW_MISSING');
});
