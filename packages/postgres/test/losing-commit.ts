import type { PgPool } from '@leftfold/postgres';
import type { Pool } from 'pg';

/** The pool, with a network that breaks when COMMIT is sent: before it was carried out, or after. */
export function losingCommit(pool: Pool, when: 'before' | 'after'): PgPool {
  return {
    async connect() {
      const client = await pool.connect();
      return {
        async query(query) {
          if (query.text !== 'commit') return await client.query(query);
          await client.query(when === 'after' ? 'commit' : 'rollback');
          throw new Error('Connection terminated unexpectedly');
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
