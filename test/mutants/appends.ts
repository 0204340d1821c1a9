import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';
const STORE = `${TESTS}/event-store-conformance.int.test.ts`;
const APPEND = `${TESTS}/append.int.test.ts`;
const RACES = `${TESTS}/append-races.int.test.ts`;
const FAULTS = `${TESTS}/log-faults.int.test.ts`;

/** Breaks of appends and of streams. */
export const appendMutants: readonly Mutant[] = [
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
];
