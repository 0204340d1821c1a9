import { followAll, projection, SharedSource } from '@leftfold/subscriptions';
import type { AnyProjection, Cursor, Lane, LogReader, LogRecord, Running, Source } from '@leftfold/subscriptions';
import { encodeEvent, event, streamRef, t, uuidV7, type EventId } from '@leftfold/core';
import { Pool, type QueryConfig } from 'pg';
import type { PgClient, PgPool, PgQuery, PostgresStorage } from '@leftfold/postgres';
import { postgres, readModels } from '@leftfold/postgres';
import { eventually } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';
import { seeded } from './seeded.ts';

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
type LogSource = Source<LogRecord>;

const happened = event('shared.thing.happened', { n: t.int() });

const noted = event('shared.thing.noted', { note: t.string() });

const listOf = (name: string) =>
  projection(name, { version: 1, key: 'id', row: { id: t.string(), steps: t.string() } }).upsert(
    happened,
    (row, { data, stream }) => ({ id: stream.key, steps: `${row?.steps ?? ''}${data.n} ` }),
  );
async function append({ store }: PostgresStorage, id: string, from: number, to = from): Promise<void> {
  const events = Array.from({ length: to - from + 1 }, (_, i) =>
    encodeEvent(happened, happened({ n: from + i }), uuidV7() as EventId, { correlationId: 'test' }),
  );
  await store.append([{ stream: streamRef('shared.thing', id, ''), expect: 'any', events }]);
}
const caughtUp = async (all: readonly Running[]): Promise<void> =>
  void (await Promise.all(all.map((one) => one.caughtUp({ timeoutMs: 20_000 }))));
const steps = (to: number): string => Array.from({ length: to }, (_, i) => `${i + 1} `).join('');

/** A pool that counts statements, by what they are. */
function counting(pool: Pool) {
  const counts = { commits: 0, pages: 0 };
  const counted: PgPool = {
    connect: async () => {
      const client = await pool.connect();
      const through: PgClient = {
        query: (query: PgQuery) => {
          const text = typeof query === 'string' ? query : query.text;
          if (/^commit/i.test(text)) counts.commits += 1;
          if (/_log_(window|backlog)/.test((query as QueryConfig).name ?? '')) counts.pages += 1;
          return client.query(query as QueryConfig);
        },
        on: (event_, listener) => client.on(event_, listener),
        removeListener: (event_, listener) => client.removeListener(event_, listener),
        release: (destroy) => client.release(destroy),
      };
      return through;
    },
  };
  return { counts, pool: counted };
}

test('ten projections read each event once, in one transaction for all, as one does', async () => {
  const log = await testLog();
  const cost = async (projections: readonly AnyProjection[], id: string) => {
    const pool = new Pool({ connectionString: log.url, max: 10 });
    const { counts, ...watched } = counting(pool);
    const storage = postgres({ ...poolerOptions, ...watched });
    const all = await followAll(projections, { from: storage.log, storage });
    await caughtUp(all);
    const before = { ...counts };
    for (let n = 1; n <= 10; n++) {
      await append(log.storage, id, n);
      await caughtUp(all);
    }
    const spent = { commits: counts.commits - before.commits, pages: counts.pages - before.pages };
    await Promise.all(all.map((one) => one.stop()));
    await pool.end();
    return spent;
  };
  const one = await cost([listOf('only')], 'a');
  const many = Array.from({ length: 10 }, (_, i) => listOf(`of-ten-${i}`));
  const ten = await cost(many, 'b');
  expect(one).toEqual({ commits: 10, pages: 10 });
  expect(ten).toEqual(one);
  const db = readModels(log.pool, many) as unknown as {
    selectFrom(name: string): { selectAll(): { execute(): Promise<{ id: string; steps: string }[]> } };
  };
  for (const each of many) {
    const rows = await db.selectFrom(each.name.replaceAll('-', '_')).selectAll().execute();
    expect(rows.find(({ id }) => id === 'b')).toMatchObject({ steps: steps(10) });
  }
});

test(`a bounded reading ends in the very place of another reader’s batch, in the midst of a window, too (seed ${seed})`, async () => {
  const random = seeded(seed);
  for (const lanes of [1, 4]) {
    const { storage, open } = await testLog({ lanes, batchSize: 10 });
    // Its pages end elsewhere.
    const other = open({ lanes, batchSize: 7 });
    for (let n = 0; n < 60; n++) await append(storage, `s${random(9)}`, n * 5 + 1, n * 5 + 5);
    const seen = new Map<Lane, { readonly to: Cursor; readonly ids: readonly string[] }[]>();
    const stop = new AbortController();
    const head = await storage.log.head();
    const reader = (more: Partial<LogReader>): LogReader => ({
      name: 'test',
      from: async () => 'start',
      handle: async () => {},
      faulted: () => {},
      ...more,
    });
    await storage.log.run(
      reader({
        until: head,
        handle: async ({ lane, to, records }) => {
          const places = seen.get(lane) ?? [];
          seen.set(lane, places);
          places.push({ to, ids: [...(places.at(-1)?.ids ?? []), ...records.map(({ id }) => id)] });
        },
      }),
      stop.signal,
    );
    expect([...seen.values()].some((places) => places.length > 2)).toBe(true);
    for (const [lane, places] of seen) {
      for (let i = 0; i < 6; i++) {
        const end = places[random(places.length)] as (typeof places)[number];
        const got: string[] = [];
        let last: Cursor | undefined;
        await other.log.run(
          reader({
            until: new Map([[lane, end.to]]),
            handle: async ({ to, records }) => {
              last = to;
              got.push(...records.map(({ id }) => id));
            },
          }),
          stop.signal,
        );
        expect(last).toBe(end.to);
        expect(got).toEqual(end.ids);
      }
    }
  }
});

test('a batch is bounded in bytes, too: large events come in smaller pages, each once and in order', async () => {
  const { storage } = await testLog();
  const note = 'x'.repeat(250_000);
  for (let n = 0; n < 5; n++) {
    const events = Array.from({ length: 16 }, () =>
      encodeEvent(noted, noted({ note }), uuidV7() as EventId, { correlationId: 'test' }),
    );
    await storage.store.append([{ stream: streamRef('shared.thing', 'large', ''), expect: 'any', events }]);
  }
  for (const only of [undefined, { types: [noted.type] }]) {
    const batches: number[] = [];
    const versions: number[] = [];
    await storage.log.run(
      {
        name: 'test',
        ...(only && { only }),
        until: await storage.log.head(),
        from: async () => 'start',
        handle: async ({ records }) => {
          batches.push(records.reduce((sum, { payload }) => sum + payload.length, 0));
          versions.push(...records.map(({ streamVersion }) => Number(streamVersion)));
        },
        faulted: () => {},
      },
      new AbortController().signal,
    );
    expect(versions).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(Math.max(...batches)).toBeLessThan(8 * 1024 * 1024 + 256 * 1024);
    expect(batches.length).toBeGreaterThanOrEqual(3);
  }
});

test('L16 one that is behind while the generation rises reads on, to where the others are', async () => {
  const { storage, pool } = await testLog({ batchSize: 10 });
  for (let n = 1; n <= 20; n++) await append(storage, `s${n % 3}`, n * 5, n * 5 + 4);
  const [quick, late] = [listOf('quick'), listOf('late')];
  const alone = await followAll([quick], { from: storage.log, storage });
  await caughtUp(alone);
  await Promise.all(alone.map((one) => one.stop()));
  let batches = 0;
  const run: LogSource['run'] = (reader, signal) => {
    if (reader.until === undefined) return storage.log.run(reader, signal);
    const handle: LogReader['handle'] = async (batch, given) => {
      if (++batches === 3) await pool.query(`select leftfold.raise_generation('a test')`);
      return reader.handle(batch, given);
    };
    const through: LogReader = new Proxy(reader, {
      get: (target, name) => (name === 'handle' ? handle : (Reflect.get(target, name, target) as unknown)),
    });
    return storage.log.run(through, signal);
  };
  const log = new Proxy(storage.log, {
    get: (target, name) => {
      if (name === 'run') return run;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const all = await followAll([quick, late], { from: log, storage });
  onTestFinished(async () => void (await Promise.all(all.map((one) => one.stop()))));
  await caughtUp(all);
  expect(batches).toBeGreaterThan(3);
  await append(storage, 's0', 1_000);
  await caughtUp(all);
  expect(all.flatMap((one) => one.status().lanes.map(({ state }) => state))).toEqual(['following', 'following']);
});

test(`followers of a shared log see every event once and in order, while they fall behind, come back and lose places (seed ${seed})`, async () => {
  const random = seeded(seed);
  const { storage } = await testLog({ lanes: 2, pool: { max: 15 } });
  const shared = new SharedSource<LogRecord>(storage.log, { name: 'test' });
  let isCalm = false;
  const followers = Array.from({ length: 4 }, (_, i) => {
    const places = new Map<Lane, Cursor>();
    const seen = new Map<string, number[]>();
    const faults: unknown[] = [];
    const reader: LogReader = {
      name: `follower ${i}`,
      from: async (lane) => places.get(lane) ?? 'start',
      handle: async ({ lane, from, to, records }, signal) => {
        if (from !== (places.get(lane) ?? 'start')) faults.push(`${from} after ${places.get(lane)}`);
        if (!isCalm && random(100) < 5) throw new Error('asked again');
        if (!isCalm && random(100) < 5)
          await new Promise<void>((resolve) => {
            setTimeout(resolve, random(300));
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        signal.throwIfAborted();
        for (const { key, streamVersion } of records) seen.set(key, [...(seen.get(key) ?? []), Number(streamVersion)]);
        places.set(lane, to);
      },
      faulted: (_lane, error) => void faults.push(error),
    };
    return { reader, seen, faults, stop: undefined as AbortController | undefined, running: Promise.resolve() };
  });
  const toggle = async (one: (typeof followers)[number]): Promise<void> => {
    if (one.stop === undefined) {
      one.stop = new AbortController();
      one.running = shared.run(one.reader, one.stop.signal);
    } else {
      one.stop.abort();
      one.stop = undefined;
      await one.running;
    }
  };
  onTestFinished(async () => {
    for (const one of followers) one.stop?.abort();
    await Promise.all(followers.map(({ running }) => running));
  });
  const EACH = 60;
  const writers = Array.from({ length: 6 }, async (_, w) => {
    for (let n = 1; n <= EACH; n++) await append(storage, `w${w}`, n);
  });
  const toggling = (async () => {
    for (let i = 0; i < 25; i++) {
      await toggle(followers[random(followers.length)] as (typeof followers)[number]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all([...writers, toggling]);
  isCalm = true;
  for (const one of followers) if (one.stop === undefined) await toggle(one);
  const all = Array.from({ length: EACH }, (_, i) => i + 1);
  await eventually(async () => {
    for (const { seen } of followers) for (let w = 0; w < writers.length; w++) expect(seen.get(`w${w}`)).toEqual(all);
  });
  expect(followers.flatMap(({ faults }) => faults)).toEqual([]);
});
