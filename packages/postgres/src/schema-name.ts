import { InputInvalid } from '@leftfold/core';

/** Where the log lives unless another schema is named. */
const DEFAULT_SCHEMA = 'leftfold';

/**
 * The name as it is, if it can be a Postgres schema of ours: small letters, digits and underscores, at most 63, no `pg_` in front.
 * @throws {@link InputInvalid} `LF_SCHEMA_NAME_INVALID`
 */
export function schemaName(name: string = DEFAULT_SCHEMA): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name.startsWith('pg_')) {
    throw new InputInvalid(
      'LF_SCHEMA_NAME_INVALID',
      `the schema name ${JSON.stringify(name)} must be 1 to 63 small letters, digits or underscores, not beginning with a digit or pg_`,
    );
  }
  return name;
}

/** An identifier for a text of SQL. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
