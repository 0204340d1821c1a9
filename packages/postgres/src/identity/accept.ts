import type { PgPool } from '../pool.ts';
import { refuseBehind } from './identity-check.ts';
import { LogBehindItsCursors, LogRestored } from './identity-errors.ts';
import { raiseGeneration, type AcceptOptions, type GenerationRaised } from './raise-generation.ts';

/**
 * Goes on after a fail-over, or a recovery to a point in time, that followers have seen more of than was left; also after something that nothing here can notice, as
 * a disk that was set back to an earlier image. What no follower is ahead of needs no call, it is gone on with by itself. Every follower that is not ahead goes on
 * where it stands; the others are named. Any number of times, each raises the generation.
 *
 * @param pool a login that owns the log's tables
 * @throws `LF_LOG_RESTORED` in another cluster, or for tables from a dump · `LF_LOG_BEHIND_ITS_CURSORS` when events lie beyond the cluster: use `rebase` ·
 *   `LF_REASON_MISSING` · `LF_LOG_ON_STANDBY`
 */
export async function acceptTimeline(pool: PgPool, options: AcceptOptions): Promise<GenerationRaised> {
  return raiseGeneration(pool, options, (_, schema, state) => {
    if (state.place === 'system' || state.place === 'tables') throw new LogRestored(schema, state);
    if (state.highest >= state.next) throw new LogBehindItsCursors(schema, state);
  });
}

/**
 * Goes on in a new cluster that has the very files of the old one, as `pg_upgrade` makes it: it keeps all transaction ids. Every follower goes on where it stands.
 * A log from a dump is told by its tables and refused: there use `rebase`, which would be right here, too, and takes longer.
 *
 * @param pool a login that owns the log's tables
 * @throws `LF_LOG_RESTORED` for tables that were made anew · `LF_LOG_BEHIND_ITS_CURSORS` · `LF_REASON_MISSING` · `LF_LOG_ON_STANDBY`
 */
export async function acceptCluster(pool: PgPool, options: AcceptOptions): Promise<GenerationRaised> {
  return raiseGeneration(pool, options, (_, schema, state) => {
    if (state.place === 'tables') throw new LogRestored(schema, state);
    refuseBehind(schema, state);
  });
}
