import { deciderSpec } from '@leftfold/testing';
import { test } from 'vitest';
import { orderCancelled, orderPlaced, orderShipped, paymentAdded } from './events.ts';
import { order } from './order.ts';

const orderId = '01910000-0000-7000-8000-000000000001';
const customerId = '01910000-0000-7000-8000-000000000002';
const paymentId = '01910000-0000-7000-8000-000000000003';
const eur = (cents: number) => ({ cents, currency: 'EUR' as const });
const line = { sku: 'pen', quantity: 5, price: eur(100) };
const placed = orderPlaced({ orderId, customerId, total: eur(500), lines: [line], shipTo: 'Bahnhofstr. 1' });
const placedV1 = orderPlaced.at(1, { orderId, customerId, total: 5 }); // as the first release wrote it
const payment = { paymentId, amount: eur(500), method: 'card' as const };
const paid = paymentAdded({ orderId, customerId, ...payment, paidInFull: true });
const shipped = orderShipped({ orderId, carrier: 'DHL', shippedAt: new Date(0) });
const cancelled = orderCancelled({ orderId, customerId, reason: 'customer' });
const spec = deciderSpec(order, { id: orderId, now: new Date(0) });

test('placing an order records its total and answers with its id', () =>
  void spec.when
    .place({ customerId, lines: [line], shipTo: 'Bahnhofstr. 1' })
    .then(placed)
    .thenResult({ orderId }));
test('an order without lines is refused', () =>
  spec.when.place({ customerId, lines: [], shipTo: 'x' }).thenRefused('ORDER_EMPTY'));
test('an order with lines in two currencies is refused: their sum would be of neither', () =>
  spec.when
    .place({ customerId, lines: [line, { ...line, price: { cents: 100, currency: 'USD' } }], shipTo: 'x' })
    .thenRefused('CURRENCY_MISMATCH', { currency: 'EUR' }));
test('an order is placed once', () =>
  spec
    .given(placed)
    .when.place({ customerId, lines: [line], shipTo: 'x' })
    .thenRefused('ORDER_EXISTS'));
test('a paid order ships', () => void spec.given(placed, paid).when.ship({ carrier: 'DHL' }).then(shipped));
test('orders of the first release can still be paid', () =>
  void spec.given(placedV1).when.pay(payment).then(paid).thenResult({ missingCents: 0 }));
test('a payment in another currency is refused', () =>
  spec
    .given(placed)
    .when.pay({ ...payment, amount: { cents: 500, currency: 'USD' } })
    .thenRefused('CURRENCY_MISMATCH', { currency: 'EUR' }));
test('an unpaid order does not ship', () =>
  spec.given(placed).when.ship({ carrier: 'DHL' }).thenRefused('ORDER_NOT_PAID', { missingCents: 500 }));
test('shipping twice records nothing', () =>
  void spec.given(placed, paid, shipped).when.ship({ carrier: 'UPS' }).thenNothing());
test('a shipped order is not cancelled any more', () =>
  spec
    .given(placed, paid, shipped)
    .when.cancel({ reason: 'customer' })
    .thenRefused('ORDER_CLOSED', { status: 'shipped' }));
test('cancelling an open order closes it', () =>
  void spec.given(placed).when.cancel({ reason: 'customer' }).then(cancelled).thenState({ status: 'cancelled' }));
