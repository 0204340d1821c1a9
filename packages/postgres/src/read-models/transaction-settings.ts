import type { OpenTransaction } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { unprepared } from '../statement.ts';

/**
 * Rows are found by their keys, always. So statements on rows may keep the plan they were given first: with these settings it has no other way than by key, and so does not read all of a
 * table that was small when it was made. Planning them each time is half of what a small batch costs.
 */
const BY_KEY = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  // Parameters would not change it, and a statement over many tables takes longer to plan than to run.
  plan_cache_mode: 'force_generic_plan',
};

/** Sets them to the end of the transaction, as a column of any `select`. */
export const planByKey: string = Object.entries(BY_KEY)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(' || ');
const planFreely = Object.keys(BY_KEY)
  .map((name) => `set local ${name} to default`)
  .join('; ');

/** What statements in one transaction find set: ours on rows, or a projection's own. Nothing is sent before it changes. */
export class TransactionSettings {
  readonly #tx: OpenTransaction;
  /** For which statements it is set; a name is a schema's. */
  #for: { readonly schema: string } | 'rows' | 'nobody';
  /** Where names were looked up before. */
  #path: string | undefined;

  /** @param set `'rows'` where {@link planByKey} was selected already */
  constructor(tx: OpenTransaction, set: 'rows' | 'nobody') {
    this.#tx = tx;
    this.#for = set;
  }

  /** For statements on rows, which name schemas. */
  async forRows(): Promise<void> {
    if (this.#for === 'rows') return;
    // A plan is kept for the search path that it was made under: under another one it would be made again, batch after batch.
    const path = this.#path === undefined ? '' : `, set_config('search_path', '${escaped(this.#path)}', true)`;
    await this.#tx.query(unprepared(`select ${planByKey}${path}`));
    this.#for = 'rows';
  }

  /** For statements of somebody else's: planned as the server, the role and the connection's options say (not what a pool has `SET` on it since), and unqualified names looked up in this schema first, then where the session does, so the extensions of a database are found. */
  async forOwn(schema: string): Promise<void> {
    if (typeof this.#for === 'object' && this.#for.schema === schema) return;
    const path =
      this.#path === undefined
        ? `with before as materialized (select current_setting('search_path') as path)
           select path, set_config('search_path', '${quoted(schema)}' || case path when '' then '' else ', ' || path end, true) from before`
        : `select '${escaped(this.#path)}' as path, set_config('search_path', '${escaped([quoted(schema), this.#path].filter(Boolean).join(', '))}', true)`;
    const [row] = await this.#tx.query<{ readonly path: string }>(unprepared(`${planFreely}; ${path}`));
    this.#path = row?.path ?? '';
    this.#for = { schema };
  }

  /** A savepoint takes back what was set after it. Answers what to call then. */
  mark(): () => void {
    const [before, path] = [this.#for, this.#path];
    return () => {
      this.#for = before;
      this.#path = path;
    };
  }
}

/** As a literal: standard_conforming_strings may be off, so a backslash is refused. */
function escaped(text: string): string {
  if (text.includes('\\')) throw new TypeError('a search_path with a backslash in it is not understood');
  return text.replaceAll("'", "''");
}
