import { event, t } from '@leftfold/core';

export const Currency = t.enum('Currency', ['EUR', 'USD', 'CHF']);
/** `other` is what older code reads for a method that it does not know yet. */
export const PaymentMethod = t.enum('PaymentMethod', ['other', 'transfer', 'card']);
export const CancelReason = t.enum('CancelReason', ['customer', 'payment_timeout']);
export const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: Currency });
export const Line = t.record('Line', { sku: t.string({ min: 1, max: 40 }), quantity: t.int({ min: 1 }), price: Money });

export const orderPlaced = event('orders.order.placed', {
  orderId: t.uuid(),
  customerId: t.uuid(),
  total: t.double(),
}).version(
  2,
  {
    orderId: t.uuid(),
    customerId: t.uuid(),
    total: Money,
    lines: t.array(Line),
    shipTo: t.personal(t.string(), { erasedAs: '[erased]' }),
  },
  {
    up: ({ total, ...order }) => ({
      ...order,
      total: { cents: Math.round(total * 100), currency: 'EUR' },
      lines: [],
      shipTo: '[unknown]',
    }),
    down: ({ orderId, customerId, total }) => ({ orderId, customerId, total: total.cents / 100 }),
    subject: 'customerId',
  },
);

export const paymentAdded = event('orders.order.payment-added', {
  orderId: t.uuid(),
  customerId: t.uuid(),
  paymentId: t.uuid(),
  amount: Money,
  paidInFull: t.boolean(),
  method: t.withDefault(PaymentMethod, 'transfer'), // a revision of version 1: before we asked, everybody sent a transfer
});
export const orderShipped = event('orders.order.shipped', {
  orderId: t.uuid(),
  carrier: t.string(),
  shippedAt: t.timestampMillis(),
});
export const orderCancelled = event('orders.order.cancelled', {
  orderId: t.uuid(),
  customerId: t.uuid(),
  reason: CancelReason,
});
