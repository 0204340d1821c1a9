import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type Compilable,
} from 'kysely';
import { expect, test } from 'vitest';
import { ModelTablesPlugin } from './model-tables-plugin.ts';

interface Tables {
  order_summary: { order_id: string; status: string; total: number };
  customer_totals: { customer_id: string; orders: number };
  users: { id: string };
}
const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (any) => new PostgresIntrospector(any),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  plugins: [
    new ModelTablesPlugin(
      new Map([
        ['order_summary', 'v1'],
        ['customer_totals', 'v7'],
      ]),
    ),
  ],
});

const queries: readonly (readonly [what: string, query: Compilable, sql: string])[] = [
  [
    'a table, and no reference to its columns',
    db.selectFrom('order_summary').select('order_summary.status').where('order_summary.total', '>', 1),
    'select "order_summary"."status" from "v1"."order_summary" where "order_summary"."total" > $1',
  ],
  [
    'an aliased table',
    db.selectFrom('order_summary as o').selectAll('o'),
    'select "o".* from "v1"."order_summary" as "o"',
  ],
  [
    'a table under the name of another',
    db.selectFrom('order_summary as customer_totals').select('customer_totals.status'),
    'select "customer_totals"."status" from "v1"."order_summary" as "customer_totals"',
  ],
  [
    'joined tables of two versions, beside one that is none of ours',
    db
      .selectFrom('order_summary')
      .innerJoin('customer_totals', 'customer_id', 'order_id')
      .leftJoin('users as u', 'u.id', 'order_id')
      .select('orders'),
    'select "orders" from "v1"."order_summary" inner join "v7"."customer_totals" on "customer_id" = "order_id" left join "users" as "u" on "u"."id" = "order_id"',
  ],
  [
    'subqueries',
    db.selectFrom((eb) => eb.selectFrom('order_summary').select('total').as('s')).select('s.total'),
    'select "s"."total" from (select "total" from "v1"."order_summary") as "s"',
  ],
  [
    'a name that the query defines, and what it is defined by',
    db
      .with('order_summary', (q) => q.selectFrom('order_summary').select('total'))
      .with('again', (q) => q.selectFrom('order_summary').selectAll())
      .selectFrom('order_summary')
      .innerJoin('again', 'again.total', 'order_summary.total')
      .select('order_summary.total'),
    'with "order_summary" as (select "total" from "v1"."order_summary"), "again" as (select * from "order_summary") ' +
      'select "order_summary"."total" from "order_summary" inner join "again" on "again"."total" = "order_summary"."total"',
  ],
  [
    'a recursive name, which means itself',
    db
      .withRecursive('order_summary(n)', (q) =>
        q.selectFrom('users').select('id as n').unionAll(q.selectFrom('order_summary').select('n')),
      )
      .selectFrom('order_summary')
      .selectAll(),
    'with recursive "order_summary"("n") as (select "id" as "n" from "users" union all select "n" from "order_summary") select * from "order_summary"',
  ],
  [
    'after a query with such a name, the table again',
    db.selectFrom('order_summary').selectAll(),
    'select * from "v1"."order_summary"',
  ],
  [
    'a schema of the caller’s',
    db.selectFrom('public.order_summary' as 'order_summary').selectAll(),
    'select * from "public"."order_summary"',
  ],
  [
    'a row as a value, and rows to lock',
    db
      .selectFrom('order_summary')
      .select((eb) => eb.fn.toJson('order_summary').as('row'))
      .forUpdate('order_summary'),
    'select to_json("order_summary") as "row" from "v1"."order_summary" for update of "order_summary"',
  ],
  [
    'tables in SQL of the caller’s',
    db.selectFrom(sql<{ n: number }>`(select count(*) as n from ${sql.table('order_summary')})`.as('c')).select('c.n'),
    'select "c"."n" from (select count(*) as n from "v1"."order_summary") as "c"',
  ],
  [
    'changes, too: Postgres says who may make them',
    db.updateTable('order_summary').from('customer_totals').set({ total: 0 }).whereRef('customer_id', '=', 'order_id'),
    'update "v1"."order_summary" set "total" = $1 from "v7"."customer_totals" where "customer_id" = "order_id"',
  ],
  [
    'a deletion',
    db.deleteFrom('order_summary').using('customer_totals').whereRef('customer_id', '=', 'order_id'),
    'delete from "v1"."order_summary" using "v7"."customer_totals" where "customer_id" = "order_id"',
  ],
  [
    'an insertion',
    db.insertInto('customer_totals').values({ customer_id: 'c', orders: 1 }).returning('customer_totals.orders'),
    'insert into "v7"."customer_totals" ("customer_id", "orders") values ($1, $2) returning "customer_totals"."orders"',
  ],
];
test.each(queries)('finds %s', (_, query, text) => {
  expect(query.compile().sql).toBe(text);
});
