import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the tables of parked keys and events, one statement each. All begin with $1 follower · $2 version · $3 lane, but `list` and `count`. */
export interface ParkedStatements {
  readonly keys: Statement;
  /** $4 limit. */
  readonly requested: Statement;
  /** $1 follower or null · $2 version · $3 to $7 follower, version, lane, tenant and key after which they begin, or null · $8 limit. */
  readonly list: Statement;
  /** $1 follower · $2 version. */
  readonly count: Statement;
  /** $4 tenant · $5 key · $6 `n` after which they begin · $7 limit · $8 bytes of payload behind which no more come, or null. */
  readonly events: Statement;
  /** $4 tenant · $5 key · $6 kind · $7 by · $8 reason · $9 `n` that must be the first, or null. No row: there is nothing to ask for. */
  readonly request: Statement;
  /** $4 tenant · $5 key · $6 `n` · $7 payload · $8 by · $9 reason. No row: it is not there, or has not come. */
  readonly edit: Statement;
  /** $1 follower · $2 version · $3 limit. */
  readonly notes: Statement;
  /** $4 JSON: `[{ ord, tenant, key, event_id, stream_id, stream_version, envelope, withheld, kept, value, code, cause, stack, attempts }]`; what is JSON in it is text, bytes are base64. */
  readonly park: Statement;
  /** $4 tenant · $5 key · $6 limit. Locks. */
  readonly first: Statement;
  /** $4 tenant · $5 key · $6 the last `n` that goes · $7 by, $8 reason and $9 time of the request that discards, or null. Answers whether the key is live. */
  readonly drop: Statement;
  /** $4 tenant · $5 key · $6 code · $7 cause · $8 stack · $9 time of the request that was carried out. */
  readonly failed: Statement;
  /** $4 tenant · $5 key · $6 stream · $7 stream version · $8 envelope · $9 kept · $10 value in base64 · $11 true: it never comes · $12 by whom a retry is requested. */
  readonly arrived: Statement;
}

const EVENT_COLUMNS =
  "n, envelope, withheld, kept, encode(value, 'base64') as value, edited, edited_by, edited_at, edit_reason";

/** The statements for one schema. What is ordered by text is ordered by bytes, whatever the database's collation is. */
export function parkedStatements(schema: string): ParkedStatements {
  const [heads, events, notes] = ['keys', 'events', 'notes'].map((table) => `${quoted(schema)}.parked_${table}`);
  const ofLane = (row: string): string => `${row}.follower = $1 and ${row}.version = $2 and ${row}.lane = $3`;
  const ofKey = (row: string): string => `${ofLane(row)} and ${row}.tenant = $4 and ${row}.key = $5`;
  const path = 'follower collate "C", version, lane collate "C", tenant collate "C", key collate "C"';
  const samePath = (a: string, b: string): string =>
    ['follower', 'version', 'lane', 'tenant', 'key'].map((column) => `${a}.${column} = ${b}.${column}`).join(' and ');
  return {
    keys: prepared(
      'parked_keys',
      `select tenant, key, array_to_json(array(select distinct stream_id from ${events} as e where ${samePath('e', 'k')})) as streams
         from ${heads} as k where ${ofLane('k')}`,
    ),
    requested: prepared(
      'parked_requested',
      `select tenant, key, request, request_first, requested_by, requested_at, reason from ${heads} as k
        where ${ofLane('k')} and request is not null order by requested_at, tenant collate "C", key collate "C" limit $4`,
    ),
    list: prepared(
      'list_parked',
      `select k.*, first.envelope, kept.events
         from (select * from ${heads}
                where ($1::text is null or (follower = $1 and version = $2::int))
                  and ($3::text is null or (${path}) > ($3::text, $4::int, $5::text, $6::text, $7::text))
                order by ${path} limit $8) as k
         cross join lateral (select envelope from ${events} as e where ${samePath('e', 'k')} order by n limit 1) as first
         cross join lateral (select count(*) as events from ${events} as e where ${samePath('e', 'k')}) as kept
        order by ${path}`,
    ),
    count: prepared(
      'count_parked',
      `select lane, count(*) as keys from ${heads} where follower = $1 and version = $2 group by lane order by lane collate "C"`,
    ),
    events: prepared(
      'parked_events',
      `select ${EVENT_COLUMNS} from (
         select first.*, sum(coalesce(octet_length(value), 0) + coalesce(octet_length(edited::text), 0))
                           over (order by n rows between unbounded preceding and 1 preceding) as before
           from (select * from ${events} as e where ${ofKey('e')} and n > $6 order by n limit $7) as first
       ) as counted where $8::bigint is null or coalesce(before, 0) < $8::bigint order by n`,
    ),
    request: prepared(
      'request_parked',
      `update ${heads} as k
          set request = $6, request_first = first.n, requested_by = $7, reason = $8,
              requested_at = greatest(date_trunc('milliseconds', clock_timestamp()), k.requested_at + interval '1 millisecond')
         from (select min(n) as n from ${events} as e where ${ofKey('e')}) as first
        where ${ofKey('k')} and ($9::bigint is null or $9::bigint = first.n)
       returning 1 as requested`,
    ),
    edit: prepared(
      'edit_parked',
      `update ${events} as e set edited = $7::json, edited_by = $8, edit_reason = $9, edited_at = clock_timestamp()
        where ${ofKey('e')} and n = $6 and not withheld returning 1 as edited`,
    ),
    notes: prepared(
      'parked_notes',
      `select lane, tenant, key, n, envelope, kind, noted_by, reason, at from ${notes}
        where follower = $1 and version = $2 order by at desc, n desc limit $3`,
    ),
    // A key that is parked already keeps its cause: that is its first event's.
    park: prepared(
      'park_events',
      `with given as materialized (
         select * from json_to_recordset($4::json) as e(ord int, tenant text, key text, event_id uuid, stream_id text, stream_version bigint,
           envelope text, withheld boolean, kept text, value text, code text, cause text, stack text, attempts int)
       ), parked as (
         insert into ${heads} (follower, version, lane, tenant, key, code, cause, stack, attempts)
         select distinct on (tenant, key) $1, $2::int, $3, tenant, key, coalesce(code, ''), coalesce(cause, ''), stack, attempts
           from given order by tenant, key, ord
         on conflict on constraint parked_keys_key do nothing
       )
       insert into ${events} (follower, version, lane, tenant, key, event_id, stream_id, stream_version, envelope, withheld, kept, value)
       select $1, $2::int, $3, tenant, key, event_id, stream_id, stream_version, envelope::json, withheld, kept::json, decode(value, 'base64')
         from given order by ord
       on conflict on constraint parked_events_once do nothing`,
    ),
    first: prepared(
      'first_parked',
      `select ${EVENT_COLUMNS} from ${events} as e where ${ofKey('e')} order by n limit $6 for update`,
    ),
    // What is left now begins with an event that nobody has tried.
    drop: prepared(
      'drop_parked',
      `with dropped as (
         delete from ${events} as e where ${ofKey('e')} and n <= $6 returning n, envelope, edited, edited_by, edit_reason
       ), noted as (
         insert into ${notes} (n, follower, version, lane, tenant, key, envelope, kind, noted_by, reason)
         select n, $1, $2::int, $3, $4, $5, envelope, case when $7::text is null then 'edited' else 'discarded' end,
                coalesce($7::text, edited_by), coalesce($8::text, edit_reason)
           from dropped where $7::text is not null or edited is not null order by n
       ), rest as materialized (
         select min(n) as first from ${events} as e where ${ofKey('e')} and n > $6
       ), live as (
         delete from ${heads} as k using rest where ${ofKey('k')} and rest.first is null
       ), next as (
         update ${heads} as k
            set attempts = case when exists (select from dropped) then 0 else attempts end,
                request = case when carried_out then 'retry' else k.request end,
                request_first = case when carried_out then rest.first else k.request_first end,
                reason = case when carried_out then null else k.reason end
           from rest, (select coalesce(r.requested_at = $9::timestamptz, false) as carried_out from ${heads} as r where ${ofKey('r')}) as asked
          where ${ofKey('k')} and rest.first is not null
       )
       select first is null as is_live from rest`,
    ),
    failed: prepared(
      'parked_failed',
      `update ${heads} as k
          set code = $6, cause = $7, stack = $8, attempts = attempts + 1, last_tried = clock_timestamp(),
              ${REQUEST.map((column) => `${column} = case when requested_at = $9::timestamptz then null else ${column} end`).join(', ')}
        where ${ofKey('k')}`,
    ),
    arrived: prepared(
      'parked_arrived',
      `with place as materialized (
         select n from ${events} as e where ${ofKey('e')} and stream_id = $6 and stream_version = $7 and withheld for update
       ), came as (
         update ${events} as e set envelope = $8::json, withheld = false, kept = $9::json, value = decode($10, 'base64')
           from place where ${ofKey('e')} and e.n = place.n and not $11::boolean
       ), gone as (
         delete from ${events} as e using place where ${ofKey('e')} and e.n = place.n and $11::boolean
       ), first as materialized (
         select e.n, e.n = place.n or not e.withheld as has_come from place, ${events} as e
          where ${ofKey('e')} and not ($11::boolean and e.n = place.n) order by e.n limit 1
       ), live as (
         delete from ${heads} as k using place where ${ofKey('k')} and not exists (select from first)
       ), asked as (
         update ${heads} as k
            set request = 'retry', request_first = first.n, requested_by = $12, requested_at = date_trunc('milliseconds', clock_timestamp())
           from place, first
          where ${ofKey('k')} and k.request is null and has_come and place.n = (select min(n) from ${events} as e where ${ofKey('e')})
       )
       select exists (select from first) as is_parked from place`,
    ),
  };
}

const REQUEST = ['request', 'request_first', 'requested_by', 'reason', 'requested_at'];
