import { asProjector, shareTables } from '../roles/model-owner.ts';
import { quoted } from '../schema-name.ts';
import { unhurried, unprepared, type Statement } from '../statement.ts';
import type { Column } from './column.ts';
import { digest, STREAM_VERSION, TENANT, type ModelIndex, type ModelTable } from './model-table.ts';

/** Rows are updated all the time: with room on the page an update touches no index (HOT). */
const FILLFACTOR = 80;

/** Makes the table's schema, the table and its side table. Its indexes are {@link createIndex}. @param logSchema unquoted name of the log's schema. */
export function createTable(logSchema: string, { schema, table, deleted, columns, key }: ModelTable): Statement {
  const lines = [
    `${quoted(TENANT)} text not null default ''`,
    ...columns.map((each) => `${quoted(each.name)} ${each.type}${each.isNullable ? '' : ' not null'}`),
    ...(deleted === undefined ? [] : [`${quoted(STREAM_VERSION)} bigint not null`]),
    ...columns.flatMap(checkOf),
    `primary key (${quoted(TENANT)}, ${quoted(key.name)})`,
  ];
  const statements = [
    `select ${quoted(logSchema)}.make_model_schema('${schema}')`,
    ...asProjector(logSchema),
    `create table ${table} (\n  ${lines.join(',\n  ')}\n) with (fillfactor = ${FILLFACTOR})`,
  ];
  if (deleted !== undefined) {
    statements.push(
      `create table ${deleted} (_tenant text not null default '', key text not null, _stream_version bigint not null, primary key (_tenant, key))`,
    );
  }
  const tables = [table, ...(deleted === undefined ? [] : [deleted])];
  return unhurried([...statements, ...shareTables(logSchema, tables)].join(';\n'));
}

/** Makes an index. Writers wait meanwhile; a table of some size is better given a new version. */
export function createIndex({ table }: ModelTable, { name, columns }: ModelIndex): Statement {
  return unhurried(`create index ${quoted(name)} on ${table} (${[TENANT, ...columns].map(quoted).join(', ')})`);
}

/** What {@link describeTable} finds of a table made by {@link createTable}, in any order. */
export function descriptionOf({ columns, key, deleted }: ModelTable): readonly string[] {
  return [
    `column ${TENANT} text not null`,
    ...columns.map(({ name, type, isNullable }) => `column ${name} ${type}${isNullable ? '' : ' not null'}`),
    ...(deleted === undefined ? [] : [`column ${STREAM_VERSION} bigint not null`]),
    ...columns.flatMap((each) => (each.symbols ? [`check ${checkName(each)}`] : [])),
    `key ${TENANT}, ${key.name}`,
  ];
}

/**
 * One line for each column, check, key and index of the table; none when there is no table. Columns are compared by what Postgres says of them, so a
 * table that somebody changed by hand is seen, too. A check is known by its name, which has a digest of what it allows: Postgres rewrites its text.
 * $1 schema · $2 table
 */
export const describeTable: Statement = unprepared(
  `with the as (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2)
   select 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then ' not null' else '' end as line
     from the join pg_attribute on attrelid = the.oid where attnum > 0 and not attisdropped
   union all
   select 'check ' || conname from the join pg_constraint on conrelid = the.oid where contype = 'c'
   union all
   select 'key ' || (select string_agg(attname, ', ' order by n)
                       from unnest(indkey) with ordinality as k(attnum, n) join pg_attribute a on a.attrelid = the.oid and a.attnum = k.attnum)
     from the join pg_index on indrelid = the.oid where indisprimary
   union all
   select 'index ' || relname from the join pg_index on indrelid = the.oid join pg_class on pg_class.oid = indexrelid where not indisprimary`,
);

function checkOf(column: Column): readonly string[] {
  if (column.symbols === undefined) return [];
  const allowed = column.symbols.map((symbol) => `'${symbol}'`).join(', ');
  return [`constraint ${quoted(checkName(column))} check (${quoted(column.name)} in (${allowed}))`];
}
const checkName = ({ name, symbols = [] }: Column): string =>
  `${name.slice(0, 50)}_${digest(JSON.stringify([name, [...symbols].sort()]))}`;
