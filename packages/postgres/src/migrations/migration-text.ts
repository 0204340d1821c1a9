import { createRoles } from '../roles/create-roles.ts';
import { quoted } from '../schema-name.ts';
import { LOCK_WAIT, type Migration } from './migration.ts';

/** As `0001 log`. */
export const titleOf = ({ number, name }: Migration): string => `${String(number).padStart(4, '0')} ${name}`;

/** Of two numbers: the first is ours, the second the schema's. Each lock on it ends with its transaction, so a process that dies leaves none behind. */
export const lockKey = (schema: string): string => `1818313572, hashtext('${schema}')`;

export const createSchema = (schema: string): string => `create schema if not exists ${quoted(schema)};\n`;

export const createMigrationsTable = (schema: string): string =>
  `create table if not exists ${quoted(schema)}.migrations ` +
  '(number int primary key, name text not null, applied_at timestamptz not null default clock_timestamp());\n';

/** One migration with its entry, to be run as one transaction under the lock. @param withRoles false leaves roles and their privileges out. */
export function stepText(schema: string, migration: Migration, withRoles: boolean): string {
  const { number, name, safeFrom, sql, indexes = [], grants } = migration;
  const inSchema = quoted(schema);
  const indexText = indexes.map(
    (index) => `create index if not exists ${index.name} on ${inSchema}.${index.table} ${index.definition};\n`,
  );
  // The column came with 0004.
  const entry =
    number < 4
      ? `(number, name) values (${number}, '${name}')`
      : `(number, name, safe_from) values (${number}, '${name}', ${safeFrom})`;
  return [
    `set local lock_timeout = '${LOCK_WAIT}';\n`,
    // Before any table is locked: another database may be creating the same roles, which is waited for.
    ...(withRoles && grants !== undefined ? [createRoles(schema)] : []),
    sql(inSchema),
    ...indexText,
    ...(withRoles && grants !== undefined ? [grants(schema)] : []),
    `insert into ${inSchema}.migrations ${entry};\n`,
  ].join('');
}
