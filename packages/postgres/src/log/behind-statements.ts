import { prepared, type Statement } from '../statement.ts';
import { viewColumns } from './log-view.ts';
import { unguessed } from './unguessed.ts';

/** What one lane's part of a count is, as the statements answer it. */
export interface CountedLane {
  readonly lane: number;
  readonly events: number;
  readonly public: number;
  readonly oldest_ms: number | null;
  readonly oldest_public_ms: number | null;
}

/** The statements that count what stands behind a place. Like those that read, neither visits more of the log than it may count. */
export interface BehindStatements {
  readonly window: Statement;
  readonly within: Statement;
}

/** @param schema quoted name of the Postgres schema. */
export function behindStatements(schema: string): BehindStatements {
  return { window: windowStatement(schema), within: withinStatement(schema) };
}

const COUNTED = 'e.position, e.recorded_at, e.hash, e.topic';

/**
 * What was looked at, by lane. The ages are the database's: clocks of two machines differ by more than a good relay's lag.
 *
 * @param mask number of the parameter that holds the number of lanes less one
 */
const answerText = (schema: string, mask: string, isMore: string): string => `select ${viewColumns(schema)},
  ${isMore} as more, (
  select coalesce(json_agg(counted), '[]') from (
    select looked.hash & ${mask}::int as lane, count(*)::int as events, count(looked.topic)::int as public,
      greatest(0, extract(epoch from clock_timestamp() - min(looked.recorded_at)) * 1000)::float8 as oldest_ms,
      greatest(0, extract(epoch from clock_timestamp() - min(looked.recorded_at) filter (where looked.topic is not null)) * 1000)::float8 as oldest_public_ms
    from looked group by 1
  ) as counted
) as lanes
from pg_current_snapshot() as snapshot`;

/**
 * Behind a place at which a window begins: the late ones, and all ids from the boundary on. Those are probed in the gaps between the ids that still run, since the entries of a
 * large import that is not committed yet would otherwise all be visited.
 *
 * $1 the late ids · $2 the last id before the boundary's end · $3 the number of lanes less one · $4 most events looked at
 */
function windowStatement(schema: string): Statement {
  return prepared(
    'log_behind',
    unguessed(`with now as materialized (select pg_current_snapshot() as snapshot), bound as (
  select $2::xid8 as xid
  union all select running from now, pg_snapshot_xip(now.snapshot) as running where running > $2::xid8
  union all select pg_snapshot_xmax(now.snapshot) from now
), gap as materialized (
  select above, below from (select xid as above, lead(xid) over (order by xid) as below from bound) as pair where below is not null
), looked as materialized (
  (select e.* from unnest($1::xid8[]) as late(xid) cross join lateral (
    select ${COUNTED} from ${schema}.events e where e.xid >= late.xid and e.xid <= late.xid order by e.xid, e.position limit $4::int
  ) as e limit $4::int)
  union all
  (select e.* from gap cross join lateral (
    select ${COUNTED} from ${schema}.events e where e.xid > gap.above and e.xid < gap.below order by e.xid, e.position limit $4::int
  ) as e limit $4::int)
)
${answerText(schema, '$3', '(select count(*) >= $4::int from looked)')}`),
  );
}

/**
 * Behind a place within a window, which may be the whole log: along the primary key, over so many positions and no further. What is late has an id of its own
 * and is found by it; of what ran at the window's end only that which has a position of before, since the rest is met along the key.
 *
 * $1 late ids · $2 the position after which each of them counts · $3 the last position at which it does · $4 the number of lanes less one · $5 most events
 * looked at · $6 the place's position · $7 a snapshot that sees all below the first boundary's end
 */
function withinStatement(schema: string): Statement {
  return prepared(
    'log_behind_within',
    unguessed(`with looked as materialized (
  (select e.* from unnest($1::xid8[], $2::int8[], $3::int8[]) as late(xid, above, up_to) cross join lateral (
    select ${COUNTED} from ${schema}.events e
    where e.xid >= late.xid and e.xid <= late.xid and e.position > late.above and e.position <= late.up_to order by e.xid, e.position limit $5::int
  ) as e limit $5::int)
  union all
  (select ${COUNTED} from ${schema}.events e
   where e.position > $6::int8 and e.position <= $6::int8 + $5::int and not pg_visible_in_snapshot(e.xid, $7::pg_snapshot) order by e.position)
)
${answerText(schema, '$4', `((select count(*) >= $5::int from looked) or exists (select from ${schema}.events e where e.position > $6::int8 + $5::int))`)}`),
  );
}
