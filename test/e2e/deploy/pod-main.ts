// One process of one release: a projector, or an API that reads all the time. It runs until it is told to stop.
import { setTimeout as pause } from 'node:timers/promises';
import { postgres, readModels } from '@leftfold/postgres';
import { follow } from '@leftfold/subscriptions';
import { Pool } from 'pg';
import type { Said } from './pod.ts';
import { releases, type Release } from './releases.ts';

const [url, role, release] = process.argv.slice(2) as [string, 'projector' | 'api', Release];
const pool = new Pool({ connectionString: url, max: 4 });
pool.on('error', () => undefined);
const storage = postgres({ pool });
const projection = releases[release];
const halt = new AbortController();
process.on('message', () => halt.abort());
process.on('disconnect', () => process.exit());
const say = (said: Partial<Said>): void => void process.send?.(said);

if (role === 'projector') {
  const running = await follow(projection, { from: storage.log, storage, leaseMs: 1_000 });
  say({ isReady: true });
  if (!halt.signal.aborted) await new Promise((resolve) => halt.signal.addEventListener('abort', resolve));
  await running.stop();
} else {
  await storage.readModels.prepare(projection.tables);
  for (let looks = 1; !halt.signal.aborted; looks++) {
    if ((await storage.versions.bound(projection.tables)) !== undefined) break;
    say({ looks });
    await pause(50);
  }
  // All columns that this release knows, by their names.
  const columns = Object.keys(projection.row) as ('id' | 'sum')[];
  const tallies = readModels(pool, [projection]).selectFrom('tallies').select(columns);
  const failures: string[] = [];
  for (let reads = 1; !halt.signal.aborted; reads++) {
    try {
      const rows = await tallies.execute();
      say({ isReady: true, reads, rows });
    } catch (error) {
      failures.push(String(error));
      say({ failures });
    }
    await pause(5);
  }
}
await pool.end();
process.disconnect?.();
