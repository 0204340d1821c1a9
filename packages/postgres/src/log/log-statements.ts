import { EVENT_COLUMNS } from '../store/event-row.ts';
import { prepared, type Statement } from '../statement.ts';
import { behindStatements, type BehindStatements } from './behind-statements.ts';
import { filteredBacklogStatement, filteredWindowStatement } from './filtered-statements.ts';
import { restoreStatement } from './restore-events.ts';
import { viewColumns, viewRow } from './log-view.ts';
import { sized } from './page-bytes.ts';
import { unguessed } from './unguessed.ts';

/**
 * The statements by which one log is read.
 *
 * Their plans must not depend on statistics, which know nothing of the newest rows, and after a large import believe that all rows have one xid.
 * So each part leaves the planner one sensible way: an order that only the wanted index has, and conditions in a form that no other can use.
 */
export interface LogStatements {
  readonly poll: Statement;
  readonly window: Statement;
  readonly floor: Statement;
  readonly backlog: Statement;
  /** As `window` and `backlog`, of the events that a filter lets through. */
  readonly filteredWindow: Statement;
  readonly filteredBacklog: Statement;
  readonly at: Statement;
  readonly behind: BehindStatements;
  readonly restore: Statement;
}

/** @param schema quoted name of the Postgres schema. */
export function logStatements(schema: string): LogStatements {
  return {
    poll: pollStatement(schema),
    window: windowStatement(schema),
    floor: floorStatement(schema),
    backlog: backlogStatement(schema),
    filteredWindow: filteredWindowStatement(schema),
    filteredBacklog: filteredBacklogStatement(schema),
    at: atStatement(schema),
    behind: behindStatements(schema),
    restore: restoreStatement(schema),
  };
}

/**
 * What a boundary is made of, in one round trip: the snapshot now; the highest id of an event that is new since the last boundary; how many
 * such events there are, counted no further than $3; and whether one that was running then has left events by now.
 *
 * Nothing here costs more when the log is longer. The ids new since the boundary are probed in the gaps between those still running, since
 * the entries of a large import that is not committed yet would otherwise be visited by every poll.
 *
 * $1 the last id before the boundary's end · $2 the ids running at the boundary · $3 limit of the count
 */
function pollStatement(schema: string): Statement {
  return prepared(
    'log_poll',
    `with now as materialized (select pg_current_snapshot() as snapshot), bound as (
  select $1::xid8 as xid
  union all select running from now, pg_snapshot_xip(now.snapshot) as running where running > $1::xid8
  union all select pg_snapshot_xmax(now.snapshot) from now
), gap as materialized (
  select above, below from (select xid as above, lead(xid) over (order by xid) as below from bound) as pair where below is not null
)
select ${viewColumns(schema)}, (
  select last.xid::text from gap cross join lateral (
    select e.xid from ${schema}.events e where e.xid > gap.above and e.xid < gap.below order by e.xid desc limit 1
  ) as last order by last.xid desc limit 1
) as highest, (
  select count(*)::int from (
    select from gap cross join lateral (
      select from ${schema}.events e where e.xid > gap.above and e.xid < gap.below order by e.xid limit $3::int
    ) as each_gap limit $3::int
  ) as counted
) as fresh, exists (
  select from unnest($2::xid8[]) as late(xid) cross join lateral (
    select from ${schema}.events e where e.xid >= late.xid and e.xid <= late.xid order by e.xid limit 1
  ) as some_event where pg_visible_in_snapshot(late.xid, now.snapshot)
) as late
from now`,
  );
}

/** The late ones, each id's events in order from the index (xid, position): a page never visits more than it could hand out (hazard L21). */
const lateText = (schema: string): string => `unnest($1::xid8[]) as late(xid) cross join lateral (
    select ${EVENT_COLUMNS} from ${schema}.events
    where (xid, position) > (late.xid, $2::int8) and xid <= late.xid order by xid, position limit $3::int
  ) as e`;

/**
 * A page of a small window. The fresh ones are all fetched and sorted; materialized, since the planner would otherwise walk the whole primary key for the
 * sake of the order (hazard L19).
 *
 * $1 late ids · $2 position after which it begins · $3 limit · $4 and $5 the fresh ids, as open intervals
 */
function windowStatement(schema: string): Statement {
  return prepared(
    'log_window',
    unguessed(
      sized(`with both_parts as materialized (
  ${viewRow(schema)}
  union all
  select e.* from ${lateText(schema)}
  union all
  select e.* from unnest($4::xid8[], $5::xid8[]) as gap(above, below) cross join lateral (
    select ${EVENT_COLUMNS} from ${schema}.events
    where xid > gap.above and xid < gap.below and position > $2::int8 order by xid, position
  ) as e
)
select * from both_parts order by position limit $3::int + 1`),
    ),
  );
}

/**
 * The position before the first fresh event of a window; beyond all positions when there is none. It is remembered, so what this statement saw of its connection
 * comes along, as with a page.
 *
 * $1 and $2 the fresh ids, as open intervals
 */
function floorStatement(schema: string): Statement {
  return prepared(
    'log_floor',
    `select ${viewColumns(schema)}, (
  select coalesce(min(first) - 1, 9223372036854775807) from unnest($1::xid8[], $2::xid8[]) as gap(above, below) cross join lateral (
    -- + 0: a bare min() would walk the primary key.
    select min(e.position + 0) as first from ${schema}.events e where e.xid > gap.above and e.xid < gap.below
  ) as each_gap
) as floor
from pg_current_snapshot() as snapshot`,
  );
}

/**
 * A page of a large window: the late ones as ever, the fresh ones along the primary key from the window's first position, which costs what the page
 * holds. They are told by functions alone, so that the index on xid is no choice: with it every page would fetch and sort the rest of the window.
 *
 * $1 late ids · $2 position after which it begins · $3 limit · $4 floor · $5 a snapshot that sees all below the first boundary's end · $6 the second boundary
 */
function backlogStatement(schema: string): Statement {
  return prepared(
    'log_backlog',
    unguessed(
      sized(`with late_part as materialized (
  select e.* from ${lateText(schema)} order by e.position limit $3::int
)
(${viewRow(schema)})
union all
(select * from late_part)
union all
(select ${EVENT_COLUMNS} from ${schema}.events
 where position > greatest($2::int8, $4::int8)
   and not pg_visible_in_snapshot(xid, $5::pg_snapshot) and pg_visible_in_snapshot(xid, $6::pg_snapshot)
 order by position limit $3::int)
order by position limit $3::int + 1`),
    ),
  );
}

/**
 * What a place from a time is made of: the snapshot now, the lowest id of an event that was recorded since, and the highest of all. Its way is the index on
 * recorded_at; as a number, since the lowest id would otherwise be looked for in the order of ids, from the beginning.
 *
 * $1 the time
 */
function atStatement(schema: string): Statement {
  const statement = prepared(
    'log_at',
    `select ${viewColumns(schema)}, (select min(e.xid::text::int8)::text from ${schema}.events e where e.recorded_at >= $1::timestamptz) as lowest,
  (select e.xid::text from ${schema}.events e order by e.xid desc limit 1) as highest
from pg_current_snapshot() as snapshot`,
  );
  return { ...statement, takesLong: true };
}
