import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';
const PLANS = `${TESTS}/log-plans.int.test.ts`;

/** Breaks of what reading the log costs, however long it is. */
export const logPlansMutants: readonly Mutant[] = [
  {
    id: 'L19-poll-walks-the-primary-key',
    title: 'the newest event is looked for in the order of positions',
    file: `${SOURCES}/log/log-statements.ts`,
    find: 'e.xid < gap.below order by e.xid desc limit 1',
    replace: 'e.xid < gap.below order by e.position desc limit 1',
    test: PLANS,
    testName: 'L19 an empty poll and a small window cost the same',
  },
  {
    id: 'L19-single-branch',
    title: 'a window is one condition with an or, in the order of positions',
    file: `${SOURCES}/log/log-statements.ts`,
    find: `with both_parts as materialized (
  \${viewRow(schema)}
  union all
  select e.* from \${lateText(schema)}
  union all
  select e.* from unnest($4::xid8[], $5::xid8[]) as gap(above, below) cross join lateral (
    select \${EVENT_COLUMNS} from \${schema}.events
    where xid > gap.above and xid < gap.below and position > $2::int8 order by xid, position
  ) as e
)
select * from both_parts`,
    replace: `(\${viewRow(schema)})
union all
(select \${EVENT_COLUMNS} from \${schema}.events
where position > $2::int8 and (xid = any ($1::xid8[]) or exists (
  select from unnest($4::xid8[], $5::xid8[]) as gap(above, below) where xid > gap.above and xid < gap.below)))`,
    test: PLANS,
    testName: 'L19 an empty poll and a small window cost the same',
  },
  {
    id: 'L21-late-ones-all-at-once',
    title: 'a page fetches all that a late transaction wrote',
    file: `${SOURCES}/log/log-statements.ts`,
    find: 'where (xid, position) > (late.xid, $2::int8) and xid <= late.xid order by xid, position limit $3::int',
    replace: 'where xid = late.xid and position > $2::int8 and $3::int > 0',
    test: PLANS,
    testName: 'L21 an import of 300,000 events in one transaction',
  },
  {
    id: 'L21-poll-visits-what-is-open',
    title: 'a poll visits the events of transactions that still run',
    file: `${SOURCES}/log/log-statements.ts`,
    find: 'where running > $1::xid8\n',
    replace: 'where running < $1::xid8\n',
    test: PLANS,
    testName: 'L21 an import of 300,000 events in one transaction',
  },
  {
    id: 'L21-every-window-is-sorted',
    title: 'a large window is fetched and sorted for each page',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const isSmall = boundary.fresh <= batchSize * SMALL_WINDOW_BATCHES;',
    replace: 'const isSmall = boundary.fresh > 0;',
    test: PLANS,
    testName: 'L21 an import that commits as the newest of all',
  },
  {
    id: 'L19-filter-without-a-bound',
    title: 'through a filter, a page that was cut short is taken for the last of its window',
    file: `${SOURCES}/log/log-pages.ts`,
    find: "const marked = rows.findIndex(({ mark }) => typeof mark === 'number');",
    replace: 'const marked = -1;',
    test: PLANS,
    testName: 'L19 a filter by a type makes no page visit more',
  },
  {
    id: 'L21-filter-cuts-late-ones',
    title: 'through a filter, a late import is taken to end where a page stopped looking',
    file: `${SOURCES}/log/filtered-statements.ts`,
    find: `select \${EVENT_COLUMNS}, case when nth = \${scan} then fits::int end as mark from (
      select xid`,
    replace: `select \${EVENT_COLUMNS}, null::int as mark from (
      select xid`,
    test: PLANS,
    testName: 'L21 a late import is read through a filter (a type)',
  },
  {
    id: 'log-readers-poll-for-themselves',
    title: 'each reader that waits polls by itself',
    file: `${SOURCES}/log/log-tip.ts`,
    find: 'if (!this.#isPolling) void this.#poll();',
    replace: 'void this.#poll();',
    test: `${TESTS}/log-lanes.int.test.ts`,
    testName: 'five followers that wait for events ask as often as one',
  },
];
