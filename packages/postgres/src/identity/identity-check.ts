import { DefinitionError } from '@leftfold/core';
import type { Session } from '../database.ts';
import { isDatabaseError } from '../driver-fault.ts';
import { SchemaOutdated } from '../migrations/migration-errors.ts';
import { allMigrations } from '../migrations/migrations.ts';
import { quoted } from '../schema-name.ts';
import { unprepared } from '../statement.ts';
import { LogOnStandby } from '../storage-errors.ts';
import { LogBehindItsCursors, LogRestored, type FollowerLane } from './identity-errors.ts';

/**
 * Where the log stands, against where it was noted to stand: `same` · `unknown`, before it ever was noted · `timeline`: the same cluster after a fail-over or a
 * recovery · `system`: another cluster · `tables`: tables that were made anew, by a restored dump.
 */
export type LogPlacement = 'same' | 'unknown' | 'timeline' | 'system' | 'tables';

/** All that is asked about a log before it is used, on the connection it is to be used on. */
export interface LogState {
  readonly id: string;
  readonly generation: number;
  readonly place: LogPlacement;
  readonly was: string;
  readonly now: string;
  /** Highest transaction id of an event; 0 when there is none. */
  readonly highest: bigint;
  /** What the cluster's next snapshot will not see. */
  readonly next: bigint;
  /** Saved places beyond it. */
  readonly ahead: readonly FollowerLane[];
}

/** As it comes from any driver, a caller's too: every column is text. */
interface StateRow {
  readonly standby: string;
  readonly cache: string;
  readonly commits: string;
  readonly id: string | null;
  readonly generation: string;
  readonly place: LogPlacement;
  readonly was: string;
  readonly now: string;
  readonly highest: string | null;
  readonly next: string;
  readonly ahead: string;
}

/**
 * One round trip: which log this is, where it stands, and what must hold before it is used at all.
 * @param options inside a transaction of the caller's it is his decision whether its commit waits for the disk.
 * @throws {@link SchemaOutdated} `LF_SCHEMA_OUTDATED` when there is no log · {@link LogOnStandby} `LF_LOG_ON_STANDBY` · {@link DefinitionError}
 *   `LF_SEQUENCE_CACHE` when somebody gave the sequence of positions a cache, `LF_COMMITS_NOT_DURABLE` when commits do not wait for the disk
 */
export async function askState(
  session: Session,
  name: string,
  options: { readonly inCallersTransaction: boolean },
): Promise<LogState> {
  const schema = quoted(name);
  const statement = unprepared(
    `select pg_is_in_recovery()::text as standby, current_setting('synchronous_commit') as commits,
  (select seqcache::text from pg_sequence where seqrelid = '${schema}.position'::regclass) as cache,
  state.id::text, state.generation::text, state.place, state.was, state.now, state.highest::text, state.next::text, state.ahead::text
from ${schema}.log_state() as state`,
  );
  const [row] = await session.query<StateRow>(statement).catch((error: unknown) => {
    throw isMissing(error) ? new SchemaOutdated(name, allMigrations(), { cause: error }) : error;
  });
  if (row === undefined || row.id === null) throw new SchemaOutdated(name, allMigrations());
  if (row.standby === 'true') throw new LogOnStandby();
  if (row.cache !== '1') {
    throw new DefinitionError(
      'LF_SEQUENCE_CACHE',
      `the sequence ${schema}.position has CACHE ${row.cache}; with a cache the order of positions is not the order of a stream: ` +
        `alter sequence ${schema}.position cache 1`,
    );
  }
  if (row.commits === 'off' && !options.inCallersTransaction) {
    throw new DefinitionError(
      'LF_COMMITS_NOT_DURABLE',
      'connections of this pool have synchronous_commit = off: an acknowledged append could be gone after a crash, and a relay could give its numbers to ' +
        'other events. Remove the setting from the role, database or pool; a single transaction of yours that appends nothing may still choose it: set local synchronous_commit = off',
    );
  }
  return {
    ...row,
    id: row.id,
    generation: Number(row.generation),
    highest: BigInt(row.highest ?? 0),
    next: BigInt(row.next),
    ahead: JSON.parse(row.ahead) as readonly FollowerLane[],
  };
}

/**
 * Passes a log that may be used as it is, or will be once `accept_timeline` has gone on with it.
 * @throws {@link LogRestored} `LF_LOG_RESTORED` · {@link LogBehindItsCursors} `LF_LOG_BEHIND_ITS_CURSORS`
 */
export function refuseMisplaced(schema: string, state: LogState): void {
  if (state.place === 'system' || state.place === 'tables') throw new LogRestored(schema, state);
  refuseBehind(schema, state);
}

/** @throws {@link LogBehindItsCursors} `LF_LOG_BEHIND_ITS_CURSORS` */
export function refuseBehind(schema: string, state: LogState): void {
  if (state.highest >= state.next || state.ahead.length > 0) throw new LogBehindItsCursors(schema, state);
}

/** Undefined table, schema, column or function. */
const isMissing = (error: unknown): boolean =>
  isDatabaseError(error) && ['42P01', '3F000', '42703', '42883'].includes(error.code);
