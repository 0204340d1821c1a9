import type { Cursor } from '@leftfold/subscriptions';
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
      expect(window[0]?.rows, how).toBe(1);
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
