// Projections with SQL of their own: the corners that must compile, and the types they have.
import { event, t, type RecordedOf } from '@leftfold/core';
import { readModels, sqlProjection, type PgPool, type SqlProjection } from '@leftfold/postgres';
import { follow, projection, retry, stop } from '@leftfold/subscriptions';
import type { AnyProjection, HandledBy, Source, Storage, TablesOf } from '@leftfold/subscriptions';
import { sql, type Generated, type Transaction } from 'kysely';

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differs: A; from: B };
const same = <A, B>(_: Same<A, B>): void => undefined;
declare const storage: Storage;
declare const source: Source;
declare const pool: PgPool;

const Line = t.record('Line', { sku: t.string(), quantity: t.int() });
const placed = event('shop.order.placed', { orderId: t.uuid(), lines: t.array(Line) });
const cancelled = event('shop.order.cancelled', { orderId: t.uuid(), reason: t.string() });

interface Sales {
  sales_by_sku: { id: Generated<number>; sku: string; day: Date; quantity: number };
}
const create = async (db: Transaction<Sales>): Promise<void> => {
  await db.schema.createTable('sales_by_sku').addColumn('sku', 'text').execute();
};

// The tables' types come from the annotated parameter of `create`; the name is a literal
const empty = sqlProjection('sales-by-sku', { version: 3, create });
same<typeof empty, SqlProjection<'sales-by-sku', Sales>>(true);
same<TablesOf<typeof empty>, Sales>(true);
same<HandledBy<typeof empty>, never>(true);

const sales = sqlProjection('sales-by-sku', {
  version: 3,
  order: 'any',
  create,
  concurrency: 4,
  recovery: { live: retry({ times: 5, backoffMs: 200, then: 'park' }), rebuild: stop() },
})
  .batch([placed], async (events, db) => {
    same<typeof events, readonly RecordedOf<typeof placed>[]>(true);
    same<typeof db, Transaction<Sales>>(true);
    const lines = events.flatMap(({ data, recordedAt }) =>
      data.lines.map(({ sku, quantity }) => ({ sku, quantity, day: recordedAt })),
    );
    await db
      .insertInto('sales_by_sku')
      .values(lines)
      .onConflict((c) =>
        c.columns(['sku', 'day']).doUpdateSet({ quantity: sql`sales_by_sku.quantity + excluded.quantity` }),
      )
      .execute();
  })
  .on(cancelled, async ({ data, stream, position }, db) => {
    data.reason satisfies string;
    stream.key satisfies string;
    position satisfies bigint;
    await db.deleteFrom('sales_by_sku').where('sku', '=', data.orderId).execute();
  });
same<HandledBy<typeof sales>, typeof placed | typeof cancelled>(true);

// Of several types a batch is told apart by `type`
sqlProjection('both', { version: 1, create }).batch([placed, cancelled], async (events) => {
  for (const each of events) {
    if (each.type === 'shop.order.placed') each.data.lines satisfies readonly unknown[];
    else each.data.reason satisfies string;
  }
});

// It is a projection like any other, and is read beside rows that are folded
sales satisfies AnyProjection;
await follow(sales, { from: source, storage });
const orders = projection('orders', { version: 1, key: 'order_id', row: { order_id: t.uuid() } });
const db = readModels(pool, [orders, sales]);
(await db.selectFrom('sales_by_sku').select(['sku', 'day']).executeTakeFirstOrThrow()).day satisfies Date;
(await db.selectFrom('orders').select('order_id').executeTakeFirstOrThrow()).order_id satisfies string;
