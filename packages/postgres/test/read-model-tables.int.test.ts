import { t } from '@leftfold/core';
import type { RowTable } from '@leftfold/subscriptions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderSummary } from './read-model-definitions.ts';
import { openFixture, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());

const prepare = (table: RowTable) => fixture.readModels.prepare(table);
const rows = async <R extends object>(sql: string, values: unknown[] = []): Promise<R[]> =>
  (await fixture.onlooker.query<R>(sql, values)).rows;
/** A definition of its own, in a schema that no other test knows. */
const named = (projection: string, change: Partial<RowTable> = {}): RowTable => ({
  ...orderSummary,
  projection,
  name: projection.replaceAll('-', '_'),
  ...change,
});

test('eight processes that prepare one table at once make it once', async () => {
  const table = named('at-once');
  // Several tables, one after the other: whether eight meet at one of them is chance, on a warm pool it is hardly ever none.
  for (const version of [5, 4, 3, 2, 1])
    await Promise.all(Array.from({ length: 8 }, () => prepare({ ...table, version })));
  await prepare(table);
  const made = await rows(
    `select relname, relkind, coalesce(reloptions::text, '') as options from pg_class
      where relnamespace = 'leftfold_at_once_v1'::regnamespace order by relname`,
  );
  expect(made).toEqual([
    { relname: 'at_once', relkind: 'r', options: '{fillfactor=80}' },
    { relname: 'at_once__deleted', relkind: 'r', options: '' },
    { relname: 'at_once__deleted_pkey', relkind: 'i', options: '' },
    { relname: 'at_once_by_status_total_cents', relkind: 'i', options: '' },
    { relname: 'at_once_pkey', relkind: 'i', options: '' },
  ]);
});

test('each column has the type of its schema, and the tenant leads every key and index', async () => {
  const table = named('typed', {
    columns: {
      order_id: t.uuid(),
      status: t.enum('Status', ['open', 'paid']),
      note: t.nullable(t.string()),
      flag: t.boolean(),
      int: t.int(),
      integer: t.integer(),
      long: t.nullable(t.long()),
      double: t.double(),
      bytes: t.bytes(),
      price: t.decimal(12, 2),
      at: t.timestampMillis(),
      day: t.date(),
      line: t.nullable(t.record('Line', { sku: t.string() })),
      lines: t.array(t.string()),
      tags: t.map(t.int()),
    },
    indexes: [['day', 'status']],
  });
  await prepare(table);
  const columns = await rows<{ name: string; type: string; nullable: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type, not attnotnull as nullable
       from pg_attribute where attrelid = 'leftfold_typed_v1.typed'::regclass and attnum > 0 order by attnum`,
  );
  expect(columns.map(({ name, type, nullable }) => `${name} ${type}${nullable ? ' null' : ''}`)).toEqual([
    '_tenant text',
    'order_id uuid',
    'status text',
    'note text null',
    'flag boolean',
    'int integer',
    'integer bigint',
    'long bigint null',
    'double double precision',
    'bytes bytea',
    'price numeric(12,2)',
    'at timestamp(3) with time zone',
    'day date',
    'line jsonb null',
    'lines jsonb',
    'tags jsonb',
    '_stream_version bigint',
  ]);
  const indexes = await rows<{ definition: string }>(
    `select substring(pg_get_indexdef(indexrelid) from '\\(.*\\)') as definition from pg_index
      where indrelid = 'leftfold_typed_v1.typed'::regclass order by 1`,
  );
  expect(indexes.map(({ definition }) => definition)).toEqual(['(_tenant, day, status)', '(_tenant, order_id)']);
  const write = fixture.onlooker.query(
    `insert into leftfold_typed_v1.typed select '', gen_random_uuid(), 'lost', null, true, 1, 1, 1, 1, '', 1, now(), now(), null, '[]', '{}', 1`,
  );
  await expect(write).rejects.toMatchObject({ code: '23514' });
});

test('rows fed by several streams have neither a stream version nor a place for deleted ones', async () => {
  await prepare(named('of-many', { order: 'any' }));
  const names = await rows<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = 'leftfold_of_many_v1.of_many'::regclass and attnum > 0
      union all select relname from pg_class where relnamespace = 'leftfold_of_many_v1'::regnamespace and relname like '%deleted%'`,
  );
  expect(names.map(({ name }) => name)).toEqual(['_tenant', 'order_id', 'status', 'total_cents']);
});

const orderId = t.uuid();
const status = t.enum('Status', ['open', 'paid']);
const changes: [what: string, change: Partial<RowTable>, difference: RegExp][] = [
  ['a further column', { columns: { ...orderSummary.columns, note: t.string() } }, /lacks column note text not null/],
  ['a column less', { columns: { order_id: orderId, status }, indexes: [] }, /has column total_cents/],
  ['another type', { columns: { ...orderSummary.columns, total_cents: t.int() } }, /lacks column total_cents integer/],
  [
    'a column that may be null',
    { columns: { ...orderSummary.columns, total_cents: t.nullable(t.integer()) } },
    /total_cents/,
  ],
  [
    'a further symbol',
    { columns: { ...orderSummary.columns, status: t.enum('Status', ['open', 'paid', 'sent']) } },
    /check status/,
  ],
  ['another key', { key: 'status' }, /lacks key _tenant, status/],
  ['another order', { order: 'any' }, /has column _stream_version/],
];
test.each(changes)(
  'a table of this version with %s is refused, and left as it is',
  async (what, change, difference) => {
    const table = named(`changed-${what.replaceAll(' ', '-')}`);
    await prepare(table);
    const refused = prepare({ ...table, ...change });
    await expect(refused).rejects.toMatchObject({ code: 'LF_ROW_TABLE_CHANGED', retryable: false });
    await expect(refused).rejects.toThrow(difference);
    await expect(refused).rejects.toThrow(/raise the version of projection/);
    await prepare(table);
    await prepare({ ...table, ...change, version: 2 });
  },
);

test('a table that somebody changed by hand is refused, too', async () => {
  const table = named('by-hand');
  await prepare(table);
  await fixture.onlooker.query('alter table leftfold_by_hand_v1.by_hand add column extra int');
  await expect(prepare(table)).rejects.toThrow(/has column extra integer/);
});

test('columns in another order, a long in place of an integer, and symbols in another order are no change', async () => {
  const table = named('reordered');
  await prepare(table);
  await prepare({
    ...table,
    columns: { status: t.enum('Status', ['paid', 'open']), total_cents: t.long(), order_id: orderId },
  });
});

test('an index that is declared later is made, and one that is declared no more stays', async () => {
  const table = named('indexed', { indexes: [] });
  await prepare(table);
  await prepare({ ...table, indexes: [['status']] });
  await prepare({ ...table, indexes: [['total_cents']] });
  const names = await rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'leftfold_indexed_v1'::regnamespace and relname like '%by%' order by 1`,
  );
  expect(names.map(({ name }) => name)).toEqual(['indexed_by_status', 'indexed_by_total_cents']);
});

test('longest names fit, and an index of them is found again', async () => {
  const column = `c${'x'.repeat(62)}`;
  const table = named('p'.repeat(48), {
    columns: { ...orderSummary.columns, [column]: t.enum('Long', ['a']) },
    indexes: [[column, 'status'], [column]],
  });
  await prepare(table);
  await prepare(table);
});
