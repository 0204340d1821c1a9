import { DefinitionError } from '@leftfold/core';
import type { AnyProjection, RowTable, TablesOf } from '@leftfold/subscriptions';
import { Kysely, PostgresDialect } from 'kysely';
import type { PgPool } from '../pool.ts';
import { schemaName } from '../schema-name.ts';
import { ColumnOrigins } from './column-origins.ts';
import { ModelCursor, type DriverCursorConstructor } from './model-cursor.ts';
import { ModelPool } from './model-pool.ts';
import { modelTable } from './model-table.ts';
import { ModelTablesPlugin } from './model-tables-plugin.ts';

/** For {@link readModels}. */
export interface ReadModelsOptions {
  /** Postgres schema of the log whose read models these are. Default `leftfold`. */
  readonly schema?: string;
  /** The default export of `pg-cursor`; only `stream()` needs it. */
  readonly cursor?: DriverCursorConstructor;
}

/** All of `A | B` at once: `A & B`. */
export type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void
  ? I
  : never;

/**
 * Kysely over these read models, by their plain names: `db.selectFrom('order_summary')` reads the version that the given definition names, so during a
 * rolling deploy old and new processes each read their own.
 *
 * Values come as the projection's row says: `bigint` for `t.long()`, `number` for `t.integer()`, `Date`, `Uint8Array`, decimals as text, days as
 * `'2026-11-22'`, composite columns as JSON; through any alias, join, subquery and `with`. Expressions know no such origin: an int8 that is
 * calculated, as `count(*)` or `max(…)`, or comes out of a `union`, is a `bigint`; inside JSON that a query builds all is JSON. Types beyond these are read as the pool reads them.
 * The tenant, a column of every table, is left out, unless selected under another name or through a `union`. Queries see all tenants.
 *
 * Parsers are set for each query: the pool's own, and its other users, are left alone. The pool stays the caller's; `destroy()` does not end it.
 *
 * @throws {@link DefinitionError} `LF_ROW_TABLE_AMBIGUOUS` when two of them have one table name, as two versions of a projection do
 */
export function readModels<const P extends readonly AnyProjection[]>(
  pool: PgPool,
  projections: P,
  options: ReadModelsOptions = {},
): Kysely<UnionToIntersection<TablesOf<P[number]>>> {
  const tables = projections.map(({ rowTable }) => rowTable);
  return rowTablesReader(pool, schemaName(options.schema), tables, options.cursor);
}

/** {@link readModels} of tables whose types only the caller knows. */
export function rowTablesReader<DB>(
  pool: PgPool,
  logSchema: string,
  tables: readonly RowTable[],
  cursor?: DriverCursorConstructor,
): Kysely<DB> {
  const models = tables.map((table) => modelTable(logSchema, table));
  const schemas = new Map<string, string>();
  for (const { name, schema } of models) {
    if (schemas.has(name)) {
      throw new DefinitionError(
        'LF_ROW_TABLE_AMBIGUOUS',
        `${name} would be the table of both ${schemas.get(name)} and ${schema}; read two versions with two readModels`,
      );
    }
    schemas.set(name, schema);
  }
  const modelPool = new ModelPool(pool, { origins: new ColumnOrigins(models), cursor });
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool: modelPool, ...(cursor && { cursor: ModelCursor }) }),
    plugins: [new ModelTablesPlugin(schemas)],
  });
}
