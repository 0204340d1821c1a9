import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { AnyEventType, EventId, EventStore, NewEvent } from '@leftfold/core';
import { projection, stop, type AnyProjection } from '@leftfold/subscriptions';

// A small shop, for the tests of relay and projector.

export const placed = event('shop.order.placed', { customer: t.string() });
/** The same as a later release has it. */
export const placedLater = placed.version(
  2,
  { customer: t.string(), channel: t.string() },
  { up: (old) => ({ ...old, channel: 'shop' }) },
);
export const paid = event('shop.order.paid', { customer: t.string(), cents: t.integer() });
export const shipped = event('shop.order.shipped', {});
export const noted = event('shop.order.noted', { note: t.string() }, { private: true });

const TYPES: readonly AnyEventType[] = [placed, paid, shipped, noted];

/** Rows of one stream: each event must come exactly once, and in order. */
export const orderList = projection('order-list', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.string(), customer: t.string(), cents: t.integer(), steps: t.string() },
})
  .insert(placed, ({ data, stream }) => ({ order_id: stream.key, customer: data.customer, cents: 0, steps: 'placed' }))
  .update(paid, (row, { data }) => ({ cents: row.cents + data.cents, steps: `${row.steps} ${data.cents}` }));

/** Rows fed by many streams: an event that counts twice shows. */
export const customerTotals = projection('customer-totals', {
  version: 1,
  key: 'customer',
  row: { customer: t.string(), orders: t.int(), cents: t.integer() },
  order: 'any',
})
  .upsert(placed, { by: 'customer' }, (row, { data: { customer } }) => ({
    customer,
    orders: (row?.orders ?? 0) + 1,
    cents: row?.cents ?? 0,
  }))
  .upsert(paid, { by: 'customer' }, (row, { data: { customer, cents } }) => ({
    customer,
    orders: row?.orders ?? 0,
    cents: (row?.cents ?? 0) + cents,
  }));

/** The same projection, whose lane stops at an event that it cannot apply. */
export const stopping = <P extends AnyProjection>(definition: P): P => ({ ...definition, recovery: { live: stop() } });

/** How {@link append} appends. */
interface AppendTo {
  readonly tenant?: string;
  /** Default `shop.order`. */
  readonly category?: string;
  readonly types?: readonly AnyEventType[];
  readonly headers?: { readonly [name: string]: string };
}
/** Appends events to the stream of an order. */
export async function append(
  store: EventStore,
  order: string,
  events: readonly NewEvent[],
  { tenant = '', category = 'shop.order', types = TYPES, headers }: AppendTo = {},
): Promise<void> {
  const encoded = events.map((of) => {
    const type = types.find((one) => one.type === of.type) as AnyEventType;
    return encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test', ...(headers && { headers }) });
  });
  const outcome = await store.append([{ stream: streamRef(category, order, tenant), expect: 'any', events: encoded }]);
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
}
