/**
 * One step of the schema. Forward only: what was released is never changed, a mistake is mended by the next one.
 *
 * A step runs while appends go on, by this code and by the version before it:
 * - No statement of it rewrites a table or reads a large one under a lock that appends wait for. Columns are added without a default, or with a constant
 *   one; a check or foreign key is added `not valid` and validated by the next migration; a type is never changed.
 * - What takes a table's lock waits for whoever holds it, and everybody else queues behind it. So each wait ends after {@link LOCK_WAIT}, and the whole
 *   step is tried again a little later, when the queue has gone through.
 * - Indexes are listed in `indexes`, not in `sql`: on a table of some size they are built concurrently, before the step.
 * - What the version before cannot work with is done in two releases: first the code that can do without, then the step. `safeFrom` says which it is.
 */
export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  readonly name: string;
  /**
   * The lowest migration that code may know and still work with a database that has this one: code that knows 5 starts beside a migration 6 that is safe
   * from 5. A step that only adds something is safe from 1; one that takes something away, or asks more of writers, from the first migration whose code
   * does without it.
   */
  readonly safeFrom: number;
  /** Statements, run as one transaction together with their entry in `migrations`. @param schema quoted name of the Postgres schema. */
  readonly sql: (schema: string) => string;
  readonly indexes?: readonly MigrationIndex[];
  /** Privileges of the group roles, which are there by then; left out where those are not wanted. @param name the schema's name, unquoted. */
  readonly grants?: (name: string) => string;
}

/** An index that a migration adds. */
export interface MigrationIndex {
  readonly name: string;
  readonly table: string;
  /** What follows the table's name, as `(expires_at)`. */
  readonly definition: string;
}

/** How long a step may keep others waiting for a table that it waits for itself. */
export const LOCK_WAIT = '250ms';
