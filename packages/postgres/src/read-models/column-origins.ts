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
export type Origin = 'tenant' | 'safe-integer' | 'own-day';

/** What is asked with, on the connection of the query itself. */
type Ask = (query: PgQuery) => Promise<PgResult>;

/** $1 schemas · $2 tables, in pairs, as JSON. */
const FIND = `select c.oid::text as "table", a.attnum::text as "column", n.nspname as schema, c.relname as name, a.attname as attribute, a.atttypid::text as type
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
  readonly type: string;
}
/** A `date`, as `pg_type` numbers it. */
const DATE = '1082';

/**
 * Which columns of results are columns of these tables. Postgres names tables by numbers; they are looked up when a number is seen for the first time, so
 * a table that was dropped and made again is found, too.
 */
export class ColumnOrigins {
  /** By schema and name: a table may stand in a version's schema, and later in another one's. */
  readonly #models = new Map<string, ModelTable | 'own'>();
  #asked = '[]';
  /** By number of table, then of column. A table that is not ours has no columns here. */
  readonly #tables = new Map<number, Map<number, Origin>>();

  /** From now on the table in this schema is one of ours, too. */
  add(schema: string, model: ModelTable): void {
    this.#add(schema, model.name, model);
  }
  /** The same of a table that a projection has made itself, with what SQL says of its columns. */
  addOwn(schema: string, name: string): void {
    this.#add(schema, name, 'own');
  }
  #add(schema: string, name: string, model: ModelTable | 'own'): void {
    const at = JSON.stringify([schema, name]);
    if (this.#models.has(at)) return;
    this.#models.set(at, model);
    this.#asked = JSON.stringify([...this.#models.keys()].map((key) => pairOf(JSON.parse(key) as [string, string])));
    // It may have been looked up while it was none of ours.
    for (const [number, columns] of this.#tables) if (columns.size === 0) this.#tables.delete(number);
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
    const asked = this.#asked;
    const { rows } = await ask({ text: FIND, values: [asked], types: AS_TEXT });
    // One more is ours since: what was not found may be that.
    if (asked !== this.#asked) return this.look(ask, fields);
    for (const { table, column, schema, name, attribute, type } of rows as Found[]) {
      const model = this.#models.get(JSON.stringify([schema, name]));
      const columns = this.#tables.get(Number(table)) ?? new Map<number, Origin>();
      this.#tables.set(Number(table), columns);
      if (model === 'own') {
        if (type === DATE) columns.set(Number(column), 'own-day');
        continue;
      }
      if (attribute === TENANT) columns.set(Number(column), 'tenant');
      if (model?.columns.find((each) => each.name === attribute)?.isSafeInteger)
        columns.set(Number(column), 'safe-integer');
    }
    for (const { tableID } of fields) if (!this.#tables.has(tableID)) this.#tables.set(tableID, new Map());
  }
}

const pairOf = ([schema, name]: readonly [string, string]): object => ({ schema, name });

const AS_TEXT = { getTypeParser: () => (text: string) => text };
