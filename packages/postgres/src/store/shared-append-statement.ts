import { prepared, type Statement } from '../statement.ts';

/** How long a statement that several appends share waits for any lock: none of them may be held up by a stranger's transaction (hazard L22). */
const SHARED_LOCK_TIMEOUT_MS = 20;

/**
 * Appends of several callers, each to one stream: one statement and one commit, yet each with its own outcome. `versions` has one element per append, in
 * their order: where its stream stands now, or null: of this append nothing was written, and it is to be sent alone, which finds out why. That is the
 * answer to every conflict, to a key that was answered before, and to a stream that another transaction holds at this moment.
 *
 * No append waits for another one's stream (hazard L22): the heads that exist are locked by `skip locked`, and raised once all of them are locked. Only then new
 * ones are made, in the order of their keys, and replies, in theirs; that alone can wait, for a stranger who is just making the same one. After
 * {@link SHARED_LOCK_TIMEOUT_MS} it is an error, which undoes the whole statement, as any other error does: then all are sent alone. So nobody is waited for in
 * a circle for longer than that, and among shared appends there is no circle.
 *
 * Positions are drawn when all heads are locked, checked and raised: rows of events are made from `state`, which holds what came out of that (hazard L9).
 *
 * Why it is written this way (0013): parameters come as `(select $1)`, so that the planner estimates them alike each time and keeps one plan after the fifth
 * call; heads are looked up by a lateral query with a limit, and raised through their unique index, since a join would be planned, and kept, as a scan of a
 * table that is small today; events find their stream's values by subscript, since a join of two lists is planned for ten rows each.
 *
 * $1 to $13 are those of `groupStatement`, a stream's index being its append's. With replies, one element per append: $14 keys (null: none) · $15 request
 * hashes · $16 replies · $17 milliseconds to keep them · $18 the tokens after the transaction id; and $19, the tokens before it.
 */
export function sharedAppendStatement(
  schema: string,
  { replies, lockTimeoutMs }: { readonly replies: boolean; readonly lockTimeoutMs: number },
): Statement {
  const ms = Math.min(SHARED_LOCK_TIMEOUT_MS, lockTimeoutMs);
  const timeout = `(select set_config('lock_timeout', '${ms}', true)) is distinct from ''`;
  const asked = replies
    ? `unnest((select $1::text[]), (select $2::text[]), (select $3::text[]), (select $4::int[]), (select $5::int8[]), (select $6::int8[]),
    (select $14::text[]), (select $15::text[]), (select $16::json[]), (select $17::float8[]), (select $18::text[])) with ordinality
    as a(tenant, stream_id, category, hash, expected, events, reply_key, request_hash, reply, keep_ms, token_after, i)`
    : `unnest((select $1::text[]), (select $2::text[]), (select $3::text[]), (select $4::int[]), (select $5::int8[]), (select $6::int8[])) with ordinality
    as a(tenant, stream_id, category, hash, expected, events, i)`;
  return prepared(
    replies ? 'append_shared_reply' : 'append_shared',
    `with asked as materialized (
  select * from ${asked}
  where ${timeout}
), a as materialized (
  select * from asked${replies ? unanswered(schema) : ''}
), locked as materialized (
  select a.* from (select * from a where expected is distinct from 0 order by tenant, stream_id) a
  cross join lateral (
    select s.category, s.version from ${schema}.streams s
    where s.tenant = a.tenant and s.stream_id = a.stream_id
    limit 1 for update skip locked
  ) s
  where s.category = a.category and (a.expected is null or a.expected = -1 or a.expected = s.version)
), raised as (
  insert into ${schema}.streams as s (tenant, stream_id, category, hash, version)
  select tenant, stream_id, category, hash, events from locked
  on conflict (tenant, stream_id) do update set version = s.version + excluded.version
  returning s.tenant, s.stream_id, s.version
), made as (
  insert into ${schema}.streams as s (tenant, stream_id, category, hash, version)
  select a.tenant, a.stream_id, a.category, a.hash, a.events from a
  where coalesce(a.expected, 0) = 0
    and (select x.version from ${schema}.streams x where x.tenant = a.tenant and x.stream_id = a.stream_id) is null
  order by a.tenant, a.stream_id
  on conflict (tenant, stream_id) do nothing
  returning s.tenant, s.stream_id, s.version
), head as (
  select a.i, s.version from (select * from raised union all select * from made) s join a using (tenant, stream_id)
), state as materialized (
  select array_agg(head.version order by asked.i) as versions, array_agg(coalesce(head.version, 0) order by asked.i) as raised
  from asked left join head using (i)
), written as (
  insert into ${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select ((select raised from state))[e.i] - ($6::int8[])[e.i] + e.nth, e.id, ($4::int[])[e.i], e.schema_id, ($1::text[])[e.i], ($2::text[])[e.i], ($3::text[])[e.i],
    e.topic, e.payload, e.metadata
  from unnest((select $7::int8[]), (select $8::int8[]), (select $9::uuid[]), (select $10::int[]), (select $11::text[]), (select $12::json[]), (select $13::json[]))
    with ordinality as e(i, nth, id, schema_id, topic, payload, metadata, place)
  where ((select raised from state))[e.i] > 0
  order by e.place
)${replies ? kept(schema) : ''}
select pg_current_xact_id()::text as xid, versions::text${replies ? `, ${refusal(schema)}` : ''} from state`,
    { inDoubt: 'an append' },
  );
}

/** Leaves out whom the snapshot shows an answer for. */
const unanswered = (schema: string): string => ` where reply_key is null
    or (select r.expires_at from ${schema}.replies r where r.tenant = asked.tenant and r.key = asked.reply_key) > clock_timestamp() is not true`;

const kept = (schema: string): string => `, kept as (
  insert into ${schema}.replies as r (tenant, key, request_hash, reply, versions, token, expires_at)
  select a.tenant, a.reply_key, a.request_hash, a.reply, array[head.version], $19::text || pg_current_xact_id()::text || a.token_after,
    clock_timestamp() + a.keep_ms * interval '1 millisecond'
  from a join head using (i) where a.reply_key is not null
  order by a.tenant, a.reply_key
  on conflict (tenant, key) do update set request_hash = excluded.request_hash, reply = excluded.reply, versions = excluded.versions,
    token = excluded.token, expires_at = excluded.expires_at
  where r.expires_at <= clock_timestamp()
  returning r.key
)`;

/** A key that somebody answered since the snapshot: its events must not stand, and they are part of this statement. */
const refusal = (schema: string): string => `case when (select count(*) from kept)
  < (select count(*) from a join head using (i) where a.reply_key is not null) then ${schema}.refuse('replies', 0)::text end`;
