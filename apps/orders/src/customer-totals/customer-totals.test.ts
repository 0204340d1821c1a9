import { projectionSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { orderCancelled, orderPlaced, paymentAdded } from '../order/events.ts';
import { customerTotals } from './customer-totals.ts';

const customer_id = '01910000-0000-7000-8000-000000000002';
const of = { orderId: '01910000-0000-7000-8000-000000000001', customerId: customer_id };
const placedV1 = orderPlaced.at(1, { ...of, total: 5 }); // as the first release wrote it
const amount = { cents: 500, currency: 'EUR' as const };
const paid = paymentAdded({ ...of, paymentId: customer_id, amount, paidInFull: true, method: 'card' });
const cancelled = orderCancelled({ ...of, reason: 'customer' });

test('totals hold in any order of streams, with duplicates and crashes', async () => {
  await projectionSpec(customerTotals)
    .given(placedV1, paid, cancelled)
    .permuted()
    .thenRow({ customer_id }, { orders: 1, paid_cents: 500, cancelled: 1 });
});
