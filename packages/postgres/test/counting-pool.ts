import type { PgClient, PgPool, PgQuery } from '@leftfold/postgres';
import type { Pool, QueryConfig } from 'pg';

/** What readers of a log have asked. */
export interface Asked {
  /** Statements that read the log, in order, as `log_poll`. */
  readonly statements: string[];
  /** Polls under way now, and the most at once. */
  polls: { now: number; most: number };
}

export const nothingAsked = (): Asked => ({ statements: [], polls: { now: 0, most: 0 } });

/** A pool that keeps account of the statements by which the log is read. */
export function countingPool(pool: Pool, asked: Asked): PgPool {
  return {
    async connect() {
      const client = await pool.connect();
      const counting: PgClient = {
        async query(query: PgQuery) {
          const [, statement] = /^leftfold_(log_\w+)_[0-9a-f]+$/.exec(query.name ?? '') ?? [];
          if (statement !== undefined) asked.statements.push(statement);
          if (statement !== 'log_poll') return client.query(query as QueryConfig);
          asked.polls.now += 1;
          asked.polls.most = Math.max(asked.polls.most, asked.polls.now);
          try {
            return await client.query(query as QueryConfig);
          } finally {
            asked.polls.now -= 1;
          }
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      return counting;
    },
  };
}
