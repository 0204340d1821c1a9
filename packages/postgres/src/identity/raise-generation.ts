import { InputInvalid } from '@leftfold/core';
import { openDatabase, type Session } from '../database.ts';
import type { PgPool } from '../pool.ts';
import { quoted, schemaName } from '../schema-name.ts';
import { unhurried } from '../statement.ts';
import { askState, type LogState } from './identity-check.ts';
import type { FollowerLane } from './identity-errors.ts';

/** What an operator says when a log shall go on. */
export interface AcceptOptions {
  /** Postgres schema of the log. Default `leftfold`. */
  readonly schema?: string;
  /** What happened, in words, for the table `generations`. */
  readonly reason: string;
}

/** The log goes on. */
export interface GenerationRaised {
  readonly generation: number;
  /**
   * Followers whose saved places lie beyond the log: they have seen what it lost. They were left behind in the old generation, where they stop with
   * `LF_OTHER_LOG`; start each anew under another version, and its target with it.
   */
  readonly ahead: readonly FollowerLane[];
}

/**
 * Begins the log's next generation where it stands now, after `prepare`, in one transaction. Others who would do the same wait; it needs the rights of the tables'
 * owner. @param prepare is told how the log stands, and throws where it must not go on.
 * @throws {@link InputInvalid} `LF_REASON_MISSING` and what {@link askState} throws
 */
export async function raiseGeneration(
  pool: PgPool,
  { schema: name, reason }: AcceptOptions,
  prepare: (tx: Session, schema: string, state: LogState) => void | Promise<void>,
): Promise<GenerationRaised> {
  const schema = schemaName(name);
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw new InputInvalid('LF_REASON_MISSING', 'say what happened, as `reason`: it is kept with the new generation');
  }
  const db = openDatabase(pool, schema);
  const ask = (session: Session): Promise<LogState> => askState(session, schema, { inCallersTransaction: true });
  await db.session(ask);
  return db.transaction(async (tx) => {
    await tx.query(unhurried(`select from ${quoted(schema)}.log for update`));
    await prepare(tx, schema, await ask(tx));
    const [row] = await tx.query<{ readonly generation: number; readonly ahead: string }>(
      unhurried(`select * from ${quoted(schema)}.raise_generation($1)`),
      [reason],
    );
    if (row === undefined) throw new RangeError('raise_generation answered no row');
    return { generation: row.generation, ahead: JSON.parse(row.ahead) as readonly FollowerLane[] };
  });
}
