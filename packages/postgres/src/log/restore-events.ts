import { logRecord, RecordGone } from '@leftfold/subscriptions';
import type { KeptRecord, LogRecord } from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';
import { EVENT_COLUMNS, storedEvent, type EventRow } from '../store/event-row.ts';
import type { WriterSchemas } from '../store/writer-schemas.ts';

/** Events by stream and version. $1 JSON: `[{ n, tenant, stream, version }]`. Answers those that are there, each with its `n`. */
export function restoreStatement(schema: string): Statement {
  return prepared(
    'restore_events',
    `select kept.n, ${EVENT_COLUMNS.split(', ')
      .map((column) => `e.${column}`)
      .join(', ')}
  from json_to_recordset($1::json) as kept(n integer, tenant text, stream text, version bigint)
  join ${schema}.events as e on e.tenant = kept.tenant and e.stream_id = kept.stream and e.version = kept.version`,
  );
}

/**
 * The events that were kept to be dealt with later, read from the log again, in the order given; also of records that a topic had, since the log has the events themselves.
 * @throws {@link RecordGone} `LF_RECORD_GONE` for one that is not there, or is another event by now
 */
export async function restoreEvents(
  db: Database,
  { statement, schemas }: { readonly statement: Statement; readonly schemas: WriterSchemas },
  kept: readonly KeptRecord[],
): Promise<readonly LogRecord[]> {
  if (kept.length === 0) return [];
  const asked = kept.map(({ envelope: { tenant, stream, streamVersion } }, n) => ({
    n,
    tenant,
    stream,
    version: streamVersion.toString(),
  }));
  return db.session(async (session) => {
    const rows = await session.query<EventRow & { readonly n: number }>(statement, [JSON.stringify(asked)]);
    const schemaOf = await schemas.get(new Set(rows.map(({ schema_id }) => schema_id)), session);
    const found = new Map(rows.map((row) => [row.n, row]));
    return kept.map(({ envelope }, n) => {
      const row = found.get(n);
      if (row === undefined || row.event_id !== envelope.id) throw new RecordGone(envelope, 'this log');
      return logRecord(storedEvent(row, schemaOf(row.schema_id)));
    });
  });
}
