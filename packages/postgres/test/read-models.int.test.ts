import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import { sql, type QueryExecutorProvider } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { Pool, types } from 'pg';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test, vi } from 'vitest';
import type { PgPool } from '../src/pool.ts';
import { readModels } from '../src/read-models/read-models.ts';
import { openFixture, Owner, type Fixture } from './read-model-fixture.ts';

const orderSummary = projection('order-summary', {
  version: 2,
  key: 'order_id',
  row: {
    order_id: t.string(),
    customer_id: t.string(),
    paid_cents: t.integer(),
    big: t.nullable(t.long()),
    placed_at: t.timestampMillis(),
    price: t.decimal(10, 2),
    receipt: t.bytes(),
    day: t.date(),
    is_open: t.boolean(),
    lines: t.array(t.record('Line', { sku: t.string(), cents: t.integer() })),
  },
});
const customerTotals = projection('customer-totals', {
  version: 1,
  key: 'customer_id',
  row: { customer_id: t.string(), paid_cents: t.long(), orders: t.integer() },
  order: 'any',
});

const PLACED = new Date('2026-11-22T07:32:00.123Z');
const BIG = 2n ** 62n;
const order = {
  order_id: 'o1',
  customer_id: 'c1',
  paid_cents: 9007199254740991,
  big: BIG,
  placed_at: PLACED,
  price: '12.50',
  receipt: new Uint8Array([0, 255]),
  day: '2026-11-22',
  is_open: true,
  lines: [{ sku: 's', cents: '3' }],
} as const;

let fixture: Fixture;
const open = () => readModels(fixture.pool, [orderSummary, customerTotals]);
let db: ReturnType<typeof open>;
beforeAll(async () => {
  fixture = await openFixture();
  for (const { rowTable } of [orderSummary, customerTotals]) await fixture.readModels.prepare(rowTable);
  const orders = await Owner.of(fixture, orderSummary.rowTable, '0');
  await orders.batch((tx) =>
    tx.write(
      orderSummary.rowTable,
      ['o1', 'o2'].map((key) => ({
        tenant: '',
        key,
        row: { ...order, order_id: key, big: key === 'o1' ? BIG : null },
        streamVersion: 5n,
        existed: false,
      })),
    ),
  );
  const customers = await Owner.of(fixture, customerTotals.rowTable, '0');
  const total = { customer_id: 'c1', paid_cents: BIG, orders: 2 };
  await customers.batch((tx) =>
    tx.write(customerTotals.rowTable, [{ tenant: '', key: 'c1', row: total, streamVersion: 0n, existed: false }]),
  );
  db = open();
});
afterAll(() => fixture.close());

describe('values come as the row says', () => {
  test('of a whole row, without the tenant, with the version of its stream', async () => {
    const rows = await db.selectFrom('order_summary').selectAll().orderBy('order_id').execute();
    expect(rows[0]).toStrictEqual({ ...order, _stream_version: 5n });
    expect(rows[1]?.big).toBeNull();
    type Read = (typeof rows)[number];
    expectTypeOf<Read['paid_cents']>().toEqualTypeOf<number>();
    expectTypeOf<Read['big']>().toEqualTypeOf<bigint | null>();
    expectTypeOf<Read['placed_at']>().toEqualTypeOf<Date>();
    expectTypeOf<Read['price']>().toEqualTypeOf<`${number}`>();
    expectTypeOf<Read['lines'][0]['cents']>().toEqualTypeOf<`${bigint}`>();
    expectTypeOf<Read['_stream_version']>().toExtend<bigint>();
    expectTypeOf<keyof Read>().toEqualTypeOf<keyof typeof order | '_stream_version'>();
  });

  test('through aliases, joins, subqueries, with, unions and returning', async () => {
    const aliased = db
      .selectFrom('order_summary as o')
      .select(['o.paid_cents as a', 'o.big as b'])
      .where('order_id', '=', 'o1');
    expect(await aliased.executeTakeFirst()).toStrictEqual({ a: 9007199254740991, b: BIG });
    const joined = db
      .selectFrom('order_summary as o')
      .innerJoin('customer_totals as c', 'c.customer_id', 'o.customer_id')
      .select(['o.paid_cents', 'c.paid_cents as total', 'c.orders', 'o.placed_at as at'])
      .where('o.order_id', '=', 'o1');
    expect(await joined.executeTakeFirst()).toStrictEqual({
      paid_cents: 9007199254740991,
      total: BIG,
      orders: 2,
      at: PLACED,
    });
    const inner = db.selectFrom((eb) =>
      eb.selectFrom('order_summary').select(['paid_cents as p', 'receipt as r']).as('s'),
    );
    expect(await inner.selectAll().executeTakeFirst()).toStrictEqual({ p: 9007199254740991, r: order.receipt });
    const named = db.with('mine', (q) => q.selectFrom('customer_totals').select(['orders as n', 'paid_cents as p']));
    expect(await named.selectFrom('mine').selectAll().execute()).toStrictEqual([{ n: 2, p: BIG }]);
    const returned = await db
      .updateTable('customer_totals')
      .set({ orders: 2 })
      .returning(['orders', 'paid_cents'])
      .execute();
    expect(returned).toStrictEqual([{ orders: 2, paid_cents: BIG }]);
  });

  test('of two columns of one name, of the last, as in the row', async () => {
    const both = db
      .selectFrom('order_summary as o')
      .innerJoin('customer_totals as c', 'c.customer_id', 'o.customer_id')
      .where('o.order_id', '=', 'o1');
    const last = await both.selectAll('o').selectAll('c').executeTakeFirst();
    expect(last).toStrictEqual({ ...order, _stream_version: 5n, paid_cents: BIG, orders: 2 });
    const first = await both.selectAll('c').selectAll('o').executeTakeFirst();
    expect(first).toStrictEqual({ ...order, _stream_version: 5n, orders: 2 });
  });

  test('of what is calculated, an int8 is a bigint and a numeric its text', async () => {
    const calculated = db
      .selectFrom('order_summary')
      .select((eb) => [
        eb.fn.countAll().as('count'),
        eb.fn.max('paid_cents').as('max'),
        eb.fn.sum('paid_cents').as('sum'),
        sql<unknown>`1::int8`.as('one'),
        sql<unknown>`array_agg(order_id order by order_id)`.as('ids'),
        sql<unknown>`null::int8`.as('none'),
      ]);
    expect(await calculated.executeTakeFirst()).toStrictEqual({
      count: 2n,
      max: 9007199254740991n,
      sum: '18014398509481982',
      one: 1n,
      ids: ['o1', 'o2'],
      none: null,
    });
  });

  test('inside JSON that a query builds, as JSON', async () => {
    const nested = db
      .selectFrom('customer_totals as c')
      .select((eb) =>
        jsonArrayFrom(
          eb
            .selectFrom('order_summary as o')
            .select(['o.order_id', 'o.is_open'])
            .whereRef('o.customer_id', '=', 'c.customer_id')
            .orderBy('o.order_id'),
        ).as('list'),
      );
    expect(await nested.executeTakeFirst()).toStrictEqual({
      list: [
        { order_id: 'o1', is_open: true },
        { order_id: 'o2', is_open: true },
      ],
    });
  });

  test('an integer that somebody made too large is refused, and the connection is good for the next query', async () => {
    await db.transaction().execute(async (trx) => {
      await sql`update leftfold_order_summary_v2.order_summary set paid_cents = 9007199254740992`.execute(trx);
      await expect(trx.selectFrom('order_summary').select('paid_cents').execute()).rejects.toMatchObject({
        code: 'LF_COLUMN_UNREADABLE',
      });
      expect(await trx.selectFrom('customer_totals').select('orders').execute()).toEqual([{ orders: 2 }]);
      await sql`update leftfold_order_summary_v2.order_summary set paid_cents = 9007199254740991`.execute(trx);
    });
  });

  test('the tenant is there when it is asked for under another name', async () => {
    const rows = await db
      .selectFrom('order_summary')
      .select(['order_id', sql`_tenant`.as('tenant')])
      .limit(1)
      .execute();
    expect(rows).toStrictEqual([{ order_id: 'o1', tenant: '' }]);
  });

  test('of tables that were dropped and made again', async () => {
    const again = projection('made-again', {
      version: 1,
      key: 'id',
      row: { id: t.string(), n: t.integer() },
      order: 'any',
    });
    const reader = readModels(fixture.pool, [again]);
    for (let round = 1; round <= 2; round++) {
      await fixture.readModels.prepare(again.rowTable);
      await fixture.onlooker.query(`insert into leftfold_made_again_v1.made_again values ('', 'id', ${round})`);
      expect(await reader.selectFrom('made_again').selectAll().execute()).toStrictEqual([{ id: 'id', n: round }]);
      await fixture.onlooker.query('drop schema leftfold_made_again_v1 cascade');
    }
  });

  test('of tables of the caller’s own, beside ours', async () => {
    await fixture.onlooker.query(`create table if not exists own (order_id text, n int8, span interval)`);
    await fixture.onlooker.query(`insert into own values ('o1', 5, '1 day')`);
    const beside = db.$extendTables<{ own: { order_id: string; n: bigint; span: unknown } }>();
    const rows = beside
      .selectFrom('own')
      .innerJoin('order_summary as o', 'o.order_id', 'own.order_id')
      .select(['n', 'paid_cents', 'span']);
    expect(await rows.execute()).toEqual([{ n: 5n, paid_cents: 9007199254740991, span: { days: 1 } }]);
  });
});

describe('the pool', () => {
  test('keeps its own parsers, and gives them what we do not know', async () => {
    const text =
      'select order_id, paid_cents, placed_at, big, _tenant from leftfold_order_summary_v2.order_summary limit 1';
    const before = await fixture.pool.query(text);
    await db.selectFrom('order_summary').selectAll().execute();
    expect((await fixture.pool.query(text)).rows).toEqual(before.rows);
    expect(before.rows[0]).toMatchObject({ paid_cents: '9007199254740991', big: String(BIG), _tenant: '' });

    const own = new Pool({
      ...(fixture.pool.options as object),
      types: {
        getTypeParser: (oid: number): ((value: string) => unknown) =>
          oid === 20 || oid === 1186
            ? (value) => `own ${value}`
            : (types.getTypeParser(oid) as (value: string) => unknown),
      },
    });
    const reader = readModels(own, [orderSummary]);
    const row = await reader
      .selectFrom('order_summary')
      .select(['paid_cents', sql`'1 day'::interval`.as('span')])
      .executeTakeFirst();
    expect(row).toEqual({ paid_cents: 9007199254740991, span: 'own 1 day' });
    await own.end();
  });

  test('has all its connections back, and stays open, whatever becomes of Kysely', async () => {
    const reader = open();
    await Promise.all(Array.from({ length: 20 }, () => reader.selectFrom('order_summary').selectAll().execute()));
    await expect(
      reader
        .selectFrom('order_summary')
        .select(sql`1 / 0`.as('x'))
        .execute(),
    ).rejects.toMatchObject({ code: '22012' });
    await reader.destroy();
    expect(fixture.pool.idleCount).toBe(fixture.pool.totalCount);
    await fixture.pool.query('select 1');
  });

  test('P1 a connection that dies inside a transaction is closed, one of a query that failed is not', async () => {
    const released: (boolean | Error | undefined)[] = [];
    const watched: PgPool = {
      async connect() {
        const client = await fixture.pool.connect();
        const release = client.release.bind(client);
        client.release = (destroy) => {
          released.push(destroy);
          release(destroy);
        };
        return client;
      },
    };
    const reader = readModels(watched, [orderSummary]);
    await expect(sql`select 1 / 0`.execute(reader)).rejects.toMatchObject({ code: '22012' });
    expect(released).toEqual([false]);
    const cut = reader.transaction().execute(async (trx) => {
      await end(trx);
      await trx.selectFrom('order_summary').selectAll().execute();
    });
    await expect(cut).rejects.toThrow(/terminat|connection/i);
    expect(released).toEqual([false, true]);
    const refused = reader.transaction().execute(async (trx) => {
      await sql`create temporary table late (n int unique deferrable initially deferred) on commit drop`.execute(trx);
      await sql`insert into late values (1), (1)`.execute(trx);
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    expect(released).toEqual([false, true, true]);
  });

  test('P1 a connection that dies between two queries does not end the process', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    await db.connection().execute(async (one) => {
      await end(one);
      // Until the driver has heard of it there is no query of ours that could fail.
      const there = () => one.selectFrom('order_summary').select('order_id').execute();
      await expect
        .poll(() =>
          there().then(
            () => 'there',
            () => 'gone',
          ),
        )
        .toBe('gone');
    });
    process.off('uncaughtException', note);
    expect(uncaught).toEqual([]);
    await db.selectFrom('order_summary').select('order_id').execute();
  });
});

/** Ends the session of this connection, as a fail-over does. */
async function end(connection: QueryExecutorProvider): Promise<void> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(connection);
  await fixture.onlooker.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
}

describe('Kysely', () => {
  test('commits and rolls back', async () => {
    const one = db.updateTable('customer_totals').set({ orders: 3 });
    await expect(
      db.transaction().execute(async (trx) => {
        await trx.updateTable('customer_totals').set({ orders: 3 }).execute();
        expect(await trx.selectFrom('customer_totals').select('orders').execute()).toEqual([{ orders: 3 }]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await db.selectFrom('customer_totals').select('orders').execute()).toEqual([{ orders: 2 }]);
    expect((await one.executeTakeFirst()).numUpdatedRows).toBe(1n);
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .execute((trx) => trx.updateTable('customer_totals').set({ orders: 2 }).execute());
    expect(await db.selectFrom('customer_totals').select('orders').execute()).toEqual([{ orders: 2 }]);
  });

  test('cancels a query on the server when its signal aborts', async () => {
    // Kysely says aloud that the query it cancelled has failed.
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const controller = new AbortController();
    const sleeping = sql`select pg_sleep(600), 'to be cancelled'`.execute(db, {
      signal: controller.signal,
      inflightQueryAbortStrategy: 'cancel query',
    });
    const running = () =>
      fixture.onlooker
        .query(
          `select 1 from pg_stat_activity where state = 'active' and query like '%to be cancelled%' and pid <> pg_backend_pid()`,
        )
        .then(({ rowCount }) => rowCount);
    await expect.poll(running).toBe(1);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect.poll(running).toBe(0);
    await expect.poll(() => said.mock.calls.length).toBe(1);
    said.mockRestore();
    await expect.poll(() => fixture.pool.idleCount).toBe(fixture.pool.totalCount);
  });

  test('says what it lacks when asked to stream without a cursor', async () => {
    const stream = db.selectFrom('order_summary').selectAll().stream();
    await expect(stream.next()).rejects.toThrow(/cursor/);
  });
});

test('two versions of a projection cannot be read under one name', () => {
  const newer = projection('order-summary', { version: 3, key: 'order_id', row: orderSummary.row });
  expect(() => readModels(fixture.pool, [orderSummary, newer])).toThrow(
    expect.objectContaining({ code: 'LF_ROW_TABLE_AMBIGUOUS' }) as Error,
  );
});
