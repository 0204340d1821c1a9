import { createHash } from 'node:crypto';
import { DefinitionError, type t } from '@leftfold/core';
import type { RowTable } from '@leftfold/subscriptions';
import { quoted } from '../schema-name.ts';
import { column, type Column } from './column.ts';

/** The columns that every table has and no fold sees; those of the definition cannot begin with `_`. */
export const TENANT = '_tenant';
/** Only where rows belong to one stream. */
export const STREAM_VERSION = '_stream_version';

/** An index beside the primary key. The tenant leads it. */
export interface ModelIndex {
  readonly name: string;
  readonly columns: readonly string[];
}

/**
 * Where a {@link RowTable} lives in Postgres: one schema per projection and version, `leftfold_order_summary_v1`, so that a new version is built
 * beside the old one, and going back is only the old code.
 */
export interface ModelTable {
  readonly definition: RowTable;
  /** Unquoted, as in the catalogue. */
  readonly schema: string;
  readonly name: string;
  /** Quoted, with its schema. */
  readonly table: string;
  /** What deleted rows leave behind, their keys and versions; quoted. Only where rows belong to one stream. */
  readonly deleted: string | undefined;
  readonly columns: readonly Column[];
  readonly key: Column;
  readonly indexes: readonly ModelIndex[];
}

/**
 * The {@link ModelTable} of a definition.
 * @throws {@link DefinitionError} `LF_ROW_TABLE_NAME` when a name cannot stand in Postgres, as the schema's does with a long name of the log's schema
 */
export function modelTable(logSchema: string, definition: RowTable): ModelTable {
  const { projection, version, name, order } = definition;
  const schema = modelSchema(logSchema, projection, version);
  const deleted = checkedName('table', `${checkedName('table', name)}__deleted`);
  const columns = Object.entries(definition.columns).map(([each, of]) => column(checkedColumn(each), of));
  const key = column(definition.key, definition.columns[definition.key] as t.AnySchema);
  return {
    definition,
    schema,
    name,
    table: `${quoted(schema)}.${quoted(name)}`,
    deleted: order === 'stream' ? `${quoted(schema)}.${quoted(deleted)}` : undefined,
    columns,
    key,
    indexes: definition.indexes.map((index) => ({ name: indexName(name, index), columns: index })),
  };
}

/** The schema of a version of a projection, unquoted. @throws {@link DefinitionError} `LF_ROW_TABLE_NAME` */
export function modelSchema(logSchema: string, projection: string, version: number): string {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(projection))
    throw badName('projection', projection, 'a-z, 0-9 and - between');
  return checkedName('schema', `${logSchema}_${projection.replaceAll('-', '_')}_v${version}`);
}

/** Of the columns, so that an index that is declared later is made, and one that is there is found. */
function indexName(table: string, columns: readonly string[]): string {
  const name = `${table}_by_${columns.join('_')}`;
  return name.length <= MAX_BYTES ? name : `${name.slice(0, MAX_BYTES - 9)}_${digest(name)}`;
}

/** Eight digits that stand for a text in a name. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Postgres cuts longer names off, silently: two tables would become one. */
const MAX_BYTES = 63;
/** Columns that each table of Postgres has by itself. */
const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

function checkedName(kind: string, name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw badName(kind, name, 'a small letter, then small letters, digits and _');
  if (name.length > MAX_BYTES) throw badName(kind, name, `at most ${MAX_BYTES} letters; shorten the projection's name`);
  return name;
}
function checkedColumn(name: string): string {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw badName('column', name, 'a letter, then letters, digits and _');
  if (name.length > MAX_BYTES) throw badName('column', name, `at most ${MAX_BYTES} letters`);
  if (SYSTEM_COLUMNS.has(name)) throw badName('column', name, 'a name that Postgres does not use itself');
  return name;
}
function badName(kind: string, name: string, remedy: string): DefinitionError {
  return new DefinitionError('LF_ROW_TABLE_NAME', `${JSON.stringify(name)} cannot be the name of a ${kind}: ${remedy}`);
}
