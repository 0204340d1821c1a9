import { event, partitionHash, streamRef, t } from '@leftfold/core';
import type {
  AnyEventType,
  EventId,
  LogPosition,
  Metadata,
  NewEvent,
  RecordedEvent,
  StreamVersion,
} from '@leftfold/core';
import { projection } from '../src/projection/projection.ts';
import type { FoldEvent } from '../src/folding/fold-batch.ts';

// A small shop, for the unit tests of this package.

const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.string() });
export const placed = event('shop.order.placed', {
  orderId: t.string(),
  customerId: t.string(),
  total: t.integer(),
}).version(
  2,
  { orderId: t.string(), customerId: t.string(), total: Money, shipTo: t.personal(t.string(), { erasedAs: '' }) },
  {
    up: ({ total, ...order }) => ({ ...order, total: { cents: total, currency: 'EUR' }, shipTo: '' }),
    subject: 'customerId',
  },
);
export const paid = event('shop.order.paid', { orderId: t.string(), customerId: t.string(), cents: t.integer() });
export const cancelled = event('shop.order.cancelled', { orderId: t.string() });

/** Rows of one stream. */
export const orders = projection('order-list', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.string(), total: Money, paid_cents: t.integer(), placed_at: t.timestampMillis() },
  indexes: [['placed_at']],
})
  .insert(placed, ({ data, recordedAt }) => ({
    order_id: data.orderId,
    total: t.toJson(Money, data.total),
    paid_cents: 0,
    placed_at: recordedAt,
  }))
  .update(paid, (row, { data }) => ({ paid_cents: row.paid_cents + data.cents }))
  .delete(cancelled);

/** Rows fed by many streams. */
export const customers = projection('customer-totals', {
  version: 1,
  key: 'customer_id',
  row: { customer_id: t.string(), orders: t.int(), paid_cents: t.integer() },
  order: 'any',
})
  .upsert(placed, { by: 'customerId' }, (row, { data }) => ({
    customer_id: data.customerId,
    orders: (row?.orders ?? 0) + 1,
    paid_cents: row?.paid_cents ?? 0,
  }))
  .upsert(paid, { by: 'customerId' }, (row, { data }) => ({
    customer_id: data.customerId,
    orders: row?.orders ?? 0,
    paid_cents: (row?.paid_cents ?? 0) + data.cents,
  }));

/** An event as if it had been recorded, at this version of the stream of an order. */
export function recorded(type: AnyEventType, order: string, version: number, data: object, tenant = ''): FoldEvent {
  const { id, category, key } = streamRef('shop.order', order, tenant);
  const made = (type as unknown as (of: object) => NewEvent)(data);
  const event: RecordedEvent = {
    ...made,
    id: `event-${order}-${version}` as EventId,
    stream: { id, category, key, version: BigInt(version) as StreamVersion },
    position: (BigInt(partitionHash(id) % 1_000) * 1_000n + BigInt(version)) as LogPosition,
    recordedAt: new Date('2026-01-02T03:04:05.678Z'),
    metadata: { correlationId: 'correlation' } satisfies Metadata,
    writtenVersion: made.version,
  };
  return { tenant, event };
}
export const placedOrder = (order: string, customer = 'c1', version = 1): FoldEvent =>
  recorded(placed, order, version, {
    orderId: order,
    customerId: customer,
    total: { cents: 500, currency: 'EUR' },
    shipTo: 'Main Street 1',
  });
export const paidOrder = (order: string, version: number, cents: number, customer = 'c1'): FoldEvent =>
  recorded(paid, order, version, { orderId: order, customerId: customer, cents });
