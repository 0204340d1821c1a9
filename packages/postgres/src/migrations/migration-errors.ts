import { LeftfoldError } from '@leftfold/core';

/** The database lacks what this code needs. `LF_SCHEMA_OUTDATED` */
export class SchemaOutdated extends LeftfoldError {
  readonly code = 'LF_SCHEMA_OUTDATED' as const;
  readonly retryable = false as const;
  /** What is missing, as `0001 log`. */
  readonly missing: readonly string[];

  constructor(schema: string, missing: readonly string[], options?: { readonly cause?: unknown }) {
    super(
      `the schema ${schema} lacks ${missing.length === 1 ? 'migration' : 'migrations'} ${missing.join(', ')}; ` +
        `apply with applyMigrations(pool, { schema: '${schema}' }), or run what printMigrations({ schema: '${schema}' }) prints`,
      options,
    );
    this.missing = missing;
  }
}

/** The database was migrated by newer code than this, which says that older code cannot work with it. `LF_SCHEMA_NEWER` */
export class SchemaNewer extends LeftfoldError {
  readonly code = 'LF_SCHEMA_NEWER' as const;
  readonly retryable = false as const;

  /** @param safeFrom the lowest migration that code may know. */
  constructor(schema: string, options: { readonly found: number; readonly safeFrom: number; readonly known: number }) {
    const { found, safeFrom, known } = options;
    super(
      `the schema ${schema} is at migration ${found}, which needs code that knows ${safeFrom}; this code knows ${known}: ` +
        'run a version of @leftfold/postgres that knows it',
    );
  }
}

/** The migrating user may not create roles. Nothing of that migration was applied. `LF_ROLES_REFUSED` */
export class RolesRefused extends LeftfoldError {
  readonly code = 'LF_ROLES_REFUSED' as const;
  readonly retryable = false as const;

  constructor(schema: string, cause: Error) {
    super(
      `${cause.message}. Either an administrator runs what printRoles({ schema: '${schema}' }) prints, and you migrate again; ` +
        "or you do without roles: applyMigrations(pool, { roles: 'none' })",
      { cause },
    );
  }
}

/** A migration found no moment at which it could lock a table: a transaction is open for longer. Nothing of it was applied. `LF_MIGRATION_BLOCKED` */
export class MigrationBlocked extends LeftfoldError {
  readonly code = 'LF_MIGRATION_BLOCKED' as const;
  readonly retryable = true as const;

  constructor(title: string, attempts: number, cause: unknown) {
    super(
      `migration ${title} could not lock its tables in ${attempts} attempts, since a transaction holds them for longer; end it and migrate again: ` +
        'select pid, xact_start, query from pg_stat_activity where datname = current_database() order by xact_start',
      { cause },
    );
  }
}
