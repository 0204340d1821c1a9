import { avro } from '@leftfold/avro';
import { versionsOf } from '@leftfold/core';
import { expect, onTestFinished, test } from 'vitest';
import { orderShipped, paymentAdded } from '../../apps/orders/src/order/events.ts';
import { schemasFolder } from '../../apps/orders/src/schemas-folder.ts';
import { readValue } from './read-value.ts';
import { serveFolder } from './serve-folder.ts';

const orderId = '01910000-0000-7000-8000-000000000001';
const ids = { orderId, customerId: orderId, paymentId: orderId };

test.each([
  [paymentAdded, { ...ids, amount: { cents: '500', currency: 'CHF' }, paidInFull: true, method: 'card' }],
  [orderShipped, { orderId, carrier: 'DHL', shippedAt: '2026-01-02T03:04:05.678Z' }],
])('what a process writes by the folder is read by a client that knows registries alone: %o', async (type, payload) => {
  const codec = avro({ registry: schemasFolder });
  const writer = versionsOf(type).at(-1)?.writer;
  if (writer === undefined) throw new Error('there is no version');
  await codec.prepare({ writers: [writer] });
  const folder = await serveFolder();
  onTestFinished(() => folder.stop());
  const read = readValue(folder.url);
  const json = JSON.stringify(payload);
  expect(await read(Buffer.from(codec.encode(json, writer)))).toBe(json);
  await expect(read(Buffer.from([0, 0, 0, 0, 1, 0]))).rejects.toThrow(/404/);
});
