import { event, t } from '@leftfold/core';
import type { AnyProjection, FoldEvent, OwnProjection } from '@leftfold/subscriptions';
import { readModels, sqlProjection } from '@leftfold/postgres';
import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFixture, Owner, type Fixture } from './read-model-fixture.ts';
import { streamEvent } from './stream-events.ts';

const placed = event('shop.order.placed', { sku: t.string(), quantity: t.int() });
const cancelled = event('shop.order.cancelled', { sku: t.string() });

interface Sales {
  sales: { sku: string; quantity: number; day: Date; total: bigint; note: unknown; at: Date };
}
const columns = async (db: Transaction<Sales>): Promise<void> => {
  await db.schema
    .createTable('sales')
    .addColumn('sku', 'text', (column) => column.primaryKey())
    .addColumn('quantity', 'integer', (column) => column.notNull())
    .addColumn('day', 'date')
    .addColumn('total', 'bigint')
    .addColumn('note', 'jsonb')
    .addColumn('at', 'timestamptz')
    .execute();
};

let fixture: Fixture;
let lane = 0;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

/** Events as the loop hands them over, each `[stream, version, type, payload]`. */
const given = (...events: readonly (readonly [string, number, { readonly type: string }, unknown])[]): FoldEvent[] =>
  events.map(([key, version, { type }, data], n) => streamEvent(type, { key, version, data, position: n + 1 }));

async function ownerOf(projection: AnyProjection): Promise<Owner> {
  await fixture.readModels.prepare(projection.tables);
  return Owner.follower(fixture, projection, String(++lane));
}
const asOwn = (projection: AnyProjection): OwnProjection => projection as OwnProjection;
const rows = async (schema: string, what = 'sku, quantity'): Promise<unknown[]> =>
  (await fixture.onlooker.query<object>(`select ${what} from leftfold_${schema}.sales order by sku`)).rows;

describe('a projection with SQL of its own', () => {
  test('makes its tables once per version, in the schema of that version, and whoever else prepares it waits', async () => {
    let calls = 0;
    const make = (version: number) =>
      sqlProjection('made-once', {
        version,
        create: async (db: Transaction<Sales>) => {
          calls += 1;
          await columns(db);
        },
      });
    await Promise.all([1, 2, 3].map(() => fixture.readModels.prepare(make(1).tables)));
    await fixture.readModels.prepare(make(1).tables);
    expect(calls).toBe(1);
    await fixture.readModels.prepare(make(2).tables);
    expect([await rows('made_once_v1'), await rows('made_once_v2')]).toEqual([[], []]);
  });

  test('leaves nothing of a create that fails, and lets the next one run', async () => {
    let isMistaken = true;
    const halfMade = sqlProjection('half-made', {
      version: 1,
      create: async (db: Transaction<Sales>) => {
        await columns(db);
        if (isMistaken) await sql`select no_such_function()`.execute(db);
      },
    });
    await expect(fixture.readModels.prepare(halfMade.tables)).rejects.toMatchObject({ code: '42883' });
    isMistaken = false;
    await fixture.readModels.prepare(halfMade.tables);
    expect(await rows('half_made_v1')).toEqual([]);
  });

  test('C4 commits what its handlers write together with the checkpoint, or neither', async () => {
    const sales = sqlProjection('atomic', { version: 1, create: columns }).batch([placed], async (events, db) => {
      const values = events.map(({ data }) => ({ sku: data.sku, quantity: data.quantity }) as never);
      await db.insertInto('sales').values(values).execute();
    });
    const owner = await ownerOf(sales);
    const events = given(['a', 1, placed, { sku: 'x', quantity: 1 }]);
    const failing = owner.batch(async (tx) => {
      await asOwn(sales).apply(tx, events);
      expect(await rows('atomic_v1')).toEqual([]);
      throw new RangeError('after the handlers');
    });
    await expect(failing).rejects.toThrow('after the handlers');
    expect([await rows('atomic_v1'), await owner.cursor()]).toEqual([[], 'start']);
    await owner.batch((tx) => asOwn(sales).apply(tx, events));
    expect(await rows('atomic_v1')).toEqual([{ sku: 'x', quantity: 1 }]);
    expect(await owner.cursor()).not.toBe('start');
  });

  test('C4 fails with a statement that nobody awaited, and with one whose failure was swallowed', async () => {
    for (const [name, careless] of [
      ['unawaited', (db: Transaction<Sales>) => void sql`select 1 / 0`.execute(db).catch(() => undefined)],
      ['swallowed', (db: Transaction<Sales>) => sql`select 1 / 0`.execute(db).catch(() => undefined)],
    ] as const) {
      const sales = sqlProjection(name, { version: 1, create: columns }).on(placed, async ({ data }, db) => {
        await sql`insert into sales (sku, quantity) values (${data.sku}, 1)`.execute(db);
        await careless(db);
      });
      const owner = await ownerOf(sales);
      const batch = owner.batch((tx) => asOwn(sales).apply(tx, given(['a', 1, placed, { sku: 'x', quantity: 1 }])));
      await expect(batch).rejects.toMatchObject({ code: '22012' });
      expect([await rows(`${name}_v1`), await owner.cursor()]).toEqual([[], 'start']);
    }
  });

  test('C4 cannot end the transaction, also not behind a comment, but may use savepoints', async () => {
    const sales = sqlProjection('no-end', { version: 1, create: columns });
    const owner = await ownerOf(sales);
    for (const text of [
      'commit',
      ' /* so */ ROLLBACK',
      '-- so\nend',
      'begin',
      'start  transaction',
      'abort',
      "prepare transaction 'x'",
      ';commit',
      '-- so\rcommit',
    ]) {
      const ending = owner.batch(async (tx) => {
        const db = tx.own(sales.tables) as Transaction<Sales>;
        await sql.raw(text).execute(db);
      });
      await expect(ending).rejects.toMatchObject({ code: 'LF_SQL_ENDS_TRANSACTION' });
    }
    const behind = owner.batch(async (tx) => {
      await sql`insert into sales (sku, quantity) values ('behind', 1); commit`.execute(tx.own(sales.tables) as never);
    });
    await expect(behind).rejects.toMatchObject({ code: '42601' });
    await owner.batch(async (tx) => {
      const db = tx.own(sales.tables) as Transaction<Sales>;
      await sql`savepoint mine`.execute(db);
      await sql`insert into sales (sku, quantity) values ('taken back', 1)`.execute(db);
      await sql`rollback to savepoint mine`.execute(db);
      await sql`insert into sales (sku, quantity) values ('kept', 1)`.execute(db);
    });
    expect(await rows('no_end_v1')).toEqual([{ sku: 'kept', quantity: 1 }]);
  });

  test('refuses statements that come when the handler has ended: they would run in somebody else’s transaction', async () => {
    const sales = sqlProjection('too-late', { version: 1, create: columns });
    const owner = await ownerOf(sales);
    const db = await owner.batch(async (tx) => tx.own(sales.tables) as Transaction<Sales>);
    await expect(db.selectFrom('sales').selectAll().execute()).rejects.toMatchObject({ code: 'LF_SQL_TOO_LATE' });
  });

  test('reads and writes values as read models do, a date as a day in UTC, and leaves the pool’s parsers alone', async () => {
    const sales = sqlProjection('values', { version: 1, create: columns });
    const owner = await ownerOf(sales);
    const at = new Date('2026-03-01T23:30:00.123Z');
    const row = { sku: 'x', quantity: 3, day: at, total: 2n ** 62n, note: { lines: ['1'] }, at };
    const seen = await owner.batch(async (tx) => {
      const db = tx.own(sales.tables) as Transaction<Sales>;
      const written = await db.insertInto('sales').values(row).executeTakeFirst();
      expect(written.numInsertedOrUpdatedRows).toBe(1n);
      const updated = await db.updateTable('sales').set({ quantity: 4 }).executeTakeFirst();
      expect(updated.numUpdatedRows).toBe(1n);
      const [read] = await db.selectFrom('sales').selectAll().execute();
      const streamed = await Array.fromAsync(db.selectFrom('sales').select('total').stream());
      expect(streamed).toEqual([{ total: row.total }]);
      const days = [new Date('-000043-03-15T12:00:00Z'), new Date('+012026-01-01T00:00:00Z')];
      const { rows: found } = await sql<{
        text: string;
      }>`select array_to_string(${days}::timestamptz[], '|') as text`.execute(db);
      expect(found[0]?.text).toMatch(/^0044-03-15 12:00:00\+00 BC\|12026-01-01 00:00:00\+00$/);
      return read;
    });
    const expected = { ...row, quantity: 4, day: new Date('2026-03-01T00:00:00.000Z') };
    expect(seen).toEqual(expected);
    expect(await readModels(fixture.pool, [sales]).selectFrom('sales').selectAll().execute()).toEqual([expected]);
    const { rows: plain } = await fixture.pool.query<{ total: unknown }>('select total from leftfold_values_v1.sales');
    expect(plain).toEqual([{ total: String(row.total) }]);
  });

  test('finds its own tables first, and what the connection finds besides, to the end of the transaction', async () => {
    await fixture.onlooker.query('create table public.rates (percent int); insert into public.rates values (7)');
    const sales = sqlProjection('own-path', { version: 1, create: columns });
    const owner = await ownerOf(sales);
    await owner.batch(async (tx) => {
      const db = tx.own(sales.tables) as Transaction<Sales>;
      await sql`insert into sales (sku, quantity) select 'x', percent from rates`.execute(db);
    });
    expect(await rows('own_path_v1')).toEqual([{ sku: 'x', quantity: 7 }]);
    const paths = await Promise.all(
      Array.from(
        { length: 12 },
        async () => (await fixture.pool.query<{ search_path: string }>('show search_path')).rows,
      ),
    );
    expect(new Set(paths.flat().map(({ search_path: path }) => path))).toEqual(new Set(['"$user", public']));
  });

  test('keeps its path after an attempt that was taken back', async () => {
    const sales = sqlProjection('path-kept', { version: 1, create: columns });
    const owner = await ownerOf(sales);
    await owner.batch(async (tx) => {
      const insert = (sku: string): Promise<unknown> =>
        sql`insert into sales (sku, quantity) values (${sku}, 1)`.execute(tx.own(sales.tables) as Transaction<Sales>);
      const failing = tx.attempt(async () => {
        await insert('taken back');
        await insert('taken back');
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      await insert('kept');
    });
    expect(await rows('path_kept_v1')).toEqual([{ sku: 'kept', quantity: 1 }]);
  });

  test('calls a batch handler once for all streams, and more often only where a stream alternates', async () => {
    const calls: string[] = [];
    const sales = sqlProjection('calls', { version: 1, create: columns })
      .batch([placed], async (events) => void calls.push(`placed ${events.map(({ stream }) => stream.key).join('')}`))
      .on(cancelled, async ({ stream }) => void calls.push(`cancelled ${stream.key}`));
    const owner = await ownerOf(sales);
    const one = { sku: 'x', quantity: 1 };
    await owner.batch((tx) =>
      asOwn(sales).apply(
        tx,
        given(
          ['a', 1, placed, one],
          ['b', 1, placed, one],
          ['a', 2, cancelled, one],
          ['c', 1, placed, one],
          ['a', 3, placed, one],
          ['c', 2, { type: 'shop.order.viewed' }, one],
          ['c', 3, cancelled, one],
        ),
      ),
    );
    expect(calls).toEqual(['placed abc', 'cancelled a', 'cancelled c', 'placed a']);
  });
});

test('a definition out of bounds is refused where it is made', () => {
  const invalid = { code: 'LF_PROJECTION_INVALID' };
  const make =
    (name: string, more: object = {}) =>
    () =>
      sqlProjection(name, { version: 1, create: columns, ...more });
  expect(make('Not Kebab')).toThrow(expect.objectContaining(invalid) as Error);
  expect(make('relay')).toThrow(expect.objectContaining(invalid) as Error);
  expect(make('p', { version: 0 })).toThrow(expect.objectContaining(invalid) as Error);
  expect(make('p', { concurrency: 65 })).toThrow(expect.objectContaining(invalid) as Error);
  expect(make('p', { order: 'none' })).toThrow(expect.objectContaining(invalid) as Error);
  expect(make('p', { create: undefined })).toThrow(expect.objectContaining(invalid) as Error);
  const twice = () =>
    make('p')()
      .on(placed, async () => {})
      .batch([cancelled, placed], async () => {});
  expect(twice).toThrow(expect.objectContaining(invalid) as Error);
  expect(() => make('p')().batch([], async () => {})).toThrow(expect.objectContaining(invalid) as Error);
});
