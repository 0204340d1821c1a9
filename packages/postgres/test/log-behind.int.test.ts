import { postgres, rebase, type PgClient, type PgPool, type PgQuery } from '@leftfold/postgres';
import { followerLag, readSource, RELAY, type Cursor, type Lane, type Log } from '@leftfold/subscriptions';
import { conformanceTopic, newEvents, newStream } from '@leftfold/testing';
import fc from 'fast-check';
import type { Client, QueryConfig } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { explainingPool, type Cost } from './explaining-pool.ts';
import { freshLog, testLog, type FreshLog } from './fresh-log.ts';

const LANE = '0' as Lane;
const CATEGORIES = ['conformance.thing', 'conformance.unpublished'];

let log: Awaited<ReturnType<typeof freshLog>>;
const clients: Client[] = [];
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic, batchSize: 3 });
  for (let i = 0; i < 3; i++) clients.push(await log.connect());
});
afterAll(() => log.end());

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('alone' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'takeId' as const,
        'append' as const,
        'append' as const,
        'commit' as const,
        'rollback' as const,
      ),
      writer: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), batches: fc.integer({ min: 1, max: 4 }) }) },
);

/** What a reader from a place gets now. */
async function beyond(
  source: Log,
  lane: Lane,
  place: Cursor | 'start',
): Promise<{ events: number; publicEvents: number }> {
  let [events, publicEvents] = [0, 0];
  const from = place === 'start' ? new Map<Lane, Cursor>() : new Map([[lane, place]]);
  const until = new Map([[lane, (await source.head()).get(lane) as Cursor]]);
  for await (const { records } of readSource(source, { from, until })) {
    events += records.length;
    publicEvents += records.filter(({ topic }) => topic !== null).length;
  }
  return { events, publicEvents };
}

test('C12 behind any place that a reader was ever given stands what it would read from there, whatever runs, is late or was rolled back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const { storage } = log;
      const streams = clients.map((_, writer) => newStream(CATEGORIES[writer % 2]));
      const isOpen = clients.map(() => false);
      const end = async (writer: number, how: string): Promise<void> => {
        if (isOpen[writer] === true) await clients[writer]?.query(how);
        isOpen[writer] = false;
      };
      let place = (await storage.log.head()).get(LANE) as Cursor;
      const places = [place];
      const read = async (most: number): Promise<void> => {
        let count = 0;
        for await (const { at, to } of readSource(storage.log, {
          from: new Map([[LANE, place]]),
          until: await storage.log.head(),
        })) {
          places.push(at, to);
          place = to;
          if (++count === most) break;
        }
      };
      for (const one of steps) {
        if (one.kind === 'alone')
          await storage.store.append([
            { stream: newStream(CATEGORIES[one.count % 2]), expect: 'any', events: newEvents(one.count) },
          ]);
        else if (one.kind === 'read') await read(one.batches);
        else {
          const client = clients[one.writer] as Client;
          if (one.kind === 'commit' || one.kind === 'rollback') await end(one.writer, one.kind);
          else {
            if (isOpen[one.writer] !== true) await client.query('begin');
            isOpen[one.writer] = true;
            if (one.kind === 'takeId') await client.query('select pg_current_xact_id()');
            else
              await storage.store
                .within(client)
                .append([
                  { stream: streams[one.writer] as (typeof streams)[number], expect: 'any', events: newEvents(2) },
                ]);
          }
        }
      }
      const check = async (): Promise<void> => {
        for (const one of new Set(places)) {
          const { events, publicEvents } = await beyond(storage.log, LANE, one);
          const behind = (await storage.log.behind(new Map([[LANE, one]]))).get(LANE);
          expect(behind, `behind ${one}`).toMatchObject({ events, publicEvents, isMore: false });
          expect(behind?.oldestMs === undefined, `behind ${one}`).toBe(events === 0);
        }
      };
      await check();
      for (const writer of clients.keys()) await end(writer, writer === 1 ? 'rollback' : 'commit');
      await check();
    }),
    { numRuns: 25 },
  );
});

/** Writes many events in one transaction, past the store, which would take too long. */
const fill = (client: { query(text: string, values: unknown[]): Promise<unknown> }, count: number, stream: string) =>
  client.query(
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
     select n, gen_random_uuid(), n, schema_id, '', $2, 'filled', 'filled', payload, metadata
     from generate_series(1, $1::int) as n, (select * from leftfold.events limit 1) as pattern`,
    [count, stream],
  );

/** A log with one event, and the same log as one that says what its statements cost. */
async function explainedLog(
  planCache: string,
  lanes = 1,
): Promise<FreshLog & { explained: Log; costs: Cost[]; plain: Log }> {
  const costs: Cost[] = [];
  const made = await testLog({ pool: { options: `-c plan_cache_mode=${planCache}` } });
  await made.storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  const { log: explained } = postgres({ pool: explainingPool(made.pool, costs), lanes });
  const { log: plain } = postgres({ pool: made.pool, lanes, batchSize: 100 });
  return { ...made, explained, costs, plain };
}
const AT_MOST = 1_000;
/** Of the buffer pool: a few descents of an index. */
const FEW_BUFFERS = 60;

test.each(['auto', 'force_generic_plan'])(
  'L19 what is counted costs what is counted, not what the log holds (%s)',
  async (planCache) => {
    const { explained, plain, costs, pool, storage, connect } = await explainedLog(planCache);
    await fill(pool, 100_000, 'filled-a');
    // In the midst of one window that is the whole log.
    let midst: Cursor | undefined;
    for await (const { to } of readSource(plain, { until: await plain.head() })) {
      midst = to;
      if (Number(/\/(\d+)$/.exec(to)?.[1]) > 50_000) break;
    }
    const end = (await plain.head()).get(LANE) as Cursor;
    await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
    for (const isAnalyzed of [false, true]) {
      if (isAnalyzed) await pool.query('analyze leftfold.events');
      costs.length = 0;
      const few = (await explained.behind(new Map([[LANE, end]]), { atMost: AT_MOST })).get(LANE);
      expect(few).toMatchObject({ events: 1, isMore: false });
      expect(costs.at(-1)?.rows).toBeLessThanOrEqual(2);
      expect(costs.at(-1)?.buffers).toBeLessThan(FEW_BUFFERS);
      for (const place of ['start', midst as Cursor] as const) {
        costs.length = 0;
        const many = (await explained.behind(new Map([[LANE, place]]), { atMost: AT_MOST })).get(LANE);
        expect(many).toMatchObject({ isMore: true });
        expect(many?.events).toBeGreaterThanOrEqual(AT_MOST);
        expect(costs.at(-1)?.rows, place).toBeLessThanOrEqual(3 * AT_MOST);
      }
    }
    // L21: an import that is not committed yet.
    const importer = await connect();
    await importer.query('begin');
    await fill(importer, 100_000, 'imported-a');
    costs.length = 0;
    await explained.behind(new Map([[LANE, end]]), { atMost: AT_MOST });
    expect(costs.at(-1)?.buffers).toBeLessThan(FEW_BUFFERS);
    await importer.query('commit');
    costs.length = 0;
    const late = (await explained.behind(new Map([[LANE, end]]), { atMost: AT_MOST })).get(LANE);
    expect(late).toMatchObject({ isMore: true });
    expect(costs.at(-1)?.rows).toBeLessThanOrEqual(3 * AT_MOST);
  },
);

test('lanes that stand at one place are counted by one statement', async () => {
  const { explained, costs, pool } = await explainedLog('auto', 8);
  await fill(pool, 800, 'filled-a');
  costs.length = 0;
  const behind = await explained.behind(new Map());
  expect([...behind.values()].reduce((sum, { events }) => sum + events, 0)).toBe(801);
  expect(costs.map(({ statement }) => statement)).toEqual(['log_behind']);
});

test('ages are the database’s: a machine whose clock is wrong measures the same', async () => {
  const { storage, pool, plain } = await explainedLog('auto');
  const from = await plain.head();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  const { now } = Date;
  onTestFinished(() => void (Date.now = now));
  Date.now = () => now() + 3_600_000;
  const age = (await plain.behind(from)).get(LANE)?.oldestMs as number;
  const { rows } = await pool.query(
    'select extract(epoch from clock_timestamp() - max(recorded_at))::float8 * 1000 as age from leftfold.events',
  );
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThanOrEqual(Number(rows[0].age));
});

test('a measurement is two statements, however many lanes the log has', async () => {
  const { pool, storage } = await testLog();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(3) }]);
  const texts: string[] = [];
  const counting = new Map<object, PgClient>();
  const counted: PgPool = {
    async connect() {
      const client = await pool.connect();
      // One for each connection: of a new one the log's identity is asked.
      const known = counting.get(client) ?? {
        query: (query: PgQuery) => {
          texts.push(query.text);
          return client.query(query as QueryConfig);
        },
        on: (...given) => client.on(...given),
        removeListener: (...given) => client.removeListener(...given),
        release: (destroy) => client.release(destroy),
      };
      counting.set(client, known);
      return known;
    },
  };
  const measured = postgres({ pool: counted, lanes: 8 });
  await followerLag(measured, RELAY);
  texts.length = 0;
  expect(await followerLag(measured, RELAY)).toMatchObject({ events: 3 });
  expect(texts).toEqual([expect.stringContaining('.checkpoints'), expect.stringContaining('looked')]);
});

test('C12 who does nothing but measure follows the log into another generation', async () => {
  const { pool, storage } = await testLog();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(3) }]);
  const { log: measuring } = postgres({ pool });
  expect((await measuring.behind(new Map())).get(LANE)).toMatchObject({ events: 3 });
  await rebase(pool, { reason: 'moved' });
  const { log: reading, store } = postgres({ pool });
  const places = await reading.head();
  await store.append([{ stream: newStream(), expect: 'absent', events: newEvents(2) }]);
  expect((await measuring.behind(places)).get(LANE)).toMatchObject({ events: 2, isMore: false });
  expect((await measuring.behind(new Map())).get(LANE)).toMatchObject({ events: 5, isMore: false });
});
