import type { PgQuery, PgResult } from '../pool.ts';
import { TENANT, type ModelTable } from './model-table.ts';

/** A column of a result, as Postgres describes it. A plain column names its origin, through any alias, join, subquery or `with`. */
export interface ResultField {
  readonly name: string;
  /** OID of the table; 0: an expression. */
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
}
/** What a column of ours needs beyond what its type says. */
export type Origin = 'tenant' | 'safe-integer';

/** What is asked with, on the connection of the query itself. */
type Ask = (query: PgQuery) => Promise<PgResult>;

/** $1 schemas · $2 tables, in pairs, as JSON. */
const FIND = `select c.oid::text as "table", a.attnum::text as "column", n.nspname as schema, c.relname as name, a.attname as attribute
  from json_to_recordset($1::json) as model(schema text, name text)
  join pg_catalog.pg_namespace as n on n.nspname = model.schema
  join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = model.name
  join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0`;
interface Found {
  readonly table: string;
  readonly column: string;
  readonly schema: string;
  readonly name: string;
  readonly attribute: string;
}

/**
 * Which columns of results are columns of these tables. Postgres names tables by numbers; they are looked up when a number is seen for the first time, so
 * a table that was dropped and made again is found, too.
 */
export class ColumnOrigins {
  readonly #models: ReadonlyMap<string, ModelTable>;
  readonly #asked: string;
  /** By number of table, then of column. A table that is not ours has no columns here. */
  readonly #tables = new Map<number, Map<number, Origin>>();

  constructor(models: readonly ModelTable[]) {
    this.#models = new Map(models.map((model) => [JSON.stringify([model.schema, model.name]), model]));
    this.#asked = JSON.stringify(models.map(({ schema, name }) => ({ schema, name })));
  }

  /** The origins of the columns that have one of note, by the name in the row. Of two columns of one name the row has the last. */
  of(fields: readonly ResultField[]): ReadonlyMap<string, Origin> {
    const origins = new Map<string, Origin>();
    for (const { name, tableID, columnID } of fields) {
      const origin = this.#tables.get(tableID)?.get(columnID);
      // Under another name the tenant was asked for.
      if (origin === undefined || (origin === 'tenant' && name !== TENANT)) origins.delete(name);
      else origins.set(name, origin);
    }
    return origins;
  }

  /** True when all tables of these columns have been looked up. */
  know(fields: readonly ResultField[]): boolean {
    return fields.every(({ tableID }) => tableID === 0 || this.#tables.has(tableID));
  }

  /** Looks up the numbers of the tables now. Those of `fields` that are not found are none of ours. */
  async look(ask: Ask, fields: readonly ResultField[] = []): Promise<void> {
    const { rows } = await ask({ text: FIND, values: [this.#asked], types: AS_TEXT });
    for (const { table, column, schema, name, attribute } of rows as Found[]) {
      const model = this.#models.get(JSON.stringify([schema, name]));
      const columns = this.#tables.get(Number(table)) ?? new Map<number, Origin>();
      this.#tables.set(Number(table), columns);
      if (attribute === TENANT) columns.set(Number(column), 'tenant');
      if (model?.columns.find((each) => each.name === attribute)?.isSafeInteger)
        columns.set(Number(column), 'safe-integer');
    }
    for (const { tableID } of fields) if (!this.#tables.has(tableID)) this.#tables.set(tableID, new Map());
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };
