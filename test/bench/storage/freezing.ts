import type { BenchServer } from '../bench-server.ts';
import { storageLog } from './storage-log.ts';

/** What vacuums of a growing log write, and what is left for the one that must come before transaction ids run out. */
export interface FreezingCost {
  readonly how: string;
  /** Bytes of WAL per event, by all vacuums on the way. */
  readonly vacuumWal: number;
  /** Share of the table's pages that the last, freezing one has to write. */
  readonly leftToFreeze: number;
}

const ROWS = 20_000;
const ROUNDS = 5;

/** Grows a log by rounds, with a vacuum after each. @param freezeMinAge as `autovacuum_freeze_min_age`; that of a vacuum by hand is set alike. */
export async function freezingCost(server: BenchServer, freezeMinAge: number): Promise<FreezingCost> {
  const log = await storageLog(server);
  const client = await log.pool.connect();
  try {
    await client.query('alter table leftfold.events set (autovacuum_enabled = off)');
    await client.query(`set vacuum_freeze_min_age = ${freezeMinAge}`);
    let vacuumWal = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await client.query(
        `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
         select g, gen_random_uuid(), 1, 1, '', 'bench.note-' || ${round}, 'bench.note', 'bench.note', to_json(repeat('x', 500)), '{}' from generate_series(1, ${ROWS}) g`,
      );
      vacuumWal += await log.wal(() => client.query('vacuum leftfold.events'));
    }
    const { left } = await log.one<{ left: number }>(
      `select 1 - relallfrozen / greatest(relpages, 1)::float8 as left from pg_class where oid = 'leftfold.events'::regclass`,
    );
    return {
      how: `vacuum_freeze_min_age = ${freezeMinAge}`,
      vacuumWal: vacuumWal / (ROWS * ROUNDS),
      leftToFreeze: left,
    };
  } finally {
    client.release();
    await log.end();
  }
}
