import { applyMigrations } from '@leftfold/postgres';
import { benchPool } from './bench-pool.ts';
import type { BenchServer } from './bench-server.ts';

/** Makes a database with all migrations applied. Copying it takes a third of the time of applying them. */
export async function makeEmptyLog(server: BenchServer): Promise<string> {
  const url = await server.fresh();
  const pool = benchPool(url, 4);
  await applyMigrations(pool);
  await pool.end();
  return url;
}
