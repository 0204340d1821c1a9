import { checkCategory } from '@leftfold/core';
import type {
  EventId,
  LogPosition,
  ReadRange,
  StoredEvent,
  StreamRef,
  StreamVersion,
  WriterSchema,
} from '@leftfold/core';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';
import { metadataOf, type EventRow } from './event-row.ts';
import { StreamCorrupt } from './store-errors.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** Events of one page. */
const PAGE = 500;

/** A row as it comes from any driver: every column is text. */
type TextRow = {
  readonly [column in keyof EventRow]: EventRow[column] extends string | null ? EventRow[column] : string;
};

/**
 * A page of a stream. $1 tenant · $2 stream id · $3 version after which it begins · $4 version with which it ends · $5 most rows
 *
 * Ordered by the table's own column: the selected one is text.
 */
export function readStatement(schema: string, direction: 'forwards' | 'backwards'): Statement {
  return prepared(
    `read_${direction}`,
    `select e.position::text, e.version::text, extract(epoch from e.recorded_at)::text as recorded_at, e.event_id::text, e.hash::text,
  e.schema_id::text, e.tenant, e.stream_id, e.category, e.topic, e.payload::text, e.metadata::text
from ${schema}.events e
where e.tenant = $1 and e.stream_id = $2 and e.version > $3::int8 and e.version <= $4::int8
order by e.version ${direction === 'forwards' ? 'asc' : 'desc'} limit $5::int8`,
  );
}

/** Reads one stream. */
export interface StreamReading {
  /** One page in one session. */
  readonly use: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  /** The next page may be asked for while one is dealt with. Not in a transaction of the caller's, who may send something else meanwhile. */
  readonly ahead: boolean;
  readonly statements: { readonly forwards: Statement; readonly backwards: Statement };
  readonly schemas: WriterSchemas;
  readonly stream: StreamRef;
}

/** Where reading goes on. */
interface Rest extends ReadRange {
  /** Which version the next row has; of the first one backwards that is not known. */
  readonly next: StreamVersion | undefined;
}
interface Page {
  readonly events: readonly StoredEvent[];
  /** Absent after the last page. */
  readonly rest?: Rest;
}

/**
 * The pages of a stream within a range. Its order and density are checked row by row, so that no plan and no repair by hand ever hands out a history with a
 * hole in it (hazard L11): forwards from the first version on, backwards from the newest one read down to the range's beginning.
 * @throws {@link StreamCorrupt} `LF_STREAM_CORRUPT` · `LF_STREAM_CATEGORY`
 */
export async function* readPages(reading: StreamReading, range: ReadRange): AsyncIterable<readonly StoredEvent[]> {
  let rest: Rest | undefined = { ...range, next: range.backwards ? undefined : above(range.after) };
  let asked: Promise<Page> | undefined;
  while (rest !== undefined && rest.after < rest.upTo && rest.limit > 0) {
    const page: Page = await (asked ?? readPage(reading, rest));
    rest = page.rest;
    asked = rest && reading.ahead ? readPage(reading, rest) : undefined;
    // Whoever stops before it will not take its fault.
    asked?.catch(() => undefined);
    if (page.events.length > 0) yield page.events;
  }
}

async function readPage({ use, statements, schemas, stream }: StreamReading, from: Rest): Promise<Page> {
  const { after, upTo, limit, backwards } = from;
  const most = Math.min(PAGE, limit);
  if (most === 0 || after >= upTo) return { events: [] };
  let { next } = from;
  const events = await use(async (session) => {
    const statement = backwards ? statements.backwards : statements.forwards;
    const rows = await session.query<TextRow>(statement, [stream.tenant, stream.id, after, upTo, most]);
    const schemaOf = await schemas.get(new Set(rows.map(({ schema_id }) => Number(schema_id))), session);
    return rows.map((row) => {
      checkCategory(stream, row.category);
      const version = BigInt(row.version) as StreamVersion;
      if (next !== undefined && version !== next) throw new StreamCorrupt(stream, next, version);
      next = backwards ? below(version) : above(version);
      return eventOf(stream, version, row, schemaOf(Number(row.schema_id)));
    });
  });
  if (events.length < most) {
    if (backwards && next !== undefined && next > after) throw new StreamCorrupt(stream, next);
    return { events };
  }
  const last = events.at(-1)?.streamVersion ?? after;
  const place = backwards ? { after, upTo: below(last) } : { after: last, upTo };
  return { events, rest: { ...place, backwards, limit: limit - events.length, next } };
}

const above = (version: StreamVersion): StreamVersion => (version + 1n) as StreamVersion;
const below = (version: StreamVersion): StreamVersion => (version - 1n) as StreamVersion;

/** In one step: a load of a long stream is made of this. */
function eventOf(stream: StreamRef, version: StreamVersion, row: TextRow, schema: WriterSchema): StoredEvent {
  return {
    id: row.event_id as EventId,
    type: schema.type,
    version: schema.version,
    tenant: stream.tenant,
    stream: stream.id,
    category: stream.category,
    key: stream.key,
    streamVersion: version,
    position: BigInt(row.position) as LogPosition,
    recordedAt: instant(row.recorded_at),
    metadata: metadataOf(row.metadata),
    payload: row.payload,
    schema,
    topic: row.topic,
    hash: Number(row.hash),
  };
}

/** Of seconds with six decimals; in whole milliseconds, cut off. */
export function instant(seconds: string): Date {
  const point = seconds.length - '.123456'.length;
  return new Date(Number(seconds.slice(0, point)) * 1_000 + Number(seconds.slice(point + 1, point + 4)));
}
