// Projections: what the compiler catches. Each line below fails to compile without its directive.
import { event, t } from '@leftfold/core';
import { follow, projection, type Source, type Storage } from '@leftfold/subscriptions';

declare const storage: Storage;
declare const source: Source;

const Money = t.record('Money', { cents: t.integer(), currency: t.string() });
const placed = event('shop.order.placed', { orderId: t.uuid(), customerId: t.uuid(), total: t.double() }).version(
  2,
  {
    orderId: t.uuid(),
    customerId: t.uuid(),
    total: Money,
    shipTo: t.personal(t.string(), { erasedAs: '' }),
  },
  {
    up: ({ total, ...order }) => ({ ...order, total: { cents: total, currency: 'EUR' }, shipTo: '' }),
    subject: 'customerId',
  },
);
const paid = event('shop.order.paid', { orderId: t.uuid(), amount: Money });

const row = { id: t.uuid(), n: t.int() };
const stream = projection('p', { version: 1, key: 'id', row });
const many = projection('p', { version: 1, key: 'id', row, order: 'any' });
const summary = projection('order-summary', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.uuid(), paid_cents: t.integer() },
}).insert(placed, ({ data }) => ({ order_id: data.orderId, paid_cents: 0 }));

// @ts-expect-error a column left out
stream.insert(placed, ({ data }) => ({ id: data.orderId }));
// @ts-expect-error a column of another type
stream.insert(placed, ({ data }) => ({ id: data.orderId, n: '1' }));
// @ts-expect-error a key that is no column
projection('p', { version: 1, key: 'nope', row });
// @ts-expect-error a key that cannot hold a stream's key
projection('p', { version: 1, key: 'n', row });
// @ts-expect-error personal data as a row's key
projection('p', { version: 1, key: 'email', row: { email: t.personal(t.string(), { erasedAs: '' }) } });
// @ts-expect-error an index on what is no column
projection('p', { version: 1, key: 'id', row, indexes: [['nope']] });
// @ts-expect-error an order that is none
projection('p', { version: 1, key: 'id', row, order: 'log' });
// @ts-expect-error a projection without a version
projection('p', { key: 'id', row });

// @ts-expect-error rows fed by several streams need an order that allows it
stream.upsert(placed, { by: 'customerId' }, () => ({ id: '', n: 1 }));
// @ts-expect-error so does deleting them
stream.delete(placed, { by: 'customerId' });
// @ts-expect-error this event has no such field to route by
many.upsert(paid, { by: 'customerId' }, () => ({ id: '', n: 1 }));
// @ts-expect-error a field that is no key
many.upsert(placed, { by: 'total' }, () => ({ id: '', n: 1 }));
// @ts-expect-error a route that gives no key
many.upsert(placed, { by: ({ data }) => data.total.cents }, () => ({ id: '', n: 1 }));
// @ts-expect-error personal data as a route
many.upsert(placed, { by: 'shipTo' }, () => ({ id: '', n: 1 }));
// @ts-expect-error nor through a function
many.upsert(placed, { by: ({ data }) => data.shipTo }, () => ({ id: '', n: 1 }));
// @ts-expect-error rows fed by several streams without a route
many.upsert(placed, () => ({ id: '', n: 1 }));
// @ts-expect-error nor when they are deleted
many.delete(placed);
// @ts-expect-error insert where another stream may have made the row
many.insert(placed, { by: 'customerId' }, () => ({ id: '', n: 1 }));
// @ts-expect-error nor without a route
many.insert(placed, () => ({ id: '', n: 1 }));
// @ts-expect-error update where another stream's event may come first
many.update(placed, { by: 'customerId' }, () => ({ n: 1 }));

const withJson = projection('p', { version: 1, key: 'id', row: { id: t.uuid(), total: Money } });
// @ts-expect-error a jsonb column takes the JSON form
withJson.insert(placed, ({ data }) => ({ id: data.orderId, total: data.total }));
// @ts-expect-error rows of several streams have no version
many.table.p._stream_version;
// @ts-expect-error the reader's version column is not the fold's business
summary.update(paid, (of) => ({ paid_cents: Number(of._stream_version) }));
// @ts-expect-error the old payload is gone: folds see the latest version
summary.update(placed, (_, { data }) => ({ paid_cents: data.total.toFixed() }));
// @ts-expect-error a row that may not be there
summary.upsert(paid, (of) => ({ ...of, paid_cents: of.paid_cents }));
// @ts-expect-error an insert that tries to read a row
summary.insert(paid, (of: { order_id: string }, e: { data: object }) => ({ ...of, ...e }));
// @ts-expect-error a fold that waits
summary.update(paid, async () => ({ paid_cents: 1 }));
// @ts-expect-error a fold that writes into its row
summary.update(paid, (of) => ((of.paid_cents = 1), of));
// @ts-expect-error undefined is no value of a column
summary.update(paid, () => ({ paid_cents: undefined }));

// @ts-expect-error a projection without the storage its rows are in
void follow(summary, { from: source });
// @ts-expect-error an event type is no projection
void follow(placed, { from: source, storage });
