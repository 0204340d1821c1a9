import { DefinitionError } from '@leftfold/core';
import type { AnyProjection, FollowerId, ModelTables, RowTable, TablesOf } from '@leftfold/subscriptions';
import { Kysely, PostgresDialect } from 'kysely';
import type { PgPool } from '../pool.ts';
import { schemaName } from '../schema-name.ts';
import { BoundSchemas } from './bound-schemas.ts';
import { ColumnOrigins } from './column-origins.ts';
import { ModelCursor, type DriverCursorConstructor } from './model-cursor.ts';
import { ModelPool } from './model-pool.ts';
import { modelTable, type ModelTable } from './model-table.ts';
import { ModelTablesPlugin } from './model-tables-plugin.ts';

/** For {@link readModels}. */
export interface ReadModelsOptions {
  /** Postgres schema of the log whose read models these are. Default `leftfold`. */
  readonly schema?: string;
  /** The default export of `pg-cursor`; only `stream()` needs it. */
  readonly cursor?: DriverCursorConstructor;
}

/** For {@link rowTablesReader}. */
export interface RowTablesReaderOptions extends Pick<ReadModelsOptions, 'cursor'> {
  /** Versions that every append of this process feeds, so that they count as fed here. */
  readonly fedHere?: readonly FollowerId[];
}

/** All of `A | B` at once: `A & B`. */
export type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void
  ? I
  : never;

/**
 * Kysely over these read models, by their plain names: `db.selectFrom('order_summary')`. A query reads the newest version that is live, is fed, and has the columns of the given
 * definition (`Versions.bound`), so during a rolling deploy, and when one is taken back, old and new processes each read what they know; none is live:
 * `LF_READ_MODEL_UNBOUND`. Tables that a `sqlProjection` makes are read in its own version, by any name that is no row table's. Looked at again every few seconds, and at once
 * when a table is missing; all statements of a transaction read the same versions. SQL that is compiled and sent by other means has placeholders for the schemas.
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
  const tables = projections.map((projection) => projection.tables);
  return rowTablesReader(pool, schemaName(options.schema), tables, options);
}

/** {@link readModels} of tables whose types only the caller knows. */
export function rowTablesReader<DB>(
  pool: PgPool,
  logSchema: string,
  tables: readonly ModelTables[],
  { cursor, fedHere = [] }: RowTablesReaderOptions = {},
): Kysely<DB> {
  const models = tables.filter(isRowTable).map((table) => modelTable(logSchema, table));
  refuseAmbiguous(models);
  const origins = new ColumnOrigins();
  const own = tables.filter((each) => !isRowTable(each));
  const schemas = new BoundSchemas({ logSchema, models, own, fedHere, origins });
  const modelPool = new ModelPool(pool, { schemas, origins, cursor });
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool: modelPool, ...(cursor && { cursor: ModelCursor }) }),
    plugins: [new ModelTablesPlugin(schemas.placeholders, schemas.placeholderOfOthers)],
  });
}

const isRowTable = (tables: ModelTables): tables is RowTable => 'columns' in tables;

function refuseAmbiguous(models: readonly ModelTable[]): void {
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
}
