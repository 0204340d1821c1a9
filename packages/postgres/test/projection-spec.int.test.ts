import { event, t } from '@leftfold/core';
import { sqlProjection } from '@leftfold/postgres';
import { projection } from '@leftfold/subscriptions';
import { inStream, projectionSpec } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

// Specs on a real Postgres: the same loop, real transactions, and statements of a projection's own.

const placed = event('shop.order.placed', { orderId: t.string(), sku: t.string(), quantity: t.int() });
const returned = event('shop.order.returned', { orderId: t.string(), sku: t.string(), quantity: t.int() });

interface Sales {
  sales_by_sku: { sku: string; quantity: number; events: number };
}
const salesBySku = sqlProjection('sales-by-sku', {
  version: 1,
  order: 'any',
  create: async (db: Transaction<Sales>) => {
    await db.schema
      .createTable('sales_by_sku')
      .addColumn('sku', 'text', (column) => column.primaryKey())
      .addColumn('quantity', 'integer', (column) => column.notNull().check(sql`quantity > -100`))
      .addColumn('events', 'integer', (column) => column.notNull())
      .execute();
  },
})
  .batch([placed], async (events, db) => {
    for (const { data } of events) await sell(db, data.sku, data.quantity);
  })
  .on(returned, async ({ data }, db) => sell(db, data.sku, -data.quantity));

async function sell(db: Transaction<Sales>, sku: string, quantity: number): Promise<void> {
  await db
    .insertInto('sales_by_sku')
    .values({ sku, quantity, events: 1 })
    .onConflict((conflict) =>
      conflict.column('sku').doUpdateSet({
        quantity: sql`sales_by_sku.quantity + excluded.quantity`,
        events: sql`sales_by_sku.events + 1`,
      }),
    )
    .execute();
}

/** Each event must come once, and in its turn. */
const orders = projection('order-states', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.string(), quantity: t.int(), path: t.string() },
})
  .insert(placed, ({ data }) => ({ order_id: data.orderId, quantity: data.quantity, path: 'p' }))
  .update(returned, (row, { data }) => ({ quantity: row.quantity - data.quantity, path: `${row.path}r` }));

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

const given = [
  placed({ orderId: '1', sku: 'cup', quantity: 3 }),
  placed({ orderId: '2', sku: 'cup', quantity: 4 }),
  returned({ orderId: '1', sku: 'cup', quantity: 1 }),
  placed({ orderId: '3', sku: 'mug', quantity: 5 }),
  returned({ orderId: '3', sku: 'mug', quantity: 5 }),
  returned({ orderId: '2', sku: 'cup', quantity: 2 }),
];

test('C4 a projection with statements of its own makes the same rows in any order, cut anywhere, with crashes between any two steps', () =>
  projectionSpec(salesBySku, { on: log.storage })
    .given(...given)
    .permuted({ runs: 12 })
    .thenRows(
      (db) => db.selectFrom('sales_by_sku').selectAll().execute(),
      [
        { sku: 'cup', quantity: 4, events: 4 },
        { sku: 'mug', quantity: 0, events: 2 },
      ],
    ));

test('C4 rows of one stream, on Postgres: the same in any order of streams, with crashes and events that come twice', () =>
  projectionSpec(orders, { on: log.storage })
    .given(...given)
    .permuted({ runs: 12 })
    .thenRows([
      { order_id: '1', quantity: 2, path: 'pr' },
      { order_id: '2', quantity: 2, path: 'pr' },
      { order_id: '3', quantity: 0, path: 'pr' },
    ]));

test('C6 a statement that the database refuses parks its stream with all that follows, and the others are applied', () =>
  projectionSpec(salesBySku, { on: log.storage })
    .given(
      placed({ orderId: '1', sku: 'cup', quantity: 3 }),
      placed({ orderId: '2', sku: 'pot', quantity: -500 }),
      placed({ orderId: '3', sku: 'cup', quantity: 4 }),
      returned({ orderId: '2', sku: 'cup', quantity: 1 }),
    )
    .thenParked('23514', '2')
    .thenRows(
      (db) => db.selectFrom('sales_by_sku').select(['sku', 'quantity']).execute(),
      [{ sku: 'cup', quantity: 7 }],
    ));

test('statements whose effect depends on the order of streams are found out, with a seed that shows it again', async () => {
  const lastSold = sqlProjection('last-sold', {
    version: 1,
    order: 'any',
    create: async (db: Transaction<{ last_sold: { sku: string; order_id: string } }>) => {
      await db.schema
        .createTable('last_sold')
        .addColumn('sku', 'text', (column) => column.primaryKey())
        .addColumn('order_id', 'text')
        .execute();
    },
  }).on(placed, async ({ data }, db) => {
    await db
      .insertInto('last_sold')
      .values({ sku: data.sku, order_id: data.orderId })
      .onConflict((conflict) => conflict.column('sku').doUpdateSet({ order_id: data.orderId }))
      .execute();
  });
  const check = projectionSpec(lastSold, { on: log.storage })
    .given(...['1', '2', '3'].map((orderId) => inStream(orderId, placed({ orderId, sku: 'cup', quantity: 1 }))))
    .permuted({ seed: 1, runs: 12 })
    .thenRows((db) => db.selectFrom('last_sold').selectAll().execute(), [{ sku: 'cup', order_id: '3' }]);
  await expect(check).rejects.toThrow(/^other rows with permuted\(\{ seed: \d+, runs: 1 \}\), as /);
});
