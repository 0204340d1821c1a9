import { postgres, type PgClient, type PgPool } from '@leftfold/postgres';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { Pool, type PoolClient, type QueryConfig } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { Announcer } from '../src/log/announcer.ts';
import { Listener } from '../src/log/listener.ts';
import { Wake } from '../src/log/wake.ts';
import { testLog, type FreshLog } from './fresh-log.ts';
import { countingPool, nothingAsked } from './counting-pool.ts';

/** A process, as far as it tells and hears of appends. */
interface Process {
  readonly announcer: Announcer;
  readonly listener: Listener;
  readonly wake: Wake;
  /** Reads until the end of the test; resolves when it has ended. */
  readonly reading: Promise<void>;
  readonly stop: () => void;
}

function reading(pool: PgPool, schema = 'leftfold'): Process {
  const wake = new Wake();
  const announcer = new Announcer(openDatabase(pool, schema), schema);
  const listener = new Listener(pool, announcer, wake);
  const { promise, resolve } = Promise.withResolvers<void>();
  onTestFinished(() => resolve());
  return { announcer, listener, wake, reading: listener.during(() => promise), stop: resolve };
}

/** The backends that listen. */
async function listening(pool: Pool): Promise<readonly number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and query = 'listen leftfold'`,
  );
  return rows.map(({ pid }) => pid);
}

test('an append is heard of in another process, and in this one wakes nobody a second time', async () => {
  const { pool } = await testLog();
  const [a, b, other] = [reading(pool), reading(pool), reading(pool, 'another_log')];
  await eventually(() => [a, b, other].every(({ listener }) => listener.isHearing));
  const before = [a, b, other].map(({ wake }) => wake.count);
  a.announcer.announce();
  await eventually(() => b.wake.count > (before[1] as number));
  // The same notification has come to all by now, or comes on the connections that the next one uses, too.
  b.announcer.announce();
  await eventually(() => a.wake.count > (before[0] as number));
  expect(a.wake.count - (before[0] as number)).toBe(1);
  expect(b.wake.count - (before[1] as number)).toBe(1);
  expect(other.wake.count).toBe(before[2]);
});

test('readers of one storage share one connection that listens, which is gone when the last has ended', async () => {
  const { pool } = await testLog();
  const { listener, reading: first, stop } = reading(pool);
  const second = Promise.withResolvers<void>();
  const both = listener.during(() => second.promise);
  await eventually(() => listener.isHearing);
  expect(await listening(pool)).toHaveLength(1);
  stop();
  await first;
  expect(listener.isHearing).toBe(true);
  second.resolve();
  await both;
  expect(listener.isHearing).toBe(false);
  await eventually(async () => (await listening(pool)).length === 0);
  // Who reads afterwards listens again.
  const third = reading(pool);
  await eventually(() => third.listener.isHearing);
});

test('a connection that is lost is noticed at once: readers look by themselves, until another one hears', async () => {
  const { pool, connect } = await testLog();
  const { listener, wake } = reading(pool);
  await eventually(() => listener.isHearing);
  const [[pid], { count }] = [await listening(pool), wake];
  await (await connect()).query('select pg_terminate_backend($1)', [pid]);
  await eventually(() => wake.count > count);
  await eventually(() => listener.isHearing);
  expect(await listening(pool)).not.toContain(pid);
});

test('a pool that its owner ends before the readers has the connection back that listens', async () => {
  const { url } = await testLog();
  const pool = new Pool({ connectionString: url });
  const { listener } = reading(pool);
  await eventually(() => listener.isHearing);
  await pool.end();
  await eventually(() => !listener.isHearing);
});

test('where notifications do not arrive, as through a pooler in transaction mode, nobody relies on them', async () => {
  const { pool } = await testLog();
  let listens = 0;
  const { listener, announcer } = reading(deaf(pool, () => listens++));
  const echo = reading(pool);
  await eventually(() => echo.listener.isHearing && listens > 0);
  const { count } = echo.wake;
  announcer.announce();
  await eventually(() => echo.wake.count > count);
  expect(listener.isHearing).toBe(false);
});

test('a pool of two keeps both for work', async () => {
  const { pool } = await testLog({ pool: { max: 2 } });
  const { listener } = reading(pool);
  const { rows } = await pool.query('select 1 as one');
  expect(rows).toEqual([{ one: 1 }]);
  expect(pool.totalCount).toBe(1);
  expect(listener.isHearing).toBe(false);
});

/** Two storages on one log, as two processes have them: one appends, the other reads. */
async function apart(
  notifications: boolean,
): Promise<FreshLog & { readonly asked: ReturnType<typeof nothingAsked>; readonly read: string[] }> {
  const log = await testLog({ notifications });
  const asked = nothingAsked();
  const other = await testLog({ url: log.url, notifications });
  const counted = countingPool(other.pool, asked);
  const read: string[] = [];
  const stop = new AbortController();
  const running = postgres({ pool: counted, notifications }).log.run(
    {
      name: 'reader',
      from: async () => 'start',
      handle: async ({ records }) => void read.push(...records.map(({ id }) => id)),
      faulted: () => {},
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  return { ...log, asked, read };
}

test('an idle reader that is told of appends asks a tenth as often as one that is not, and gets each event all the same', async () => {
  const [told, untold] = [await apart(true), await apart(false)];
  const polls = ({ asked }: typeof told): number => asked.statements.filter((name) => name === 'log_poll').length;
  await eventually(async () => (await listening(told.pool)).length === 1);
  // Each has settled down: the one that hears looks once a second then.
  await eventually(() => polls(untold) > 60);
  const [a, b] = [polls(told), polls(untold)];
  await eventually(() => polls(untold) >= b + 60);
  expect(polls(told) - a).toBeLessThanOrEqual(6);

  for (const { storage, read } of [told, untold]) {
    for (let n = 1; n <= 5; n++) {
      await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
      await eventually(() => read.length === n);
    }
  }
});

test('an append in a transaction of the caller’s is found soon after it commits', async () => {
  const { storage, pool, connect, read } = await apart(true);
  const { listener, wake } = reading(pool);
  await eventually(() => listener.isHearing);
  const { count } = wake;
  const client = await connect();
  await client.query('begin');
  await storage.store.within(client).append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  // Told before it commits: readers look again and again.
  await eventually(() => wake.count > count);
  expect(read).toEqual([]);
  await client.query('commit');
  await eventually(() => read.length === 1);
});

/** A pool as a pooler in transaction mode is one: who listens does so in vain. */
function deaf(pool: Pool, listens: () => void): PgPool {
  return {
    connect: async () => {
      const client: PoolClient = await pool.connect();
      const lent: PgClient = {
        query: (query) => {
          if (query.text.startsWith('listen')) listens();
          return client.query(query as QueryConfig);
        },
        on: (event, listener) => (event === 'error' ? client.on('error', listener) : client),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      return lent;
    },
  };
}
