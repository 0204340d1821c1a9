import { PLACED, placesText, type Placed } from '../inline/placed-events.ts';
import { prepared, type Statement } from '../statement.ts';
import { DURABLE_COMMIT } from './durable-commit.ts';
import { lockTimeout } from './lock-timeout.ts';

/**
 * SQLSTATE with which the statement undoes itself. The error's `table` says what was in the way: `streams` (`column`: its index, from 1), `replies`, or `keys`
 * (`column`: its index, from 1; `detail`: the stream that holds it).
 */
export const REFUSED = 'LF001';

/** What a group statement does beside its events. */
export interface GroupParts {
  readonly reply: boolean;
  readonly keys: boolean;
  /** It says of each event where it stands, too. */
  readonly placed?: Placed | undefined;
}

/**
 * Appends to several streams, or with a stored reply or unique keys, or all of it: one statement, all or nothing.
 *
 * Every append takes its locks in one order, so appends do not deadlock among themselves: the heads, in the order of their keys and in one phase (two, first
 * inserting the new heads, then updating the old ones, can deadlock); then the reply's key; then the unique keys, in their order (`change_keys` of
 * migration 6). What is not as expected undoes the whole statement by an error. That is found in the order of the selected columns, left to right, and events
 * are inserted last, since nothing selects from them, or the last column does: so a refused append draws no positions.
 *
 * An exact or present expectation must not make a head, so it takes part only if the statement's snapshot sees one: heads are never deleted.
 *
 * Streams with events: $1 tenants · $2 stream ids · $3 categories · $4 hashes · $5 expected versions (null any, 0 absent, -1 present) · $6 numbers of
 * events. Events: $7 index of their stream, from 1 · $8 their number in it, from 1 · $9 ids · $10 schema ids · $11 topics · $12 payloads ·
 * $13 metadata. With a reply: $14 tenant · $15 key · $16 request hash · $17 reply · $18 milliseconds to keep it · $19 and $20 the token before and after
 * the transaction id · $21 versions of all appends as far as known · $22 index in $21 of each stream with events. With keys, as the next five: tenants ·
 * names · values · stream ids · whether it is taken or given back.
 */
export function groupStatement(schema: string, parts: GroupParts, lockTimeoutMs: number): Statement {
  return prepared(
    ['append_group', parts.reply && 'reply', parts.keys && 'keys', parts.placed].filter(Boolean).join('_'),
    `with a as materialized (
  select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int8[], $6::int8[]) with ordinality
    as a(tenant, stream_id, category, hash, expected, events, i)
), head as (
  insert into ${schema}.streams as s (tenant, stream_id, category, hash, version)
  select a.tenant, a.stream_id, a.category, a.hash, a.events from a
  where ${lockTimeout(lockTimeoutMs)} and ${DURABLE_COMMIT} and (coalesce(a.expected, 0) = 0
    or exists (select from ${schema}.streams x where x.tenant = a.tenant and x.stream_id = a.stream_id))
  order by a.tenant, a.stream_id
  on conflict (tenant, stream_id) do update set version = s.version + excluded.version
  where s.category = excluded.category and (
    select a.expected is null or a.expected = -1 or a.expected = s.version
    from a where a.tenant = excluded.tenant and a.stream_id = excluded.stream_id)
  returning s.tenant, s.stream_id, s.version
), written as (
  insert into ${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version - a.events + e.nth, e.id, a.hash, e.schema_id, a.tenant, a.stream_id, a.category, e.topic, e.payload, e.metadata
  from head join a using (tenant, stream_id)
  join unnest($7::int8[], $8::int8[], $9::uuid[], $10::int[], $11::text[], $12::json[], $13::json[]) with ordinality
    as e(i, nth, id, schema_id, topic, payload, metadata, place) on e.i = a.i
  order by e.place${parts.placed ? `\n  ${PLACED}` : ''}
)${parts.reply ? replyText(schema) : ''}
select pg_current_xact_id()::text as xid${parts.reply ? `, case when not exists (select from kept) then ${schema}.refuse('replies', 0)::text end` : ''}, (
  select coalesce(array_agg(case when head.version is null then ${schema}.refuse('streams', a.i) else head.version end order by a.i), '{}')::text
  from a left join head using (tenant, stream_id)
) as versions${parts.keys ? `, ${keysText(schema, parts.reply ? 22 : 13)}` : ''}${parts.placed ? `, ${placesText(parts.placed)}` : ''}`,
    { inDoubt: 'an append' },
  );
}

/** An expired reply is overwritten; one that still holds keeps `kept` empty. */
const replyText = (schema: string): string => `, kept as (
  insert into ${schema}.replies as r (tenant, key, request_hash, reply, versions, token, expires_at)
  select $14::text, $15::text, $16::text, $17::json,
    (select coalesce(array_agg(coalesce(head.version, known.version) order by known.i), '{}')
     from unnest($21::int8[]) with ordinality as known(version, i)
     left join (a join unnest($22::int8[]) with ordinality as place(known, i) using (i)) on place.known = known.i
     left join head using (tenant, stream_id)),
    $19::text || pg_current_xact_id()::text || $20::text, clock_timestamp() + $18::float8 * interval '1 millisecond'
  on conflict (tenant, key) do update set request_hash = excluded.request_hash, reply = excluded.reply, versions = excluded.versions,
    token = excluded.token, expires_at = excluded.expires_at
  where r.expires_at <= clock_timestamp()
  returning r.key
)`;

const keysText = (schema: string, before: number): string =>
  `${schema}.change_keys($${before + 1}::text[], $${before + 2}::text[], $${before + 3}::text[], $${before + 4}::text[], $${before + 5}::boolean[])::text`;
