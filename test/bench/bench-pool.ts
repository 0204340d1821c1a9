import { Pool } from 'pg';

/** A pool for a side. Its database is dropped while the pool still says goodbye to it, which must not end this process. */
export function benchPool(url: string, max: number): Pool {
  const pool = new Pool({ connectionString: url, max });
  pool.on('error', () => undefined);
  return pool;
}
