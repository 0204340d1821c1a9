import type { StoredEvent, StreamRef, StreamVersion } from '@leftfold/core';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';
import { EVENT_COLUMNS, storedEvent, type EventRow } from './event-row.ts';
import { foreignCategory, StreamCorrupt } from './store-errors.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** Events of one page. */
export const PAGE = 500;

/** A page of a stream. $1 tenant · $2 stream id · $3 version after which it begins */
export function readStatement(schema: string): Statement {
  return prepared(
    'read',
    `select ${EVENT_COLUMNS} from ${schema}.events
where tenant = $1 and stream_id = $2 and version > $3::int8
order by version limit ${PAGE}`,
  );
}

/**
 * The next page of a stream. Its order and density are checked row by row, so that no plan and no repair by hand ever hands out a history with a hole
 * in it (hazard L11).
 * @throws {@link StreamCorrupt} `LF_STREAM_CORRUPT` · `LF_STREAM_CATEGORY`
 */
export async function readPage(
  session: Session,
  statement: Statement,
  schemas: WriterSchemas,
  stream: StreamRef,
  after: StreamVersion,
): Promise<readonly StoredEvent[]> {
  const rows = await session.query<EventRow>(statement, [stream.tenant, stream.id, after]);
  const schemaOf = await schemas.get(new Set(rows.map(({ schema_id }) => schema_id)), session);
  let expected = after;
  return rows.map((row) => {
    expected = (expected + 1n) as StreamVersion;
    if (row.category !== stream.category) throw foreignCategory(stream, row.category);
    if (row.version !== expected) throw new StreamCorrupt(stream, expected, row.version as StreamVersion);
    return storedEvent(row, schemaOf(row.schema_id));
  });
}
