import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { testingModule } from '@leftfold/nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { customerTotals } from './customer-totals/customer-totals.ts';
import { orderSummary } from './order-summary/order-summary.ts';
import { OrdersHttpModule } from './orders.module.ts';

test('an order that is placed and paid over HTTP is in both read models', async () => {
  const shop = await testingModule({ imports: [OrdersHttpModule] });
  onTestFinished(() => shop.close());
  await shop.app.listen(0, '127.0.0.1');
  const url = await shop.app.getUrl();
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: reply.status, body: (await reply.json()) as { readonly [name: string]: unknown } };
  };
  const customerId = randomUUID();
  const price = { cents: 250, currency: 'EUR' };
  const { status, body } = await post('/orders', {
    customerId,
    lines: [{ sku: 'a', quantity: 2, price }],
    shipTo: 'x',
  });
  expect(status).toBe(201);
  const orderId = String(body['orderId'] ?? body['id']);
  expect(
    await post(`/orders/${orderId}/payments`, {
      paymentId: randomUUID(),
      amount: { ...price, cents: 500 },
      method: 'card',
    }),
  ).toMatchObject({ status: 201 });

  await shop.caughtUp();
  const rows = shop.storage.readModels.reader([orderSummary.rowTable, customerTotals.rowTable]);
  expect(rows.one('order_summary', orderId)).toMatchObject({ order_id: orderId, paid_cents: 500 });
  expect(rows.one('customer_totals', customerId)).toMatchObject({ orders: 1, paid_cents: 500 });
});
