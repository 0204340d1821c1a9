import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore } from '@leftfold/core';
import { postgres, sqlProjection, type PgPool } from '@leftfold/postgres';
import { follow, projection } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import type { QueryConfig } from 'pg';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';

const placed = event('shop.order.placed', { quantity: t.int() });
const changed = event('shop.order.changed', { quantity: t.int() });
interface Orders {
  orders: { id: string; changes: number; quantity: number };
}

/** Refuses what is negative until it is mended: a check of the table's does, and no handler knows of it. */
const ordersOf = (concurrency: number) =>
  sqlProjection(`orders-${concurrency}`, {
    version: 1,
    concurrency,
    create: async (db: Transaction<Orders>) =>
      void (await sql`create table orders (id text primary key, changes int not null, quantity int check (quantity >= 0))`.execute(
        db,
      )),
  })
    .batch([placed], async (events, db) => {
      const rows = events.map(({ stream, data }) => ({ id: stream.key, changes: 0, quantity: data.quantity }));
      await db.insertInto('orders').values(rows).execute();
    })
    .on(changed, async ({ stream, data }, db) => {
      const { numUpdatedRows } = await db
        .updateTable('orders')
        .set((eb) => ({ changes: eb('changes', '+', 1), quantity: data.quantity }))
        .where('id', '=', stream.key)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw new Error('changed before it was placed');
    });

const quantities = projection('quantities', {
  version: 1,
  key: 'id',
  row: { id: t.string(), quantity: t.int() },
}).insert(placed, ({ stream, data }) => ({ id: stream.key, quantity: data.quantity }));

async function append(
  store: EventStore,
  key: string,
  type: typeof placed | typeof changed,
  quantity: number,
): Promise<void> {
  const encoded = encodeEvent(type, type({ quantity }), uuidV7() as EventId, { correlationId: 'test' });
  await store.append([{ stream: streamRef('shop.order', key), expect: 'any', events: [encoded] }]);
}

test.each([1, 4])(
  'C5 C6 a statement that the database refuses parks its stream alone, and a retry after the fix gives the model as if nothing had happened (concurrency %i)',
  async (concurrency) => {
    const { storage, pool } = await testLog();
    const orders = ordersOf(concurrency);
    const keys = Array.from({ length: 25 }, (_, n) => `o${String(n).padStart(2, '0')}`);
    for (const key of keys) await append(storage.store, key, placed, 1);
    for (const key of keys) await append(storage.store, key, changed, key === 'o07' ? -5 : 2);
    await append(storage.store, 'o07', changed, 7);
    const running = await follow(orders, { from: storage.log, storage });
    try {
      await running.caughtUp();
      const stored = async (): Promise<readonly string[]> => {
        const text = `select concat_ws(' ', id, changes, quantity) as line from leftfold_orders_${concurrency}_v1.orders order by id`;
        return (await pool.query<{ line: string }>(text)).rows.map(({ line }) => line);
      };
      expect(await stored()).toEqual(keys.map((key) => (key === 'o07' ? `${key} 0 1` : `${key} 1 2`)));
      const [head] = await storage.parked.list({ limit: 5 });
      expect(head).toMatchObject({ key: 'stream/shop.order-o07', events: 2, cause: { code: '23514' } });
      if (head === undefined) throw new Error('it is parked');

      await pool.query(`alter table leftfold_orders_${concurrency}_v1.orders drop constraint orders_quantity_check`);
      await append(storage.store, 'o07', changed, 8);
      await storage.parked.request(head, { kind: 'retry', by: 'ops' });
      await eventually(async () => expect(await storage.parked.list({ limit: 5 })).toEqual([]));
      await running.caughtUp();
      expect(await stored()).toEqual(keys.map((key) => (key === 'o07' ? `${key} 3 8` : `${key} 1 2`)));
    } finally {
      await running.stop();
    }
  },
);

test.each([
  { of: 'SQL of its own', followed: ordersOf(1), trips: ['begin', 'update', 'set', 'insert', 'commit'] },
  { of: 'rows', followed: quantities, trips: ['begin', 'update', 'with', 'with', 'commit'] },
])(
  'nothing parked costs nothing: a batch with $of has five round trips in the whole loop, one event or many',
  async ({ followed, trips }) => {
    /** What was sent while a connection was lent, each time. */
    const lent: string[][] = [];
    const { storage, pool } = await testLog();
    await storage.readModels.prepare(followed.tables);
    const counting: PgPool = {
      async connect() {
        const client = await pool.connect();
        const sent: string[] = [];
        lent.push(sent);
        return {
          query: (query) => {
            sent.push(/\w+/.exec(query.text)?.[0] ?? '');
            return client.query(query as QueryConfig);
          },
          on: (name, listener) => client.on(name, listener),
          removeListener: (name, listener) => client.removeListener(name, listener),
          release: (destroy) => client.release(destroy),
        };
      },
    };
    const counted = postgres({ pool: counting, ...poolerOptions });
    for (const batch of [1, 60]) {
      for (let n = 0; n < batch; n++) await append(storage.store, `b${batch}-${n}`, placed, n);
      lent.length = 0;
      const running = await follow(followed, { from: counted.log, storage: counted });
      await running.caughtUp();
      await running.stop();
      // A connection that is lent for the first time is asked first where it leads to.
      const transactions = lent
        .filter((sent) => sent.includes('begin'))
        .map((sent) => sent.slice(sent.indexOf('begin')));
      expect(transactions).toEqual([trips]);
    }
  },
);
