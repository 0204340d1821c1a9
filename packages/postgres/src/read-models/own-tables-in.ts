import { DefinitionError } from '@leftfold/core';
import { ReadModelUnbound } from '@leftfold/subscriptions';
import type { ModelTables } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unprepared } from '../statement.ts';
import type { ColumnOrigins } from './column-origins.ts';

/** The schema of a version whose projection makes its tables itself. */
export interface OwnSchema {
  readonly tables: ModelTables;
  readonly schema: string;
  readonly isBound: boolean;
}

/** $1 schemas. Ours, that is all whose name begins with `_`, are left out. */
const FIND = unprepared(
  `select n.nspname as schema, c.relname as name
     from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = any ($1::text[]) and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname !~ '^_'`,
);

/**
 * Looks up which tables and views stand in these schemas. Answers what to put before a quoted name: its schema and a dot; nothing where it is none of these tables.
 * @param origins is told of them
 * @returns a function that throws {@link ReadModelUnbound} for one of a version that is not live, and `LF_ROW_TABLE_AMBIGUOUS` for one that two of them have
 */
export async function ownTablesIn(
  session: Pick<Session, 'query'>,
  schemas: readonly OwnSchema[],
  origins: ColumnOrigins,
): Promise<(quotedName: string) => string> {
  if (schemas.length === 0) return () => '';
  const rows = await session.query<{ readonly schema: string; readonly name: string }>(FIND, [
    arrayParameter(schemas.map(({ schema }) => schema)),
  ]);
  for (const { schema, name } of rows) origins.addOwn(schema, name);
  const found = Map.groupBy(rows, ({ name }) => quoted(name));
  return (name) => {
    const [one, another] = found.get(name) ?? [];
    if (one === undefined) return '';
    if (another !== undefined) {
      throw new DefinitionError(
        'LF_ROW_TABLE_AMBIGUOUS',
        `${name} is a table of both ${one.schema} and ${another.schema}; read them with two readModels, or name the schema in the query`,
      );
    }
    const { tables, isBound } = schemas.find(({ schema }) => schema === one.schema) as OwnSchema;
    if (!isBound) throw new ReadModelUnbound(tables);
    return `${quoted(one.schema)}.`;
  };
}
