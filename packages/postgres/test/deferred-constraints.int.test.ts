import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { sqlProjection, type PostgresStorage } from '@leftfold/postgres';
import { follow, followAll } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import { expect, test } from 'vitest';
import { testLog } from './fresh-log.ts';

const placed = event('shop.order.placed', { customer: t.string() });
interface Tables {
  orders: { id: string; customer: string };
}

/** Orders of customers that must be there at the end of a transaction; the row of a customer is made after that of his order. */
const ordersOf = (name: string, concurrency: number) =>
  sqlProjection(name, {
    version: 1,
    concurrency,
    create: async (db: Transaction<Tables>) => {
      await sql`create table customers (id text primary key)`.execute(db);
      await sql`create table orders (id text primary key, customer text not null
        references customers (id) deferrable initially deferred)`.execute(db);
    },
  }).on(placed, async ({ stream, data: { customer } }, db) => {
    await db.insertInto('orders').values({ id: stream.key, customer }).execute();
    if (customer !== 'nobody') await sql`insert into customers values (${customer}) on conflict do nothing`.execute(db);
  });

async function append({ store }: Pick<PostgresStorage, 'store'>, key: string, customer: string): Promise<void> {
  const encoded = encodeEvent(placed, placed({ customer }), uuidV7() as EventId, { correlationId: 'test' });
  await store.append([{ stream: streamRef('shop.order', key), expect: 'any', events: [encoded] }]);
}

test.each([1, 4])(
  'C5 C6 an event against a deferred constraint, which COMMIT alone refuses, parks its stream, and all others go on (concurrency %i)',
  async (concurrency) => {
    const { storage, pool } = await testLog();
    for (let n = 10; n < 40; n++) await append(storage, `o${n}`, n % 10 === 7 ? 'nobody' : `c${n}`);
    const running = await follow(ordersOf('orders', concurrency), { from: storage.log, storage });
    try {
      await running.caughtUp();
      const stored = async (): Promise<readonly string[]> => {
        const { rows } = await pool.query<{ id: string }>('select id from leftfold_orders_v1.orders order by id');
        return rows.map(({ id }) => id);
      };
      const all = Array.from({ length: 30 }, (_, n) => `o${n + 10}`);
      expect(await stored()).toEqual(all.filter((id) => !id.endsWith('7')));
      const heads = await storage.parked.list({ limit: 5 });
      expect(heads.map(({ key, cause: { code } }) => `${key} ${code}`)).toEqual(
        ['o17', 'o27', 'o37'].map((id) => `stream/shop.order-${id} 23503`),
      );
      // It fails once more, as it did before, and is whole when the cause is mended.
      const [first] = heads;
      if (first === undefined) throw new Error('it is parked');
      await storage.parked.request(first, { kind: 'retry', by: 'ops' });
      await eventually(async () => expect((await storage.parked.list({ limit: 1 }))[0]?.attempts).toBe(2));
      await pool.query(`insert into leftfold_orders_v1.customers values ('nobody')`);
      for (const head of heads) await storage.parked.request(head, { kind: 'retry', by: 'ops' });
      await eventually(async () => expect(await storage.parked.list({ limit: 5 })).toEqual([]));
      expect(await stored()).toEqual(all);
    } finally {
      await running.stop();
    }
  },
);

test('C6 who shares a transaction with one whose deferred constraint refuses it loses nothing by it', async () => {
  const { storage, pool } = await testLog();
  for (let n = 10; n < 20; n++) await append(storage, `o${n}`, n === 14 ? 'nobody' : 'c');
  const others = sqlProjection('others', {
    version: 1,
    create: async (db: Transaction<Tables>) => void (await sql`create table seen (id text)`.execute(db)),
  }).on(placed, async ({ stream }, db) => void (await sql`insert into seen values (${stream.key})`.execute(db)));
  const running = await followAll([ordersOf('orders', 1), others], { from: storage.log, storage });
  try {
    for (const one of running) await one.caughtUp();
    const { rows } = await pool.query<{ seen: bigint; orders: bigint }>(
      `select (select count(*) from leftfold_others_v1.seen)::int as seen, (select count(*) from leftfold_orders_v1.orders)::int as orders`,
    );
    expect(rows).toEqual([{ seen: 10, orders: 9 }]);
    expect(await storage.parked.list({ limit: 5 })).toMatchObject([{ key: 'stream/shop.order-o14' }]);
  } finally {
    for (const one of running) await one.stop();
  }
});
