import { quoted } from '../schema-name.ts';
import { prepared, type Statement } from '../statement.ts';

/** What is asked of the table of withheld events, one statement each. */
export interface WithheldStatements {
  /** $1 lane. */
  readonly keys: Statement;
  /** $1 follower · $2 version · $3 lane · $4 epoch · $5 JSON: `[{ topic, tenant, stream_id, version, … }]` · $6 time of the request that was carried out, or null. No row: another owner has the lane. */
  readonly withhold: Statement;
  /** $1 lane. */
  readonly requested: Statement;
  /**
   * $1 to $4 as of {@link withhold} · $5 topic · $6 tenant · $7 stream · $8 JSON: `[{ n, version, state, sequence }]` · $9 kind · $10 by · $11 reason · $12 time of the
   * request · $13 true: it goes on. No row: another owner has the lane.
   */
  readonly settle: Statement;
  /** $1 topic · $2 tenant · $3 stream · $4 version after which they begin · $5 limit. */
  readonly events: Statement;
  /** $1 topic · $2 tenant · $3 stream of the key after which they begin, or null · $4 limit. */
  readonly list: Statement;
  /** $1 topic · $2 tenant · $3 stream · $4 version, or null · $5 kind · $6 by · $7 reason. No row: there is nothing to ask for. */
  readonly request: Statement;
}

const COLUMNS = `topic, tenant, stream_id, version, category, lane, partition, event_id, type, position, sequence, code, cause, bytes, attempts,
  withheld_at, state, settled_sequence, settled_at, request, requested_by, requested_at, reason`;

/** The statements for one schema. What is ordered by text is ordered by bytes, whatever the database's collation is. */
export function withheldStatements(schema: string): WithheldStatements {
  const table = `${quoted(schema)}.withheld`;
  // The row is locked, so that a claim under way is waited for: whoever is succeeded meanwhile finds another epoch, and writes nothing.
  const mine = `mine as (
       select 1 from ${quoted(schema)}.checkpoints where follower = $1 and version = $2 and lane = $3 and epoch = $4 for share
     )`;
  const ofKey = (at: number): string => `w.topic = $${at} and w.tenant = $${at + 1} and w.stream_id = $${at + 2}`;
  // Whoever carries a request out has its time in milliseconds.
  const unlessCarriedOut = (column: string): string =>
    `${column} = case when date_trunc('milliseconds', w.requested_at) = $6::timestamptz then null else w.${column} end`;
  const byKey = `topic collate "C", tenant collate "C", stream_id collate "C"`;
  return {
    keys: prepared(
      'withheld_keys',
      `select distinct on (topic, tenant, stream_id) topic, tenant, stream_id, version, code, cause, bytes
         from ${table} where lane = $1 and state = 'withheld' order by topic, tenant, stream_id, version`,
    ),
    withhold: prepared(
      'withhold_events',
      `with ${mine}, noted as (
         insert into ${table} as w
           (topic, tenant, stream_id, version, category, lane, partition, event_id, type, position, sequence, code, cause, bytes)
         select e.topic, e.tenant, e.stream_id, e.version, e.category, $3, e.partition, e.event_id, e.type, e.position, e.sequence, e.code, e.cause, e.bytes
           from mine, json_to_recordset($5::json) as e(topic text, tenant text, stream_id text, version bigint, category text, partition int,
                event_id uuid, type text, position bigint, sequence bigint, code text, cause text, bytes bigint)
         on conflict on constraint withheld_key do update
            set sequence = excluded.sequence, code = excluded.code, cause = excluded.cause, bytes = excluded.bytes, attempts = w.attempts + 1,
                ${['request', 'requested_by', 'requested_at', 'reason'].map(unlessCarriedOut).join(', ')}
          where w.state = 'withheld' and w.sequence < excluded.sequence
       )
       select 1 as mine from mine`,
    ),
    requested: prepared(
      'withheld_requested',
      `select ${COLUMNS} from ${table}
        where lane = $1 and state = 'withheld' and request is not null order by requested_at, ${byKey} limit 1`,
    ),
    settle: prepared(
      'settle_withheld',
      `with ${mine}, done as (
         update ${table} as w
            set state = s.state, settled_sequence = s.sequence, settled_at = clock_timestamp(),
                request = case when s.n = 0 then $9 else w.request end, requested_by = case when s.n = 0 then $10 else w.requested_by end,
                reason = case when s.n = 0 then $11 else w.reason end,
                requested_at = case when s.n = 0 then $12::timestamptz else w.requested_at end
           from mine, json_to_recordset($8::json) as s(n int, version bigint, state text, sequence bigint)
          where ${ofKey(5)} and w.version = s.version and w.state = 'withheld'
       ), next as (
         select min(w.version) as version from ${table} as w
          where ${ofKey(5)} and w.state = 'withheld'
            and w.version not in (select s.version from json_to_recordset($8::json) as s(version bigint))
       ), carried as (
         update ${table} as w set request = 'redrive', requested_by = $10, requested_at = $12::timestamptz from mine, next
          where ${ofKey(5)} and w.version = next.version and w.request is null and $13::boolean
       )
       select next.version from mine, next`,
    ),
    events: prepared(
      'withheld_events',
      `select ${COLUMNS} from ${table} as w where ${ofKey(1)} and version > $4 order by version limit $5`,
    ),
    list: prepared(
      'list_withheld',
      `select ${COLUMNS}, events
         from (select topic, tenant, stream_id, min(version) as version, count(*) as events from ${table}
                where state = 'withheld'
                  and ($1::text is null or (topic collate "C", tenant collate "C", stream_id collate "C") > ($1::text, $2::text, $3::text))
                group by 1, 2, 3 order by ${byKey} limit $4) as k
         join ${table} using (topic, tenant, stream_id, version) order by ${byKey}`,
    ),
    request: prepared(
      'request_withheld',
      `update ${table} as w set request = $5, requested_by = $6, reason = $7, requested_at = clock_timestamp()
        where ${ofKey(1)} and w.state = 'withheld' and ($4::bigint is null or w.version = $4::bigint)
          and w.version = (select min(h.version) from ${table} as h
                            where h.topic = $1 and h.tenant = $2 and h.stream_id = $3 and h.state = 'withheld')
       returning 1 as requested`,
    ),
  };
}
