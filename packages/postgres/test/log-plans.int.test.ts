import type { Cursor, Lane, LogReader, LogRecord } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { beforeEach, expect, test } from 'vitest';
import { explainingPool, type Cost } from './explaining-pool.ts';
import { testLog, type FreshLog } from './fresh-log.ts';
import { nameOf, readToEnd } from './read-to-end.ts';

const BATCH = 100;
/** A page may look at a few times what it hands out, never at what the log holds. */
const PAGE_ROWS = 10 * BATCH;
/** Of the buffer pool: a few descents of an index. */
const POLL_BUFFERS = 40;

const costs: Cost[] = [];
beforeEach(() => {
  costs.length = 0;
});

/** A log whose reader says what it costs, with one event, so that its schema is known. @param planCache how Postgres plans prepared statements. */
async function explainedLog(planCache = 'auto') {
  const log = await testLog({ pool: { options: `-c plan_cache_mode=${planCache}` } });
  await append(log);
  const { log: explained } = postgres({ pool: explainingPool(log.pool, costs), batchSize: BATCH });
  return { ...log, explained };
}
const append = async ({ storage }: FreshLog) => {
  const stream = newStream();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
  return stream;
};
/** Writes many events in one transaction, past the store, which would take too long. */
const fill = (client: { query(text: string, values: unknown[]): Promise<unknown> }, count: number, stream: string) =>
  client.query(
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
     select n, gen_random_uuid(), 1, schema_id, '', $2, 'filled', null, payload, metadata
     from generate_series(1, $1::int) as n, (select * from leftfold.events limit 1) as pattern`,
    [count, stream],
  );
/** What an empty poll costs; two heads are no polls of a reader, so the cursor is the head's. */
async function idlePoll({ explained }: Awaited<ReturnType<typeof explainedLog>>): Promise<Cost> {
  const cursor = (await explained.head()).get('0' as never) as Cursor;
  costs.length = 0;
  const stop = new AbortController();
  const reader = { name: 'test', from: async () => cursor, handle: async () => undefined, faulted: () => stop.abort() };
  const running = explained.run(reader, stop.signal);
  await eventually(() => costs.length > 0);
  stop.abort();
  await running;
  return costs[0] as Cost;
}

test.each(['auto', 'force_generic_plan'])(
  'L19 an empty poll and a small window cost the same in a log of a hundred events and of a hundred thousand (%s)',
  async (planCache) => {
    const log = await explainedLog(planCache);
    for (const [count, how] of [
      [100, 'a small log'],
      [100_000, 'a large one'],
      [0, 'one whose statistics are fresh'],
    ] as const) {
      if (count > 0) await fill(log.pool, count, `filled-${count}`);
      else await log.pool.query('analyze leftfold.events');
      const idle = await idlePoll(log);
      expect(idle.rows, how).toBe(0);
      expect(idle.buffers, how).toBeLessThan(POLL_BUFFERS);

      const { cursor } = await readToEnd(log.storage.log);
      const stream = await append(log);
      costs.length = 0;
      const { records } = await readToEnd(log.explained, cursor);
      expect(records.map(nameOf)).toEqual([`${stream.id}@1`]);
      const window = costs.filter(({ statement }) => statement !== 'log_poll');
      expect(window.map(({ statement }) => statement)).toEqual(['log_window']);
      // Before Postgres 18 EXPLAIN rounds the rows of each of several loops, to none.
      expect(window[0]?.rows, how).toBeLessThanOrEqual(1);
      expect(window[0]?.buffers, how).toBeLessThan(POLL_BUFFERS);
    }
  },
);

test('L19 the whole log from its start costs per page what the page holds', async () => {
  const log = await explainedLog();
  await fill(log.pool, 20_000, 'filled-a');
  for (let i = 0; i < 50; i++) await append(log);
  costs.length = 0;

  const { records } = await readToEnd(log.explained);

  expect(records).toHaveLength(20_051);
  const pages = costs.filter(({ statement }) => statement === 'log_backlog');
  expect(pages).toHaveLength(Math.ceil(20_051 / BATCH));
  expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThan(PAGE_ROWS);
  expect(costs.filter(({ statement }) => statement === 'log_floor')).toEqual([]);
});

test('L21 an import of 300,000 events in one transaction costs no reader more than the page that it reads', async () => {
  const log = await explainedLog();
  const importer = await log.connect();
  await importer.query('begin');
  await fill(importer, 300_000, 'imported-a');

  // Not committed yet, newer than anything a reader has seen, and not the newest transaction in the cluster.
  await log.pool.query('select pg_current_xact_id()');
  expect((await idlePoll(log)).buffers, 'a poll while the import is open').toBeLessThan(POLL_BUFFERS);

  // Behind a boundary that has passed it.
  await append(log);
  const { cursor } = await readToEnd(log.storage.log);
  await importer.query('commit');
  await log.pool.query('analyze leftfold.events');
  costs.length = 0;
  const enough = new AbortController();
  let read = 0;
  await log.explained.run(
    {
      name: 'test',
      from: async () => cursor,
      handle: async ({ records }) => {
        read += records.length;
        if (read >= 10 * BATCH) enough.abort();
      },
      faulted: () => enough.abort(),
    },
    enough.signal,
  );
  expect(read).toBe(10 * BATCH);
  expect(Math.max(...costs.map(({ rows }) => rows)), 'late pages').toBeLessThan(PAGE_ROWS);
});

test('L21 an import that commits as the newest of all is read along its positions', async () => {
  const log = await explainedLog();
  await fill(log.pool, 20_000, 'filled-a');
  const { cursor } = await readToEnd(log.storage.log);
  await fill(log.pool, 20_000, 'imported-a');
  costs.length = 0;

  const { records } = await readToEnd(log.explained, cursor);

  expect(records).toHaveLength(20_000);
  const pages = costs.filter(({ statement }) => statement === 'log_backlog');
  expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThan(PAGE_ROWS);
  expect(costs.filter(({ statement }) => statement === 'log_floor').map(({ rows }) => rows)).toEqual([20_000]);
});

/** As many events again, of the type or category that is wanted. */
const fillWanted = (
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  count: number,
  stream: string,
) =>
  client.query(
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
     select n, gen_random_uuid(), n, (select id from leftfold.schemas where type = 'conformance.thing.wanted'), '', $2, 'wanted', null, payload, metadata
     from generate_series(1, $1::int) as n, (select * from leftfold.events limit 1) as pattern`,
    [count, stream],
  );
const WANTED = newEvents(1, {
  schema: { type: 'conformance.thing.wanted', version: 1, fingerprint: 'wanted', avro: 'null' },
});
/** Through a filter a page looks at twenty times what it may hold, and each late transaction's part at as many. */
const FILTERED_ROWS = 21 * (BATCH + 1);

const FILTERS: readonly (readonly [string, NonNullable<LogReader['only']>])[] = [
  ['a type', { types: ['conformance.thing.wanted'] }],
  ['a category', { categories: ['wanted'] }],
  ['both', { types: ['conformance.thing.wanted', 'conformance.thing.never'], categories: ['wanted'] }],
];

test.each(
  FILTERS.flatMap(([name, only]) =>
    ['auto', 'force_generic_plan'].map((planCache) => [name, planCache, only] as const),
  ),
)('L19 a filter by %s makes no page visit more than its part of the log (%s)', async (_, planCache, only) => {
  const log = await explainedLog(planCache);
  await log.storage.store.append([{ stream: newStream('wanted'), expect: 'absent', events: WANTED }]);
  await fill(log.pool, 30_000, 'filled-a');
  await fillWanted(log.pool, 10, 'wanted-a');
  await fill(log.pool, 10_000, 'filled-b');
  for (const isAnalyzed of [false, true]) {
    if (isAnalyzed) await log.pool.query('analyze leftfold.events');
    costs.length = 0;
    const read: LogRecord[] = [];
    const until = await log.explained.head();
    await log.explained.run(readerOf(read, { only, until }), new AbortController().signal);
    expect(read).toHaveLength(11);
    const pages = costs.filter(({ statement }) => statement === 'log_backlog_filtered');
    expect(pages.length).toBeGreaterThan(10);
    expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThan(FILTERED_ROWS);
  }

  // A small window at the end of it.
  const head = await log.explained.head();
  await append(log);
  costs.length = 0;
  const later: LogRecord[] = [];
  const from = async (lane: Lane): Promise<Cursor> => head.get(lane) as Cursor;
  const until = await log.explained.head();
  await log.explained.run(readerOf(later, { only, until, from }), new AbortController().signal);
  const window = costs.filter(({ statement }) => statement === 'log_window_filtered');
  expect(window).toHaveLength(1);
  expect(window[0]?.rows).toBeLessThanOrEqual(1);
  expect(window[0]?.buffers).toBeLessThan(POLL_BUFFERS);
});

test.each(FILTERS)(
  'L21 a late import is read through a filter (%s) in parts, however few of it fit',
  async (_, only) => {
    const log = await explainedLog();
    await log.storage.store.append([{ stream: newStream('wanted'), expect: 'absent', events: WANTED }]);
    const importer = await log.connect();
    await importer.query('begin');
    await fill(importer, 60_000, 'imported-a');
    await fillWanted(importer, 300, 'wanted-b');
    await append(log);
    const { cursor } = await readToEnd(log.storage.log);
    await importer.query('commit');
    costs.length = 0;
    const read: LogRecord[] = [];
    const until = await log.explained.head();
    const from = async (): Promise<Cursor> => cursor as Cursor;
    await log.explained.run(readerOf(read, { only, until, from }), new AbortController().signal);

    expect(read.map(({ streamVersion }) => streamVersion)).toEqual(
      Array.from({ length: 300 }, (__, i) => BigInt(i + 1)),
    );
    const pages = costs.filter(({ statement }) => statement.endsWith('_filtered'));
    expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThan(FILTERED_ROWS);
  },
);

test('a page of one lane of several visits its part of the log, and no more', async () => {
  const log = await explainedLog();
  await fill(log.pool, 100, 'filled-a');
  await fillWanted(log.pool, 0, 'none');
  await log.storage.store.append([{ stream: newStream('wanted'), expect: 'absent', events: WANTED }]);
  await fillWanted(log.pool, 20_000, 'wanted-c');
  const { log: several } = postgres({ pool: explainingPool(log.pool, costs), batchSize: BATCH, lanes: 4 });
  costs.length = 0;
  const read: LogRecord[] = [];
  const until = new Map([...(await several.head())].filter(([lane]) => lane === '3'));
  await several.run(readerOf(read, { until }), new AbortController().signal);

  expect(read.length).toBeGreaterThanOrEqual(5_000);
  expect(read.every(({ hash }) => hash % 4 === 3)).toBe(true);
  const pages = costs.filter(({ statement }) => statement === 'log_backlog_filtered');
  expect(Math.max(...pages.map(({ rows }) => rows))).toBeLessThan(FILTERED_ROWS);
});

test('a place from a time is found by the index of times, not by a walk from the beginning', async () => {
  const log = await explainedLog();
  await fill(log.pool, 50_000, 'filled-a');
  await log.pool.query('vacuum analyze leftfold.events');
  const {
    rows: [{ now }],
  } = await log.pool.query('select clock_timestamp() as now');
  await append(log);
  costs.length = 0;
  const from = await log.explained.at(new Date(now));
  const read: LogRecord[] = [];
  await log.explained.run(
    readerOf(read, { until: await log.explained.head(), from: async (lane) => from.get(lane) as Cursor }),
    new AbortController().signal,
  );
  expect(read).toHaveLength(1);
  // A block range of a brin index holds some thousands of rows.
  const asked = costs.filter(({ statement }) => statement === 'log_at');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.rows).toBeLessThan(10_000);
});

/** A reader that keeps what it gets. */
const readerOf = (into: LogRecord[], differently: Partial<LogReader>): LogReader => ({
  name: 'test',
  from: async () => 'start',
  handle: async ({ records }) => void into.push(...records),
  faulted: (_, error) => expect.unreachable(String(error)),
  ...differently,
});
