import type { BenchServer } from '../bench-server.ts';
import { storageLog } from './storage-log.ts';

/** What an index for trimming costs each stored reply, and what a trim of a thousand costs with it. */
export interface ReplyIndexCost {
  readonly index: string;
  readonly insertMicros: number;
  readonly wal: number;
  readonly bytes: number;
  /** Pages that finding a thousand expired ones of a table in steady state looks at. */
  readonly trimPages: number;
}

const ROWS = 50_000;
const INDEXES = ['none', 'btree (expires_at)', 'brin (expires_at)'];

/** Fills and trims the table with each index, in turns; medians of the times. */
export async function replyIndexCosts(server: BenchServer, turns: number): Promise<readonly ReplyIndexCost[]> {
  const found = INDEXES.map((): ReplyIndexCost[] => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, index] of INDEXES.entries()) found[i]?.push(await costOf(server, index));
  }
  return found.map((costs) => {
    const micros = costs.map(({ insertMicros }) => insertMicros).toSorted((a, b) => a - b);
    return { ...(costs[0] as ReplyIndexCost), insertMicros: micros[Math.floor(micros.length / 2)] ?? Number.NaN };
  });
}

async function costOf(server: BenchServer, index: string): Promise<ReplyIndexCost> {
  const log = await storageLog(server);
  try {
    await log.pool.query('drop index if exists leftfold.replies_expires_at');
    if (index !== 'none') await log.pool.query(`create index by_time on leftfold.replies using ${index}`);
    const fill = (from: number, count: number) =>
      log.pool.query(
        `insert into leftfold.replies (tenant, key, request_hash, reply, versions, token, expires_at)
         select '', 'orders.order/place/' || gen_random_uuid(), md5(g::text), json_build_object('id', gen_random_uuid()), '{1}', md5(g::text) || md5(g::text),
           timestamptz '2026-01-01' + g * interval '10 ms' from generate_series($1::int, $2::int) g`,
        [from, from + count - 1],
      );
    let insertMicros = 0;
    const wal = await log.wal(async () => {
      const started = performance.now();
      await fill(0, ROWS);
      insertMicros = ((performance.now() - started) * 1000) / ROWS;
    });
    const { bytes } = await log.one<{ bytes: number }>(
      `select coalesce(pg_relation_size(to_regclass('leftfold.by_time')), 0)::float8 / ${ROWS} as bytes`,
    );
    // Steady state: ten times a tenth goes and as much comes, into the room that vacuum has made.
    for (let round = 0; round < 10; round++) {
      await log.pool.query(
        `delete from leftfold.replies where expires_at < timestamptz '2026-01-01' + $1::int * interval '10 ms'`,
        [((round + 1) * ROWS) / 10],
      );
      await log.pool.query('vacuum leftfold.replies');
      await fill(ROWS + (round * ROWS) / 10, ROWS / 10);
    }
    await log.pool.query('vacuum analyze leftfold.replies');
    const plan = await log.one<{
      'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }];
    }>(
      `explain (analyze, buffers, format json) select ctid from leftfold.replies
       where expires_at < timestamptz '2026-01-01' + ${ROWS + 1_000} * interval '10 ms'`,
    );
    const { Plan } = plan['QUERY PLAN'][0];
    return {
      index,
      insertMicros,
      wal: wal / ROWS,
      bytes,
      trimPages: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'],
    };
  } finally {
    await log.end();
  }
}
