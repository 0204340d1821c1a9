// Projections with SQL of their own: what the compiler catches. Each line below fails to compile without its directive.
import { event, t } from '@leftfold/core';
import { readModels, sqlProjection, type PgPool } from '@leftfold/postgres';
import type { Transaction } from 'kysely';

declare const pool: PgPool;
const placed = event('shop.order.placed', { orderId: t.uuid(), quantity: t.int() });
const cancelled = event('shop.order.cancelled', { orderId: t.uuid() });

interface Sales {
  sales: { sku: string; quantity: number };
}
const create = async (_: Transaction<Sales>): Promise<void> => {};
const sales = sqlProjection('sales', { version: 1, create });

// @ts-expect-error without create there are no tables
sqlProjection('sales', { version: 1 });
// @ts-expect-error a version is a number
sqlProjection('sales', { version: '1', create });
// @ts-expect-error an order that there is not
sqlProjection('sales', { version: 1, create, order: 'position' });
// @ts-expect-error a recovery that is none of the closed set
sqlProjection('sales', { version: 1, create, recovery: { live: 'skip' } });
// @ts-expect-error a table that create does not know
sales.on(placed, async (_, db) => void (await db.insertInto('elsewhere').defaultValues().execute()));
// @ts-expect-error a column of another type
sales.on(placed, async (_, db) => void (await db.updateTable('sales').set({ quantity: 'one' }).execute()));
// @ts-expect-error a field that the event does not have
sales.on(placed, async ({ data }) => void data.sku);
// @ts-expect-error a handler must say when it is done
sales.on(placed, () => undefined);
// @ts-expect-error events of several types are told apart first
sales.batch([placed, cancelled], async (events) => void events.map(({ data }) => data.quantity));
// @ts-expect-error what is handled is an event type
sales.on('shop.order.placed', async () => {});
// @ts-expect-error rows are not folded here
sales.upsert(placed, () => ({}));
// @ts-expect-error a table of none of the projections that are read
readModels(pool, [sales]).selectFrom('elsewhere');
