import { aggregate, t } from '@leftfold/core';
import {
  CancelReason,
  Line,
  Money,
  orderCancelled,
  orderPlaced,
  orderShipped,
  paymentAdded,
  PaymentMethod,
} from './events.ts';

type Placed = {
  readonly status: 'open' | 'paid' | 'shipped' | 'cancelled';
  readonly customerId: string;
  readonly total: t.Of<typeof Money>;
  readonly paidCents: number;
};
type Order = { readonly status: 'none' } | Placed;
const change = (order: Order, to: (order: Placed) => Partial<Placed>): Order =>
  order.status === 'none' ? order : { ...order, ...to(order) };

export const PlaceOrder = t.record('PlaceOrder', {
  customerId: t.uuid(),
  lines: t.array(Line),
  shipTo: t.string({ min: 1, max: 500 }),
});
export const AddPayment = t.record('AddPayment', { paymentId: t.uuid(), amount: Money, method: PaymentMethod });
export const ShipOrder = t.record('ShipOrder', { carrier: t.string({ min: 1, max: 100 }) });
export const CancelOrder = t.record('CancelOrder', { reason: CancelReason });

export const order = aggregate('orders.order', {
  events: { placed: orderPlaced, paymentAdded, shipped: orderShipped, cancelled: orderCancelled },
  initial: (): Order => ({ status: 'none' }),
  refusals: {
    ORDER_EXISTS: 'This order was placed before',
    ORDER_NOT_FOUND: 'There is no such order',
    ORDER_EMPTY: 'An order needs at least one line',
    ORDER_CLOSED: 'This order is {status}',
    ORDER_NOT_PAID: '{missingCents} cents are still to be paid',
    CURRENCY_MISMATCH: 'This order is paid in {currency}',
  },
})
  .evolve({
    placed: (_, { customerId, total }) => ({ status: 'open', customerId, total, paidCents: 0 }),
    paymentAdded: (order, { amount, paidInFull }) =>
      change(order, ({ paidCents }) => ({ paidCents: paidCents + amount.cents, status: paidInFull ? 'paid' : 'open' })),
    shipped: (order) => change(order, () => ({ status: 'shipped' })),
    cancelled: (order) => change(order, () => ({ status: 'cancelled' })),
  })
  .decide({
    place: (order, { customerId, lines, shipTo }: t.Of<typeof PlaceOrder>, { id: orderId, refuse }) => {
      if (order.status !== 'none') throw refuse('ORDER_EXISTS');
      const [first] = lines;
      if (!first) throw refuse('ORDER_EMPTY');
      const { currency } = first.price;
      if (lines.some(({ price }) => price.currency !== currency)) throw refuse('CURRENCY_MISMATCH', { currency });
      const cents = lines.reduce((sum, line) => sum + line.price.cents * line.quantity, 0);
      return {
        events: [orderPlaced({ orderId, customerId, lines, shipTo, total: { cents, currency } })],
        result: { orderId },
      };
    },
    pay: (order, { paymentId, amount, method }: t.Of<typeof AddPayment>, { id: orderId, refuse }) => {
      if (order.status === 'none') throw refuse('ORDER_NOT_FOUND');
      if (order.status !== 'open') throw refuse('ORDER_CLOSED', { status: order.status });
      if (amount.currency !== order.total.currency)
        throw refuse('CURRENCY_MISMATCH', { currency: order.total.currency });
      const missingCents = order.total.cents - order.paidCents - amount.cents;
      const { customerId } = order;
      return {
        events: [paymentAdded({ orderId, customerId, paymentId, amount, method, paidInFull: missingCents <= 0 })],
        result: { missingCents },
      };
    },
    ship: (order, { carrier }: t.Of<typeof ShipOrder>, { id: orderId, now, refuse }) => {
      if (order.status === 'none') throw refuse('ORDER_NOT_FOUND');
      if (order.status === 'shipped') return [];
      if (order.status === 'cancelled') throw refuse('ORDER_CLOSED', { status: order.status });
      if (order.status === 'open')
        throw refuse('ORDER_NOT_PAID', { missingCents: order.total.cents - order.paidCents });
      return [orderShipped({ orderId, carrier, shippedAt: now })];
    },
    cancel: (order, { reason }: t.Of<typeof CancelOrder>, { id: orderId, refuse }) => {
      if (order.status === 'none') throw refuse('ORDER_NOT_FOUND');
      if (order.status === 'cancelled') return [];
      if (order.status === 'shipped') throw refuse('ORDER_CLOSED', { status: order.status });
      return [orderCancelled({ orderId, customerId: order.customerId, reason })];
    },
  });
