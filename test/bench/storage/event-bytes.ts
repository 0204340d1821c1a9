import type { BenchServer } from '../bench-server.ts';
import { appendEvents, storageLog } from './storage-log.ts';

/** What one event takes, in bytes, by relation. */
export interface EventBytes {
  readonly payloadBytes: number;
  readonly events: number;
  readonly relations: Readonly<Record<string, number>>;
  readonly wal: number;
}

const RELATIONS = `select c.relname as name, pg_relation_size(c.oid)::int8::float8 as bytes
  from pg_class c left join pg_class owner on owner.reltoastrelid = c.oid
  where (c.relnamespace = 'leftfold'::regnamespace and c.relname ~ '^(events|streams)')
     or owner.oid = 'leftfold.events'::regclass
     or c.oid in (select indexrelid from pg_index where indrelid = (select reltoastrelid from pg_class where oid = 'leftfold.events'::regclass))
  order by 1`;

/** Appends `total` events in all, `events` of them at a time, and divides. */
export async function eventBytes(
  server: BenchServer,
  { payloadBytes, events, total }: { readonly payloadBytes: number; readonly events: number; readonly total: number },
): Promise<EventBytes> {
  const log = await storageLog(server);
  try {
    const shape = { payloadBytes, events, streams: total / 20 };
    await appendEvents(log, { ...shape, appends: 20 });
    const before = await sizes();
    const wal = await log.wal(() => appendEvents(log, { ...shape, appends: total / events }));
    const after = await sizes();
    const relations = Object.fromEntries(
      [...after].map(([name, bytes]) => [name, (bytes - (before.get(name) ?? 0)) / total]),
    );
    return { payloadBytes, events, relations, wal: wal / total };
  } finally {
    await log.end();
  }

  async function sizes(): Promise<ReadonlyMap<string, number>> {
    const { rows } = await log.pool.query<{ name: string; bytes: number }>(RELATIONS);
    const named = rows.map(({ name, bytes }): [string, number] => [name.replace(/^pg_toast_\d+/, 'toast'), bytes]);
    return new Map(named);
  }
}
