import { EVENT_COLUMNS } from '../store/event-row.ts';
import { prepared, type Statement } from '../statement.ts';
import { filterText, lastLookedAt, lookedAt } from './log-filter.ts';
import { viewRow } from './log-view.ts';
import { sized } from './page-bytes.ts';
import { unguessed } from './unguessed.ts';

/**
 * A page of a small window through a filter. What a late transaction wrote is looked at in parts of `scan` events, however many of them fit: the last one
 * looked at comes along, marked (`mark`: 1 it fits, 0 it does not), and says how far the page reaches.
 *
 * $1 to $5 as without one · then the filter
 */
export function filteredWindowStatement(schema: string): Statement {
  return prepared(
    'log_window_filtered',
    unguessed(
      sized(`with both_parts as materialized (
  ${viewRow(schema).replace('as metadata', 'as metadata, null::int as mark')}
  union all
  select e.* from ${filteredLateText(schema, 6)}
  union all
  select e.* from unnest($4::xid8[], $5::xid8[]) as gap(above, below) cross join lateral (
    select ${EVENT_COLUMNS}, null::int as mark from ${schema}.events
    where xid > gap.above and xid < gap.below and position > $2::int8 and position <= ${lastLookedAt(6)} and ${filterText(schema, 6)} order by xid, position
  ) as e
)
select * from both_parts order by position limit $3::int + 1`),
    ),
  );
}

/**
 * A page of a large window through a filter. Both parts are looked at in parts, as the late one of {@link filteredWindowStatement}: a stretch in which
 * nothing fits costs a page as much as another, and is not looked at twice.
 *
 * $1 to $6 as without one · then the filter
 */
export function filteredBacklogStatement(schema: string): Statement {
  const scan = lookedAt(7);
  return prepared(
    'log_backlog_filtered',
    unguessed(
      sized(`with late_part as materialized (
  select e.* from ${filteredLateText(schema, 7)} order by e.position limit $3::int
)
(${viewRow(schema).replace('as metadata', 'as metadata, null::int as mark')})
union all
(select * from late_part)
union all
(select ${EVENT_COLUMNS}, case when nth = ${scan} then fits::int end as mark from (
  select ${EVENT_COLUMNS}, ${filterText(schema, 7)} as fits, row_number() over (order by position) as nth from ${schema}.events
  where position > greatest($2::int8, $4::int8) and position <= ${lastLookedAt(7)}
    and not pg_visible_in_snapshot(xid, $5::pg_snapshot) and pg_visible_in_snapshot(xid, $6::pg_snapshot)
  order by position limit ${scan}
 ) as looked_at where fits or nth = ${scan} order by position limit $3::int)
order by position limit $3::int + 1`),
    ),
  );
}

/** The late ones through a filter. @param first number of the filter's first parameter */
function filteredLateText(schema: string, first: number): string {
  const scan = lookedAt(first);
  return `unnest($1::xid8[]) as late(xid) cross join lateral (
    select ${EVENT_COLUMNS}, case when nth = ${scan} then fits::int end as mark from (
      select xid, ${EVENT_COLUMNS}, ${filterText(schema, first)} as fits, row_number() over (order by xid, position) as nth
      from ${schema}.events
      where (xid, position) > (late.xid, $2::int8) and (xid, position) <= (late.xid, ${lastLookedAt(first)}) order by xid, position limit ${scan}
    ) as looked_at where fits or nth = ${scan} order by xid, position limit $3::int
  ) as e`;
}
