import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';
const STORE = `${TESTS}/event-store-conformance.int.test.ts`;
const APPEND = `${TESTS}/append.int.test.ts`;
const RACES = `${TESTS}/append-races.int.test.ts`;
const VISIBILITY = `${TESTS}/log-visibility.int.test.ts`;
const FAULTS = `${TESTS}/log-faults.int.test.ts`;
const PLANS = `${TESTS}/log-plans.int.test.ts`;
const DRIVER = `${TESTS}/driver.int.test.ts`;

/** Breaks of the event store on Postgres, of the log's reader and of how connections are used. */
export const postgresMutants: readonly Mutant[] = [
  // The order and the visibility of the log
  {
    id: 'L1-position-cursor',
    title: 'the reader asks for positions above the last one it has seen',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'to: end === undefined ? { from: to, position: 0n }',
    replace: 'to: end === undefined ? { from: to, position: last?.position ?? after }',
    test: VISIBILITY,
    testName: 'L1 a reader that goes on without a restart reads it, too',
  },
  {
    id: 'log-reached-not-told',
    title: 'a lane at the end of a quiet log is not told that the database answers again',
    file: `${SOURCES}/log/log-tip.ts`,
    find: 'for (const { reached } of this.#waiting) reached();',
    replace: '',
    test: `${SOURCES}/log/log-tip.test.ts`,
    testName: 'after a fault whoever waits at the end of a quiet log is told',
  },
  {
    id: 'L1-running-left-out',
    title: 'what ran at the last boundary is forgotten',
    file: `${SOURCES}/log/snapshot.ts`,
    find: 'late: from.running.filter((xid) => isVisible(to, xid))',
    replace: 'late: []',
    test: VISIBILITY,
    testName: 'L1 an event with a lower position that is committed later is read',
  },
  {
    id: 'L1-window-cut-by-limit',
    title: 'a window ends with its first page',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'const isLast = (!isFull && marked === -1 && !isCut) || last === undefined;',
    replace: 'const isLast = true;',
    test: VISIBILITY,
    testName: 'L1 a window that is larger than a batch is read to its end',
  },
  {
    id: 'L2-gap-given-up-by-the-clock',
    title: 'what still runs after a while is not waited for any more',
    file: `${SOURCES}/log/snapshot.ts`,
    find: 'late: from.running.filter((xid) => isVisible(to, xid))',
    replace: 'late: Date.now() > Date.UTC(2090) ? [] : from.running.filter((xid) => isVisible(to, xid))',
    test: VISIBILITY,
    testName: 'L2 a gap is neither waited for nor given up',
  },
  {
    id: 'log-pins-nothing',
    title: 'the place that pins a batch leaves its window open',
    file: `${SOURCES}/log/postgres-log.ts`,
    find: 'at: cursorOf(page.at, identity, lane),',
    replace: 'at: cursorOf(page.at.position > 0n ? page.at : { from: page.at.from, position: 0n }, identity, lane),',
    test: VISIBILITY,
    testName: 'R3 what a pinned place holds',
  },
  {
    id: 'L3-xmin-and-position',
    title: 'the cursor is a position, and the id below which nothing ran',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'to: end === undefined ? { from: to, position: 0n }',
    replace:
      'to: end === undefined ? { from: { xmax: to.running[0] ?? to.xmax, running: [] }, position: last?.position ?? after }',
    test: VISIBILITY,
    testName: 'L3 an event below the position of one that was read is not skipped',
  },
  {
    id: 'L4-order-by-xid',
    title: 'a window is ordered by transaction, then position',
    file: `${SOURCES}/log/log-statements.ts`,
    find: 'select * from both_parts order by position limit',
    replace: 'select * from both_parts limit',
    test: VISIBILITY,
    testName: 'L4 a stream is read in version order when its second event is of the older transaction',
  },
  {
    id: 'L5-xmin-gate',
    title: 'nothing is read above the oldest transaction that runs',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'to: advanced(seen, now, highest),',
    replace:
      'to: { xmax: [seen.xmax, now.running[0] ?? now.xmax].reduce((a, b) => (a > b ? a : b)), running: [] as bigint[] },',
    test: VISIBILITY,
    testName: 'L5 a transaction that stays open delays nothing',
  },
  {
    id: 'L15-reads-on-a-standby',
    title: 'a poll does not look whether the server is a standby',
    file: `${SOURCES}/log/log-view.ts`,
    find: 'case when pg_is_in_recovery() then null else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end',
    replace: 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)',
    test: `${TESTS}/identity.int.test.ts`,
    testName: 'L15 a reader at the end of the log notices by its poll',
  },
  {
    id: 'L17-own-id-unnoticed',
    title: 'a snapshot is taken in a transaction that has an id',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'if (row.own !== null) throw new ReaderHasXid(row.own);',
    replace: '',
    test: FAULTS,
    testName: 'L17 a reader is refused a connection inside a transaction that has an id',
  },
  {
    id: 'L18-boundary-not-cut',
    title: 'the boundary is the snapshot as it is, beyond what is on disk',
    file: `${SOURCES}/log/snapshot.ts`,
    find: 'const behind = highest === undefined ? seen.xmax : highest + 1n;',
    replace: 'const behind = highest === undefined ? seen.xmax : now.xmax;',
    test: `${TESTS}/log-crash.int.test.ts`,
    testName: 'L18 ids that a crash hands out again are not taken for seen',
  },
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
    id: 'log-never-settles',
    title: 'transactions that ended without an event are never said to have ended',
    file: `${SOURCES}/log/log-tip.ts`,
    find: 'if (next.hasEvents || (!isSettled && waitMs >= SETTLE_MS)) return',
    replace: 'if (next.hasEvents) return',
    test: VISIBILITY,
    testName: 'a transaction that ended without an event holds nobody up',
  },
  {
    id: 'log-follows-a-cursor-ahead-of-it',
    title: "a cursor beyond the cluster's ids is followed",
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'if (now.xmax < seen.xmax) throw',
    replace: 'if (now.xmax < 0n) throw',
    test: FAULTS,
    testName: 'a cursor beyond the end of its log stops the lane',
  },
  {
    id: 'log-follows-a-foreign-cursor',
    title: 'a cursor of another log is followed',
    file: `${SOURCES}/log/log-place.ts`,
    find: 'if (parsed.log !== `${identity.id}/${identity.generation}`) {',
    replace: "if (parsed.log === '') {",
    test: `${SOURCES}/log/log-place.test.ts`,
    testName: 'a cursor of another log is refused',
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
    id: 'log-at-forgets-what-runs',
    title: 'a place from a time leaves out what was running',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'advanced(EMPTY, now, BigInt(row.lowest) - 1n)',
    replace: '{ xmax: BigInt(row.lowest), running: [] as bigint[] }',
    test: `${TESTS}/log-at.int.test.ts`,
    testName: 'whoever reads from a time gets every event recorded since',
  },
  {
    id: 'log-lanes-of-another-number',
    title: 'a cursor of another number of lanes is followed',
    file: `${SOURCES}/log/log-place.ts`,
    find: 'if (saved.of === lanes) return;',
    replace: 'if (saved.of > 0) return;',
    test: `${SOURCES}/log/log-place.test.ts`,
    testName: 'a place of one of several lanes',
  },
  {
    id: 'log-lanes-wait-for-all',
    title: 'lanes that stand together wait for each other, however long it takes',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const PATIENCE_MS = 20;',
    replace: 'const PATIENCE_MS = 1_000_000;',
    test: `${SOURCES}/log/lane-bundles.test.ts`,
    testName: 'who waits is not held up for long',
  },
  {
    id: 'log-lanes-never-meet',
    title: 'a lane that is behind passes by the place where the others are',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const ahead = this.#placeAhead(bundle, window);',
    replace: 'const ahead = undefined as Standing | undefined;',
    test: `${SOURCES}/log/lane-bundles.test.ts`,
    testName: 'a lane that comes late to a long way',
  },
  {
    id: 'log-lanes-skip-to-the-end',
    title: 'a page that ends where other lanes stand is taken for the last of its window',
    file: `${SOURCES}/log/log-pages.ts`,
    find: 'const end = isLast ? filter.upTo : last.position;',
    replace: 'const end = isLast ? undefined : last.position;',
    test: `${TESTS}/log-lanes-random.int.test.ts`,
    testName: 'lanes that are slow, reject and come again',
  },
  {
    id: 'log-lanes-half-a-page',
    title: 'the first of several batches of a page says that it ends where the page does',
    file: `${SOURCES}/log/lane-bundles.ts`,
    find: 'const end = i + size >= records.length ? to :',
    replace: 'const end = i >= 0 ? to :',
    test: `${TESTS}/log-lanes-random.int.test.ts`,
    testName: 'lanes that are slow, reject and come again',
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
  {
    id: 'follower-lanes-begin-unasked',
    title: 'a lane without a place begins at the start, whatever the first lane says',
    file: 'packages/subscriptions/src/following/lane-division.ts',
    find: "if (first !== 'start') return division.check(first);",
    replace: 'return;',
    test: `${TESTS}/log-lanes.int.test.ts`,
    testName: 'a follower that was begun with one lane is refused',
  },
  {
    id: 'relay-lanes-share-partitions',
    title: 'lanes that do not divide the partitions are not refused',
    file: 'packages/subscriptions/src/relay/relay-ledger.ts',
    find: 'if (count % lanes === 0) continue;',
    replace: 'if (count > 0) continue;',
    test: 'packages/memory/test/lanes.test.ts',
    testName: 'a relay refuses',
  },

  // Streams
  {
    id: 'L7-version-unchecked',
    title: 'an append at a version is not compared with the locked head',
    file: `${SOURCES}/store/append-statements.ts`,
    find: '${update} and s.version = $4::int8',
    replace: '${update} and $4::int8 is not null',
    test: RACES,
    testName: 'L7 L8 of 50 processes',
  },
  {
    id: 'L7-head-not-locked',
    title: 'the version is read without a lock',
    file: `${SOURCES}/store/append-statements.ts`,
    find: `with head as (
  \${headText(schema, expectation, lockTimeout(lockTimeoutMs))}
  returning s.version, s.hash
), written as (`,
    replace: `with head as (
  select coalesce(max(s.version), 0) + $5::int8 as version, coalesce(max(s.hash), 1) as hash
  from \${schema}.events s where s.tenant = $1::text and s.stream_id = $2::text and $4::text is not null
), written as (`,
    test: RACES,
    testName: 'L7 of 50 processes',
  },
  {
    id: 'L7-twins-do-nothing',
    title: 'the version is read without a lock, and a version that is taken by then is passed over',
    file: `${SOURCES}/store/append-statements.ts`,
    find: `with head as (
  \${headText(schema, expectation, lockTimeout(lockTimeoutMs))}
  returning s.version, s.hash
), written as (
  insert into \${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version - $5::int8 + e.nth, e.id, head.hash, e.schema_id, $1, $2, $3, e.topic, e.payload, e.metadata
  from head, unnest($6::uuid[], $7::int[], $8::text[], $9::json[], $10::json[]) with ordinality
    as e(id, schema_id, topic, payload, metadata, nth)
  order by e.nth`,
    replace: `with head as (
  select coalesce(max(s.version), 0) + $5::int8 as version, coalesce(max(s.hash), 1) as hash
  from \${schema}.events s where s.tenant = $1::text and s.stream_id = $2::text and $4::text is not null
), written as (
  insert into \${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version - $5::int8 + e.nth, e.id, head.hash, e.schema_id, $1, $2, $3, e.topic, e.payload, e.metadata
  from head, unnest($6::uuid[], $7::int[], $8::text[], $9::json[], $10::json[]) with ordinality
    as e(id, schema_id, topic, payload, metadata, nth)
  order by e.nth on conflict (tenant, stream_id, version) do nothing`,
    test: RACES,
    testName: 'L7 of 50 processes',
  },
  {
    id: 'L14-append-notifies',
    title: 'an append notifies the readers of other processes',
    file: `${SOURCES}/store/append-statements.ts`,
    find: 'select version::text, pg_current_xact_id()::text as xid${placed',
    replace: "select version::text, pg_current_xact_id()::text as xid, pg_notify('appended', '')::text${placed",
    test: `${TESTS}/append-commits.int.test.ts`,
    testName: 'L14 nothing that an append sends',
  },
  {
    id: 'L8-absent-unchecked',
    title: "an append that expects 'absent' goes on from what is there",
    file: `${SOURCES}/store/append-statements.ts`,
    find: 'on conflict (tenant, stream_id) do nothing',
    replace: 'on conflict (tenant, stream_id) do update set version = s.version + excluded.version',
    test: RACES,
    testName: 'L7 L8 of 50 processes',
  },
  {
    id: 'L9-drawn-before-the-check',
    title: 'a position is drawn before the version is checked',
    file: `${SOURCES}/store/lock-timeout.ts`,
    find: "where current_setting('lock_timeout') = '0') is distinct from ''`",
    replace:
      "where current_setting('lock_timeout') = '0') is distinct from '' and (select nextval('leftfold.position')) > 0`",
    test: APPEND,
    testName: 'L9 a refused append draws no position',
  },
  {
    id: 'L10-ahead-accepted',
    title: "a version ahead of the stream's is accepted",
    file: `${SOURCES}/store/append-statements.ts`,
    find: '${update} and s.version = $4::int8',
    replace: '${update} and s.version <= $4::int8',
    test: STORE,
    testName: 'L10 version 3 is refused by a stream at version 1',
  },
  {
    id: 'L10-ahead-accepted-in-a-group',
    title: "among several streams, a version ahead of the stream's is accepted",
    file: `${SOURCES}/store/group-statement.ts`,
    find: 'or a.expected = s.version',
    replace: 'or a.expected >= s.version',
    test: RACES,
    testName: 'L10 of several streams in one append',
  },
  {
    id: 'L11-no-order',
    title: 'a stream is read as its rows lie',
    file: `${SOURCES}/store/read-stream.ts`,
    find: "order by e.version ${direction === 'forwards' ? 'asc' : 'desc'} limit",
    replace: 'limit',
    test: `${TESTS}/read-stream.int.test.ts`,
    testName: 'L11 a stream is read in version order whatever the plan',
  },
  {
    id: 'L11-hole-unnoticed',
    title: 'a stream with a hole is handed out',
    file: `${SOURCES}/store/read-stream.ts`,
    find: 'if (next !== undefined && version !== next)',
    replace: 'if (next !== undefined && version < 0n)',
    test: `${TESTS}/read-stream.int.test.ts`,
    testName: 'L11 a stream with a hole is refused',
  },
  {
    id: 'L12-drawn-before-the-lock',
    title: 'positions are drawn before the head is locked',
    file: `${SOURCES}/store/append-statements.ts`,
    find: `with head as (
  \${headText(schema, expectation, lockTimeout(lockTimeoutMs))}
  returning s.version, s.hash
), written as (
  insert into \${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version`,
    replace: `with drawn as materialized (
  select array_agg(nextval('\${schema}.position')) as positions from generate_series(1, $5::int8)
), head as (
  \${headText(schema, expectation, lockTimeout(lockTimeoutMs) + ' and (select positions from drawn) is not null')}
  returning s.version, s.hash
), written as (
  insert into \${schema}.events (position, version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select (select drawn.positions[e.nth] from drawn), head.version`,
    test: APPEND,
    testName: "L12 a stream's order is the order of its positions",
  },
  {
    id: 'L12-sequence-with-cache',
    title: 'sessions draw twenty positions at once',
    file: `${SOURCES}/migrations/0001-log.ts`,
    find: 'as bigint cache 1;',
    replace: 'as bigint cache 20;',
    test: APPEND,
    testName: "L12 a stream's order is the order of its positions",
  },
  {
    id: 'L12-cache-unnoticed',
    title: 'a sequence that was given a cache is used',
    file: `${SOURCES}/identity/identity-check.ts`,
    find: "if (row.cache !== '1')",
    replace: "if (row.cache === '0')",
    test: FAULTS,
    testName: 'L12 a sequence of positions with a cache is refused',
  },
  {
    id: 'group-locks-in-any-order',
    title: 'several streams are locked as they were named',
    file: `${SOURCES}/store/group-statement.ts`,
    find: 'order by a.tenant, a.stream_id',
    replace: 'order by a.i',
    test: APPEND,
    testName: 'groups that name the same streams in any order do not deadlock',
  },
  {
    id: 'reply-overlooked',
    title: 'an append with a key that was answered is carried out again',
    file: `${SOURCES}/store/group-statement.ts`,
    find: 'case when not exists (select from kept) then',
    replace: 'case when false then',
    test: STORE,
    testName: 'a key that was answered is replied before any version is checked',
  },
  {
    id: 'reply-never-expires',
    title: 'an expired reply stays in the way',
    file: `${SOURCES}/store/group-statement.ts`,
    find: 'where r.expires_at <= clock_timestamp()',
    replace: 'where false',
    test: STORE,
    testName: 'a reply whose time has passed',
  },
  {
    id: 'within-without-savepoint',
    title: 'a refused group aborts the transaction of the caller',
    file: `${SOURCES}/store/connection.ts`,
    find: "await session.query(unprepared('savepoint leftfold'));",
    replace: 'if (session !== undefined) return work();',
    test: STORE,
    testName: 'a key that is taken is LF_UNIQUE_KEY_TAKEN, and does not abort the transaction',
  },
  {
    id: 'schema-inside-the-transaction',
    title: 'a schema that is new to the log is written in the transaction of the caller',
    file: `${SOURCES}/store/connection.ts`,
    find: 'outside: () => (work) => db.session(work),',
    replace: 'outside: () => (work) => work(session),',
    test: APPEND,
    testName: 'a schema met first in a transaction stays when that is rolled back',
  },
  {
    id: 'no-lock-timeout',
    title: 'an append waits for a held stream for ever',
    file: `${SOURCES}/store/lock-timeout.ts`,
    find: "`(select set_config('lock_timeout', '${ms}', true) where current_setting('lock_timeout') = '0') is distinct from ''`",
    replace: '`${ms} > 0`',
    test: APPEND,
    testName: 'where no lock_timeout is set an append waits 5 s at most',
  },

  // The driver
  {
    id: 'L20-binary',
    title: 'columns are fetched in binary form',
    file: `${SOURCES}/lent-client.ts`,
    find: 'types: columnTypes,',
    replace: 'types: columnTypes, ...{ binary: true },',
    test: DRIVER,
    testName: 'L20 every int8 comes through the driver as it was',
  },
  {
    id: 'P1-nobody-listens',
    title: 'a client that is lent has no error listener',
    file: `${SOURCES}/lent-client.ts`,
    find: "client.on('error', this.#onError);",
    replace: '',
    test: DRIVER,
    testName: 'P1 an error of a connection that is lent is heard by somebody',
  },
  {
    id: 'P1-broken-client-pooled',
    title: 'a broken client goes back to the pool',
    file: `${SOURCES}/lent-client.ts`,
    find: 'this.#client.release(this.#unusable !== undefined);',
    replace: 'this.#client.release();',
    test: DRIVER,
    testName: 'P1 an error of a connection that is lent is heard by somebody',
  },
  {
    id: 'P1-client-pooled-after-failed-commit',
    title: 'a client goes back to the pool after a COMMIT that failed',
    file: `${SOURCES}/lent-client.ts`,
    find: `      this.#unusable ??= error as Error;
      throw error;`,
    replace: '      throw error;',
    test: DRIVER,
    testName: 'P1 a client whose COMMIT was refused is closed',
  },
  {
    id: 'P1-swallowed-failure-committed',
    title: 'a transaction in which a statement failed ends as if it were committed',
    file: `${SOURCES}/database.ts`,
    find: 'if (failed !== undefined) throw failed.error;',
    replace: '',
    test: DRIVER,
    testName: 'P1 work that swallows a failed statement',
  },
  {
    id: 'P2-outcome-guessed',
    title: 'a connection lost in the midst of an append or a COMMIT is called harmless',
    file: `${SOURCES}/lent-client.ts`,
    find: 'throw driverFault(error, inDoubt);',
    replace: 'throw driverFault(error);',
    test: DRIVER,
    testName: 'P2',
  },
  // Hints between processes
  {
    id: 'hints-trust-any-listener',
    title: 'a connection that listens counts as one that hears',
    file: `${SOURCES}/log/listener.ts`,
    find: 'if (!(await this.#hears(halt))) return;',
    replace: '',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'where notifications do not arrive, as through a pooler in transaction mode, nobody relies on them',
  },
  {
    id: 'hints-lost-in-silence',
    title: 'readers are not told that the connection which hears was lost',
    file: `${SOURCES}/log/listener.ts`,
    find: 'if (!isHearing) this.#wake.signal();',
    replace: '',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'a connection that is lost is noticed at once: readers look by themselves, until another one hears',
  },
  {
    id: 'hints-hold-up-the-end',
    title: 'a connection that is asked for, or does not answer, is waited for at a stop',
    file: `${SOURCES}/log/listener.ts`,
    find: 'return await Promise.race([work, promise]);',
    replace: 'return await work;',
    test: `${SOURCES}/log/listener.test.ts`,
    testName: 'holds nobody up who stops',
  },
  {
    id: 'hints-keep-a-pool-from-ending',
    title: 'a pool that its owner ends has the connection that listens back at the next probe only',
    file: `${SOURCES}/log/listener.ts`,
    find: '.ending === true',
    replace: '.ending === 1',
    test: `${SOURCES}/log/listener.test.ts`,
    testName: 'a pool that its owner ends has the connection back',
  },
  {
    id: 'hints-by-probes',
    title: 'a process that asks whether it hears wakes the readers of all others',
    file: `${SOURCES}/log/announcer.ts`,
    find: "return payload[length] === APPENDED ? 'other' : undefined;",
    replace: "return 'other';",
    test: `${SOURCES}/log/announcer.test.ts`,
    testName: 'who asks whether it hears wakes nobody else',
  },
  {
    id: 'hints-for-each-append',
    title: 'each append sends a notification of its own',
    file: `${SOURCES}/log/announcer.ts`,
    find: 'if (!this.#isUnderWay) void this.#send();',
    replace: 'void this.#send();',
    test: `${SOURCES}/log/announcer.test.ts`,
    testName: 'what is appended while a notification is under way is told by one more, however much it is',
  },
  {
    id: 'hints-not-for-callers',
    title: 'an append in a transaction of the caller’s is not hinted',
    file: `${SOURCES}/store/connection.ts`,
    find: '    outside: () => (work) => db.session(work),\n    appended,',
    replace: '    outside: () => (work) => db.session(work),\n    appended: () => undefined,',
    test: `${TESTS}/notifications.int.test.ts`,
    testName: 'an append in a transaction of the caller’s is found soon after it commits',
  },
];
