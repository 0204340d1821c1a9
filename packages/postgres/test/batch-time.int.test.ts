import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { sqlProjection, type PostgresStorage } from '@leftfold/postgres';
import { follow, followAll, projection, underClock } from '@leftfold/subscriptions';
import type { AnyProjection, FollowOptions, Lane, Running } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { testLog } from './fresh-log.ts';
import { untilAborted, virtualNow } from './virtual-now.ts';

const happened = event('shop.thing.happened', { n: t.int() });
const unhandled = event('shop.thing.ignored', {});
interface Tables {
  seen: { n: number; tx: string };
}

/** A statement of its own for each event, which notes in which transaction it came, and twice if twice. */
const seeing = (also: (n: number) => Promise<void> | void, options: { concurrency?: number } = {}) =>
  sqlProjection('seeing', {
    version: 1,
    ...options,
    create: async (db: Transaction<Tables>) => {
      await sql`create table seen (i int generated always as identity, n int not null check (n <> 13), tx text not null)`.execute(
        db,
      );
    },
  }).on(happened, async ({ data: { n } }, db) => {
    await sql`insert into seen (n, tx) values (${n}, pg_current_xact_id()::text)`.execute(db);
    await also(n);
  });

/** The events by transaction, in the order in which they were applied. */
async function transactions(pool: Pool): Promise<readonly string[]> {
  const text = `select string_agg(n::text, ' ' order by i) as ns from leftfold_seeing_v1.seen group by tx order by min(i)`;
  return (await pool.query<{ ns: string }>(text)).rows.map(({ ns }) => ns);
}
async function append({ store }: Pick<PostgresStorage, 'store'>, ...numbers: readonly number[]): Promise<void> {
  for (const n of numbers) {
    const stream = streamRef('shop.thing', `t${n % 5}`);
    const encoded = encodeEvent(happened, happened({ n }), uuidV7() as EventId, { correlationId: 'test' });
    const other = encodeEvent(unhandled, unhandled({}), uuidV7() as EventId, { correlationId: 'test' });
    await store.append([{ stream, expect: 'any', events: [encoded, other] }]);
  }
}
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** Follows where each event takes as long as the handler lets the time pass. */
const following = (
  followed: AnyProjection,
  storage: PostgresStorage,
  options: Partial<FollowOptions> = {},
): Promise<Running> =>
  underClock(virtualNow.clock, () => follow(followed, { from: storage.log, storage, owner: 'one', ...options }));

class Away extends Error {
  readonly code = 'LF_STORAGE_UNAVAILABLE';
  readonly retryable = true;
}

test('C4 a batch of slow events is committed in parts, each of which has taken as long as it may', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 8));
  const running = await following(
    seeing(() => virtualNow.pass(400)),
    storage,
  );
  await running.caughtUp();
  const { lanes } = running.status();
  await running.stop();
  expect(await transactions(pool)).toEqual(['1 2 3', '4 5 6', '7 8']);
  expect(lanes).toMatchObject([{ state: 'following' }]);
});

test('C4 where a server goes away in a later part nothing of the earlier ones is done again', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 8));
  const given: number[] = [];
  const running = await following(
    seeing((n) => {
      virtualNow.pass(400);
      given.push(n);
      if (n === 5 && given.filter((one) => one === n).length === 1) throw new Away();
    }),
    storage,
    { batchMs: 600 },
  );
  await running.caughtUp();
  await running.stop();
  expect(given).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8]);
  expect(await transactions(pool)).toEqual(['1 2', '3 4', '5 6', '7 8']);
});

test.each([1, 4])(
  'C1 C4 who takes the lane over in the midst of a batch goes on behind its last part (lanes: %i)',
  async (lanes) => {
    const { pool, open } = await testLog();
    const storage = open({ lanes });
    await append(storage, ...range(101, 130));
    const reached = Promise.withResolvers<void>();
    const slow = seeing(async (n) => {
      virtualNow.pass(1_000);
      if (n !== 107) return;
      reached.resolve();
      await untilAborted(frozen.signal);
    });
    const frozen = new AbortController();
    const first = await following(slow, storage);
    await reached.promise;
    // Its transaction is ended, as a server ends that of a process that is gone.
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
    );
    const second = await following(
      seeing(() => virtualNow.pass(1_000)),
      storage,
      { owner: 'two', leaseMs: 1_000 },
    );
    const stopped = first.stop();
    frozen.abort();
    await stopped;
    await second.caughtUp();
    await second.stop();
    const each = await transactions(pool);
    expect(each.toSorted((a, b) => Number(a) - Number(b))).toEqual(range(101, 130).map(String));
  },
);

test('a stop ends a batch of slow events behind the one under way, and nothing is lost or done twice', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 8));
  let stopped: Promise<void> | undefined;
  const first = await following(
    seeing((n) => {
      if (n === 3) stopped = first.stop();
    }),
    storage,
  );
  await eventually(() => expect(stopped).toBeDefined());
  await stopped;
  expect(await transactions(pool)).toEqual(['1 2 3']);
  const [checkpoint] = await storage.checkpoints.list({ name: 'seeing', version: 1 });
  const places = new Map([['0' as Lane, checkpoint?.cursor ?? 'start']]);
  // Behind the place are five events that are handled, and six that are not.
  expect([...(await storage.log.behind(places)).values()]).toMatchObject([{ events: 11 }]);
  const second = await following(
    seeing(() => {}),
    storage,
  );
  await second.caughtUp();
  await second.stop();
  expect(await transactions(pool)).toEqual(['1 2 3', '4 5 6 7 8']);
});

test('C5 C6 an event that is refused in a later part parks its stream alone, and what comes of that in parts behind it', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 20));
  const running = await following(
    seeing(() => virtualNow.pass(400)),
    storage,
  );
  await running.caughtUp();
  await running.stop();
  const each = (await transactions(pool)).flatMap((ns) => ns.split(' ').map(Number));
  // 13 and 18 are of one stream.
  expect(each).toEqual(range(1, 20).filter((n) => n !== 13 && n !== 18));
  const [head] = await storage.parked.list({ limit: 5 });
  expect(head).toMatchObject({ key: 'stream/shop.thing-t3', events: 2, cause: { code: '23514' } });
  for (const ns of await transactions(pool)) expect(ns.split(' ').length).toBeLessThanOrEqual(4);
});

test('streams side by side: a stop begins no further part, and what was applied is not applied again', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(101, 200));
  let stopped: Promise<void> | undefined;
  const first = await following(
    seeing(
      (n) => {
        if (n === 104) stopped ??= first.stop();
      },
      { concurrency: 2 },
    ),
    storage,
  );
  await eventually(() => expect(stopped).toBeDefined());
  await stopped;
  const before = (await transactions(pool)).flatMap((ns) => ns.split(' '));
  expect(before.length).toBeLessThan(100);
  const second = await following(
    seeing(() => {}, { concurrency: 2 }),
    storage,
  );
  await second.caughtUp();
  await second.stop();
  const after = (await transactions(pool)).flatMap((ns) => ns.split(' '));
  expect(after.map(Number).toSorted((a, b) => a - b)).toEqual(range(101, 200));
});

test('one that is slow and one that is not share a reading, and stand in one place when both have all of it', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 12));
  const counts = projection('counts', {
    version: 1,
    key: 'id',
    row: { id: t.string(), n: t.int() },
    order: 'any',
  }).upsert(happened, { by: () => 'all' }, (row, { data }) => ({ id: 'all', n: (row?.n ?? 0) + data.n }));
  const slow = seeing(() => virtualNow.pass(400));
  const running = await underClock(virtualNow.clock, () =>
    followAll([slow, counts], { from: storage.log, storage, owner: 'one' }),
  );
  for (const one of running) await one.caughtUp();
  await append(storage, ...range(14, 25));
  for (const one of running) await one.caughtUp();
  for (const one of running) await one.stop();
  const each = (await transactions(pool)).flatMap((ns) => ns.split(' ').map(Number));
  expect(each).toEqual([...range(1, 12), ...range(14, 25)]);
  const { rows } = await pool.query<{ n: number }>('select n from leftfold_counts_v1.counts');
  expect(rows).toEqual([{ n: each.reduce((sum, n) => sum + n, 0) }]);
  const places = await Promise.all(
    ['seeing', 'counts'].map(async (name) =>
      (await storage.checkpoints.list({ name, version: 1 })).map(({ cursor }) => cursor),
    ),
  );
  expect(places[0]).toEqual(places[1]);
});

test('C4 folds that share a transaction end it each at a place of its own, and stand in one place in the end', async () => {
  const { storage, pool } = await testLog();
  await append(storage, ...range(1, 12));
  const row = { id: t.string(), ns: t.string() };
  const listed = (name: string, ms: number) =>
    projection(name, { version: 1, key: 'id', row, order: 'any' }).upsert(
      happened,
      { by: () => 'all' },
      (before, { data: { n } }) => {
        virtualNow.pass(ms);
        return { id: 'all', ns: `${before?.ns ?? ''} ${n}` };
      },
    );
  const folds = [listed('quick', 0), listed('slow', 400), listed('slower', 700)];
  const running = await underClock(virtualNow.clock, () =>
    followAll(folds, { from: storage.log, storage, owner: 'one' }),
  );
  for (const one of running) await one.caughtUp();
  await append(storage, ...range(13, 30));
  for (const one of running) await one.caughtUp();
  for (const one of running) await one.stop();
  for (const { name } of folds) {
    const { rows } = await pool.query<{ ns: string }>(`select ns from leftfold_${name}_v1.${name}`);
    expect([name, rows]).toEqual([name, [{ ns: ` ${range(1, 30).join(' ')}` }]]);
  }
  const places = folds.map(async ({ name }) =>
    (await storage.checkpoints.list({ name, version: 1 })).map(({ cursor }) => cursor),
  );
  expect(new Set((await Promise.all(places)).flat()).size).toBe(1);
});

test('batch handlers are given as many events as take half of the time, by what the calls before took', async () => {
  const { storage, pool } = await testLog();
  for (let from = 0; from < 300; from += 100) {
    const events = range(from + 1, from + 100).map((n) =>
      encodeEvent(happened, happened({ n }), uuidV7() as EventId, { correlationId: 'test' }),
    );
    await storage.store.append([{ stream: streamRef('shop.thing', `t${from}`), expect: 'any', events }]);
  }
  const calls: number[] = [];
  const slow = sqlProjection('seeing', {
    version: 1,
    create: async (db: Transaction<Tables>) =>
      void (await sql`create table seen (i int generated always as identity, n int, tx text)`.execute(db)),
  }).batch([happened], async (events, db) => {
    calls.push(events.length);
    virtualNow.pass(20 * events.length);
    for (const { data } of events)
      await sql`insert into seen (n, tx) values (${data.n}, pg_current_xact_id()::text)`.execute(db);
  });
  const running = await following(slow, storage);
  await running.caughtUp();
  await running.stop();
  expect(calls).toEqual([100, 25, 25, 25, 25, 25, 25, 25, 25]);
  const each = (await transactions(pool)).map((ns) => ns.split(' ').map(Number));
  expect(each.map((ns) => ns.length)).toEqual([100, 50, 50, 50, 50]);
  expect(each.flat()).toEqual(range(1, 300));
});
