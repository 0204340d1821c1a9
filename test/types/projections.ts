// Projections: the corners that must compile, and the types they have.
import { event, t, type StreamVersion } from '@leftfold/core';
import {
  follow,
  projection,
  type AnyProjection,
  type HandledBy,
  type RowOf,
  type Running,
  type Source,
  type Storage,
  type TablesOf,
} from '@leftfold/subscriptions';

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differs: A; from: B };
const same = <A, B>(_: Same<A, B>): void => undefined;
declare const storage: Storage;
declare const source: Source;

const Money = t.record('Money', { cents: t.integer({ min: 0 }), currency: t.enum('Currency', ['EUR', 'USD']) });
const Line = t.record('Line', { sku: t.string(), price: Money });
const placed = event('shop.order.placed', { orderId: t.uuid(), customerId: t.uuid(), total: t.double() }).version(
  2,
  {
    orderId: t.uuid(),
    customerId: t.uuid(),
    total: Money,
    lines: t.array(Line),
    shipTo: t.personal(t.string(), { erasedAs: '' }),
  },
  {
    up: ({ total, ...order }) => ({ ...order, total: { cents: total, currency: 'EUR' }, lines: [], shipTo: '' }),
    subject: 'customerId',
  },
);
const paid = event('shop.order.paid', { orderId: t.uuid(), customerId: t.uuid(), amount: Money });
const shipped = event('shop.order.shipped', { orderId: t.uuid() });

// Nothing handled yet: the table's type is there
const empty = projection('empty-one', { version: 1, key: 'id', row: { id: t.uuid() } });
empty.table.empty_one.id satisfies string;
empty.table.empty_one._stream_version satisfies StreamVersion;
same<HandledBy<typeof empty>, never>(true);

// Rows of one stream: the four verbs
const orderSummary = projection('order-summary', {
  version: 1,
  key: 'order_id',
  row: {
    order_id: t.uuid(),
    paid_cents: t.integer(),
    rank: t.long(),
    status: t.enum('Status', ['open', 'paid']),
    placed_at: t.timestampMillis(),
    carrier: t.nullable(t.string()),
    lines: t.array(Line),
    total: t.nullable(Money),
  },
  indexes: [['placed_at'], ['status', 'placed_at']],
})
  .insert(placed, ({ data, recordedAt, position }) => ({
    order_id: data.orderId,
    paid_cents: 0,
    rank: position,
    status: 'open',
    placed_at: recordedAt,
    carrier: null,
    lines: t.toJson(t.array(Line), data.lines),
    total: t.toJson(Money, data.total),
  }))
  .update(paid, (row, { data }) => ({ paid_cents: row.paid_cents + data.amount.cents, status: 'paid' }))
  .delete(shipped);

// A row: scalars and enums as in memory, what is made of parts in JSON form
same<
  RowOf<{ readonly a: ReturnType<typeof t.long>; readonly b: ReturnType<typeof t.bytes>; readonly c: typeof Money }>,
  {
    readonly a: bigint;
    readonly b: Uint8Array;
    readonly c: { readonly cents: `${bigint}`; readonly currency: 'EUR' | 'USD' };
  }
>(true);
type Summary = TablesOf<typeof orderSummary>['order_summary'];
same<Summary['rank'], bigint>(true);
same<Summary['status'], 'open' | 'paid'>(true);
same<Summary['placed_at'], Date>(true);
same<Summary['carrier'], string | null>(true);
same<Summary['_stream_version'], StreamVersion>(true);
orderSummary.table.order_summary.lines[0]?.price.cents satisfies `${bigint}` | undefined;
orderSummary.table.order_summary.total?.cents satisfies `${bigint}` | undefined;

// What it handles is known
same<HandledBy<typeof orderSummary>, typeof placed | typeof paid | typeof shipped>(true);

// Rows fed by several streams: routed by a field or a function, one key or several
const customerTotals = projection('customer-totals', {
  version: 2,
  key: 'customer_id',
  row: { customer_id: t.uuid(), paid_cents: t.integer(), at: t.long() },
  order: 'any',
})
  .upsert(placed, { by: 'customerId' }, (row, { data, position }) =>
    row && row.at > position ? row : { customer_id: data.customerId, paid_cents: 0, at: position },
  )
  .upsert(paid, { by: ({ data }) => data.customerId }, (row, { data }) => ({
    customer_id: data.customerId,
    at: 0n,
    ...row,
    paid_cents: (row?.paid_cents ?? 0) + data.amount.cents,
  }))
  .delete(shipped, { by: ({ data, stream }) => [data.orderId, stream.key] });
({ customer_id: '', paid_cents: 1, at: 1n }) satisfies typeof customerTotals.table.customer_totals;

// Any of them is a projection, and any source feeds it
const all: readonly AnyProjection[] = [empty, orderSummary, customerTotals];
for (const one of all) (await follow(one, { from: source, storage })) satisfies Running;
(await follow(orderSummary, { from: storage.log, storage, owner: 'a', leaseMs: 5_000 })).status().lanes[0]?.state;
storage.log satisfies Source;
