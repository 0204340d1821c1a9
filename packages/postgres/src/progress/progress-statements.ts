import { prepared, type Statement } from '../statement.ts';
import { viewColumns } from '../log/log-view.ts';
import { unguessed } from '../log/unguessed.ts';
import { quoted } from '../schema-name.ts';

/** The two questions of who waits for writes. */
export interface ProgressStatements {
  readonly look: Statement;
  readonly parked: Statement;
}

/** @param name of the Postgres schema, unquoted */
export function progressStatements(name: string): ProgressStatements {
  const schema = quoted(name);
  return { look: lookStatement(schema), parked: parkedStatement(schema) };
}

/**
 * All of a look in one statement and one snapshot, so that places, rows and parked events of a moment belong together. What transactions wrote is found along the index (xid, position),
 * and of each no more than so many events are visited: an import that somebody waits for is not read by all who wait.
 *
 * $1 and $2 followers, names and versions · $3 transaction ids · $4 most events of each
 */
function lookStatement(schema: string): Statement {
  return prepared(
    'look_progress',
    unguessed(`with asked as materialized (
  select * from unnest($1::text[], $2::int[]) with ordinality as asked(follower, version, n)
)
select ${viewColumns(schema)}, (select log.id::text from ${schema}.log as log) as log, (
  select coalesce(json_agg(json_build_array(asked.n, c.lane, c.cursor, c.epoch::text, c.ledger, c.owner) order by asked.n, c.lane collate "C"), '[]')::text
  from asked join ${schema}.checkpoints c on c.follower = asked.follower and c.version = asked.version
) as lanes, (
  select coalesce(json_agg(asked.n), '[]')::text from asked
  where exists (select from ${schema}.parked_keys p where p.follower = asked.follower and p.version = asked.version)
) as parking, (
  select coalesce(json_agg(json_build_array(wanted.xid::text, pg_visible_in_snapshot(wanted.xid, snapshot), wrote.visited, wrote.kinds)), '[]')::text
  from unnest($3::xid8[]) as wanted(xid) cross join lateral (
    select count(*) as visited, json_agg(distinct jsonb_build_array(s.type, e.hash, e.topic)) as kinds
    from (
      select hash, topic, schema_id from ${schema}.events where xid >= wanted.xid and xid <= wanted.xid order by xid, position limit $4::int
    ) as e join ${schema}.schemas s on s.id = e.schema_id
  ) as wrote
  where wanted.xid < pg_snapshot_xmax(snapshot)
) as transactions
from pg_current_snapshot() as snapshot`),
  );
}

/** $1 follower · $2 version · $3 transaction ids. A parked event is known by stream and version, as its follower knows it. */
function parkedStatement(schema: string): Statement {
  return prepared(
    'parked_of_transactions',
    unguessed(`select wanted.xid::text as xid from unnest($3::xid8[]) as wanted(xid)
where exists (
  select from ${schema}.events e join ${schema}.parked_events p on p.tenant = e.tenant and p.stream_id = e.stream_id and p.stream_version = e.version
  where e.xid >= wanted.xid and e.xid <= wanted.xid and p.follower = $1::text and p.version = $2::int
)`),
  );
}
