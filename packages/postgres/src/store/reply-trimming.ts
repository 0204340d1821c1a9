import { openDatabase, type Database, type Session } from '../database.ts';
import type { PgPool } from '../pool.ts';
import { quoted, schemaName } from '../schema-name.ts';
import { prepared, unprepared, type Statement } from '../statement.ts';

/** After so many stored replies of a process the expired ones are looked for; so at most half as many are stored as are deleted. */
const EVERY = 500;
/** Replies that one statement deletes. */
const AT_ONCE = 1_000;

/**
 * Deletes expired replies, the oldest first. One that somebody else is about to replace or to delete is left to him: it waits for nobody, and an append that
 * overwrites an expired reply waits for it as long as the deletion of a thousand rows takes.
 */
const trimText = (schema: string): string => `with trimmed as (
  delete from ${schema}.replies where (tenant, key) in (
    select tenant, key from ${schema}.replies where expires_at <= clock_timestamp() order by expires_at limit ${AT_ONCE} for update skip locked)
  returning 1)
select count(*)::text as trimmed from trimmed`;

async function trim(session: Session, statement: Statement): Promise<number> {
  const [row] = await session.query<{ readonly trimmed: string }>(statement);
  return Number(row?.trimmed ?? 0);
}

/** Trims as replies are stored, in the background: in its own transaction, one statement at a time, never on a timer. */
export class ReplyTrimming {
  readonly #db: Database;
  readonly #statement: Statement;
  #stored = 0;
  #isRunning = false;

  constructor(db: Database) {
    this.#db = db;
    this.#statement = prepared('trim_replies', trimText(quoted(db.schema)));
  }

  /** A reply was stored. */
  stored(): void {
    this.#stored += 1;
    if (this.#stored < EVERY || this.#isRunning) return;
    this.#stored = 0;
    this.#isRunning = true;
    // What fails here is tried again after the next replies; nobody waits for it, and an expired reply does no harm.
    void trim(this.#db, this.#statement)
      .catch(() => undefined)
      .finally(() => (this.#isRunning = false));
  }
}

/**
 * Deletes all stored replies that have expired, a thousand per transaction, and answers how many. Stores do so by themselves as they store new ones; this is
 * for logs into which none are stored any more. May run beside appends and beside itself.
 * @param options `schema`: Postgres schema of the log. Default `leftfold`.
 * @throws `LF_SCHEMA_NAME_INVALID` · `LF_STORAGE_UNAVAILABLE`
 */
export async function trimReplies(pool: PgPool, options: { readonly schema?: string } = {}): Promise<number> {
  const db = openDatabase(pool, schemaName(options.schema));
  const statement = unprepared(trimText(quoted(db.schema)));
  for (let total = 0; ;) {
    const trimmed = await trim(db, statement);
    total += trimmed;
    if (trimmed < AT_ONCE) return total;
  }
}
