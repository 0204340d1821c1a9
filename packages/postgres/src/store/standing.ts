import type { EventId, EventPlace, ReadToken, StoredReply, StreamId, StreamRef, StreamVersion } from '@leftfold/core';
import { arrayParameter } from '../column-types.ts';
import type { Session } from '../database.ts';
import { prepared, type Statement } from '../statement.ts';
import type { AppendCall } from './appends.ts';
import { REPLY_COLUMNS, storedReply, type ReplyRow } from './stored-replies.ts';

/** What the log holds of an append: its reply, its streams, its events. */
export interface Standing {
  readonly reply: StoredReply | undefined;
  /** The head of a stream with events; `undefined` while it is absent. */
  head(stream: StreamRef): Head | undefined;
  /** Where an event of the call stands. */
  place(tenant: string, id: EventId): EventPlace | undefined;
  /** A transaction that, once visible to a reader, leaves none of these events unseen. Empty when none stands in the log. */
  readonly xid: string;
}
/** Where a stream stands. */
export interface Head {
  readonly category: string;
  readonly version: StreamVersion;
}

interface StandingRow extends Partial<ReplyRow> {
  /** JSON: index of the stream, category, version. */
  readonly heads: string;
  /** JSON: index of the event, stream id, version. */
  readonly events: string;
  readonly xid: string | null;
}

/**
 * One row with all that may have been in the way of an append. Versions are text inside JSON, so that none is rounded. Events of one call are of one
 * transaction; should they be of several, the one that looks stands for them: whoever sees that one sees what was committed before it began.
 *
 * $1 tenant and $2 key of the reply, or null · streams with events: $3 tenants · $4 stream ids · events: $5 tenants · $6 ids
 */
export function standingStatement(schema: string): Statement {
  return prepared(
    'standing',
    `with found as materialized (
  select a.i, e.stream_id, e.version, e.xid
  from unnest($5::text[], $6::uuid[]) with ordinality as a(tenant, event_id, i)
  join ${schema}.events e on e.tenant = a.tenant and e.event_id = a.event_id
)
select ${REPLY_COLUMNS}, (
  select coalesce(json_agg(json_build_array(a.i, s.category, s.version::text)), '[]')::text
  from unnest($3::text[], $4::text[]) with ordinality as a(tenant, stream_id, i)
  join ${schema}.streams s on s.tenant = a.tenant and s.stream_id = a.stream_id
) as heads, (
  select coalesce(json_agg(json_build_array(i, stream_id, version::text)), '[]')::text from found
) as events, (
  select case when min(xid) < max(xid) then pg_current_xact_id() else max(xid) end::text from found
) as xid
from (values (1)) as always
left join ${schema}.replies r on r.tenant = $1::text and r.key = $2::text and r.expires_at > clock_timestamp()`,
  );
}

/** Looks what the log holds of an append: one read, one snapshot. */
export async function lookInto(
  session: Session,
  statement: Statement,
  { written, reply }: Pick<AppendCall, 'written' | 'reply'>,
): Promise<Standing> {
  const events = written.flatMap(({ stream: { tenant }, events }) => events.map(({ id }) => ({ tenant, id })));
  const [row] = await session.query<StandingRow>(statement, [
    reply?.tenant ?? null,
    reply?.key ?? null,
    arrayParameter(written.map(({ stream }) => stream.tenant)),
    arrayParameter(written.map(({ stream }) => stream.id)),
    arrayParameter(events.map(({ tenant }) => tenant)),
    arrayParameter(events.map(({ id }) => id)),
  ]);
  if (row === undefined) throw new RangeError('the statement about an append answers with one row');
  const heads = new Map(
    (JSON.parse(row.heads) as readonly [number, string, string][]).map(([i, category, version]) => [
      scoped(written[i - 1]?.stream.tenant, written[i - 1]?.stream.id),
      { category, version: BigInt(version) as StreamVersion },
    ]),
  );
  const places = new Map(
    (JSON.parse(row.events) as readonly [number, StreamId, string][]).map(([i, stream, version]) => [
      scoped(events[i - 1]?.tenant, events[i - 1]?.id),
      { stream, version: BigInt(version) as StreamVersion },
    ]),
  );
  return {
    reply: isReply(row) ? storedReply(row) : undefined,
    head: ({ tenant, id }) => heads.get(scoped(tenant, id)),
    place: (tenant, id) => places.get(scoped(tenant, id)),
    xid: row.xid ?? '',
  };
}

const isReply = (row: Partial<ReplyRow>): row is ReplyRow & { readonly token: ReadToken } =>
  typeof row.token === 'string';

/** A tenant holds no `/`. */
const scoped = (tenant: string | undefined, id: string | undefined): string => `${tenant}/${id}`;
