import type { BenchServer } from '../bench-server.ts';
import { appendEvents, storageLog } from './storage-log.ts';

/** How a payload may be kept. */
export interface Keeping {
  readonly compression: 'pglz' | 'lz4';
  /** Above so many bytes a row is compressed, and then moved out of the table. */
  readonly tupleTarget: number;
}

/** What a way of keeping payloads costs per event. */
export interface CompressionCost extends Keeping {
  readonly payloadBytes: number;
  readonly bytes: number;
  readonly wal: number;
  /** Of the server, to insert one event of many in one statement; and to read it back as text. */
  readonly insertMicros: number;
  readonly readMicros: number;
}

const EVENTS = 4_000;

/** Inserts the same payloads kept in these ways, in turns, and takes the median of the turns. */
export async function compressionCosts(
  server: BenchServer,
  payloadBytes: number,
  ways: readonly Keeping[],
  turns: number,
): Promise<readonly CompressionCost[]> {
  const found = ways.map((): CompressionCost[] => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, way] of ways.entries()) found[i]?.push(await costOf(server, payloadBytes, way));
  }
  return found.map((costs) => {
    const median = (of: (cost: CompressionCost) => number): number =>
      costs.map(of).toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? Number.NaN;
    return {
      ...(costs[0] as CompressionCost),
      insertMicros: median((cost) => cost.insertMicros),
      readMicros: median((cost) => cost.readMicros),
    };
  });
}

async function costOf(server: BenchServer, payloadBytes: number, way: Keeping): Promise<CompressionCost> {
  const log = await storageLog(server);
  try {
    await appendEvents(log, { appends: 64, events: 1, payloadBytes, streams: 1 });
    const client = await log.pool.connect();
    try {
      await client.query(
        `create temp table texts as select row_number() over () as n, payload::text || '' as payload, metadata from leftfold.events`,
      );
      await client.query(
        `alter table leftfold.events alter column payload set compression ${way.compression}, set (toast_tuple_target = ${way.tupleTarget})`,
      );
      const size = async (): Promise<number> =>
        Number((await client.query(`select pg_table_size('leftfold.events') as bytes`)).rows[0].bytes);
      const before = await size();
      let insertMicros = 0;
      const wal = await log.wal(async () => {
        const started = performance.now();
        await client.query(
          `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
           select g, gen_random_uuid(), 1, 1, '', 'bench.note-x', 'bench.note', 'bench.note', payload::json, metadata
           from generate_series(1, ${EVENTS}) g join texts on texts.n = g % 64 + 1`,
        );
        insertMicros = ((performance.now() - started) * 1000) / EVENTS;
      });
      const bytes = ((await size()) - before) / EVENTS;
      const started = performance.now();
      await client.query(`select sum(length(payload::text)) from leftfold.events`);
      const readMicros = ((performance.now() - started) * 1000) / EVENTS;
      return { ...way, payloadBytes, bytes, wal: wal / EVENTS, insertMicros, readMicros };
    } finally {
      client.release();
    }
  } finally {
    await log.end();
  }
}
