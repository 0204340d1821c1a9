import type { BenchServer } from '../bench-server.ts';
import { appendEvents, storageLog } from './storage-log.ts';

const COLUMNS = [
  'position',
  'xid',
  'version',
  'recorded_at',
  'event_id',
  'hash',
  'schema_id',
  'tenant',
  'stream_id',
  'category',
  'topic',
  'payload',
  'metadata',
];

/** Bytes of each column of an event's row, without what aligns the next one; beside them the row as a whole, its header and pointer left out. */
export async function columnBytes(
  server: BenchServer,
  payloadBytes: number,
): Promise<Readonly<Record<string, number>>> {
  const log = await storageLog(server);
  try {
    await appendEvents(log, { appends: 200, events: 1, payloadBytes, streams: 10 });
    const each = [
      ...COLUMNS.map((name) => `avg(pg_column_size(e.${name}))::float8 as ${name}`),
      `avg(pg_column_size(e.*) - 24)::float8 as row`,
    ];
    return await log.one(`select ${each.join(', ')} from leftfold.events e`);
  } finally {
    await log.end();
  }
}
