import { t } from '@leftfold/core';
import { postgres, type PgClient, type PgPool, type PgQuery } from '@leftfold/postgres';
import { follow, projection } from '@leftfold/subscriptions';
import { startTcpProxy, type CutPlace } from '@leftfold/testing';
import { assert, asyncProperty, array, constantFrom, integer, record } from 'fast-check';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase, freshLog, testLog } from './fresh-log.ts';
import { accountList, append, foldOfLog, moved, opened, ownerTotals, rowsIn, seen, to } from './inline-scene.ts';

const inline = [ownerTotals, accountList];
const ann = { owner: 'ann' };
const cents = (of: number, owner = 'ann') => moved({ owner, cents: of });

/** A pool whose statements are changed on their way. */
function changing(pool: Pool, change: (text: string) => string): PgPool {
  const wrappers = new WeakMap<object, PgClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      const wrapper: PgClient = wrappers.get(client) ?? {
        query: (query: PgQuery) => client.query<never>({ ...query, text: change(query.text) } as never),
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      wrappers.set(client, wrapper);
      return wrapper;
    },
  };
}

async function scene() {
  const url = await freshDatabase();
  const near = await freshLog({ url });
  const proxy = await startTcpProxy(url);
  const far = await freshLog({ url: proxy.through(url) });
  onTestFinished(async () => {
    await Promise.all([near.end(), far.end()]);
    await proxy.close();
  });
  // So that COMMIT is told from a statement that has the word in it; and a server that gives a silent client up sooner than in ten seconds.
  const pool = changing(far.pool, (text) =>
    text === 'commit' ? 'commit work' : text.replace('session_timeout = 10000', 'session_timeout = 700'),
  );
  const storage = postgres({ pool, inline });
  await append(storage.store, to('a', [opened(ann)]));
  return { near, proxy, store: storage.store };
}

const STATEMENTS = {
  'its BEGIN': 'session_timeout',
  'the append': '.events (version',
  'the read of its rows': 'for update of r',
  'the write of its rows': 'on conflict (_tenant',
  'its COMMIT': 'commit work',
} as const;

test.each(Object.keys(STATEMENTS) as (keyof typeof STATEMENTS)[])(
  'P2 an append whose connection is lost at %s is written once with its rows, or not at all',
  async (what) => {
    const { near, proxy, store } = await scene();
    for (const at of ['before', 'during', 'after', 'held'] as const satisfies readonly CutPlace[]) {
      const cut = proxy.cut({ at, statement: STATEMENTS[what] });
      const reply = { tenant: '', key: at, requestHash: 'h', reply: '1', keepMs: 60_000 };
      const appending = append(store, [to('a', [cents(1)]), to(at, [opened(ann)], 'absent')], { reply });
      const outcome = await appending.catch((error: unknown) => error);
      await cut.happened;
      if (at === 'held') await cut.deliver().catch(() => undefined);
      // Before anything was written it may be told; a program runs it again.
      if (outcome !== 'appended') {
        expect(outcome).toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
        expect(what).not.toMatch(/append|COMMIT/);
        expect((await near.storage.store.reply(reply)) === undefined).toBe(true);
        expect(await append(store, [to('a', [cents(1)]), to(at, [opened(ann)], 'absent')], { reply })).toBe('appended');
      }
    }
    const rows = await rowsIn(near.pool);
    expect(rows.accounts).toHaveLength(5);
    expect(rows.owners).toMatchObject([{ events: 9, cents: 4 }]);
    expect(rows).toEqual(await foldOfLog(near.pool, near.storage));
  },
);

test('C13 many writers of many processes feed one row, at first absent: none is lost, and none hears of the others', async () => {
  const { pool, storage, open } = await testLog({ pool: { max: 20 } });
  const stores = Array.from({ length: 4 }, () => open({ inline }).store);
  for (let round = 0; round < 4; round++) {
    const owner = `owner ${round}`;
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        append(stores[n % 4] ?? storage.store, to(`${round}-${n}`, [opened({ owner }), cents(n, owner)], 'absent')),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['appended']));
  }
  const rows = await rowsIn(pool);
  expect(rows.owners).toHaveLength(4);
  expect(rows).toEqual(await foldOfLog(pool, storage));
});

/** Rows of several streams in a second table. */
const ownerMoves = projection('owner-moves', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), moves: t.integer() },
  order: 'any',
}).upsert(moved, { by: 'owner' }, (row, { data: { owner } }) => ({ owner, moves: (row?.moves ?? 0) + 1 }));

test('L12 appends over several streams, rows and projections never deadlock, among themselves or with a follower', async () => {
  const { pool, storage, open } = await testLog({ pool: { max: 24 } });
  const stores = [
    [ownerTotals, ownerMoves, accountList],
    [accountList, ownerMoves, ownerTotals],
  ].map((listed) => open({ inline: listed }).store);
  const running = await follow(accountList, { from: storage.log, storage });
  onTestFinished(() => running.stop());
  const [accounts, owners] = [
    ['a', 'b', 'c', 'd', 'e'],
    ['x', 'y', 'z'],
  ];
  await append(
    stores[0] ?? storage.store,
    accounts.map((account) => to(account, [opened({ owner: 'x' })], 'absent')),
  );
  const one = record({
    account: constantFrom(...accounts),
    owner: constantFrom(...owners),
    cents: integer({ min: 0, max: 9 }),
  });
  const call = array(one, { minLength: 1, maxLength: 4 });
  await assert(
    asyncProperty(array(call, { minLength: 8, maxLength: 20 }), async (calls) => {
      const outcomes = await Promise.all(
        calls.map((moves, n) => {
          const ofAccount = Map.groupBy(moves, ({ account }) => account);
          const appends = [...ofAccount].map(([account, of]) =>
            to(
              account,
              of.map((move) => cents(move.cents, move.owner)),
            ),
          );
          return append(stores[n % 2] ?? storage.store, appends);
        }),
      );
      expect(new Set(outcomes)).toEqual(new Set(['appended']));
    }),
    { numRuns: 15 },
  );
  expect(await rowsIn(pool)).toEqual(await foldOfLog(pool, storage));
  // The server tells of them a second later at most; a backend that ends tells at once.
  await running.stop();
  const { rows } = await pool.query(
    'select pg_stat_force_next_flush(), deadlocks::int from pg_stat_database where datname = current_database()',
  );
  expect(rows).toMatchObject([{ deadlocks: 0 }]);
});

test('P2 connections that die at any moment leave rows that are the fold of the log', async () => {
  const log = await testLog({ pool: { max: 24 } });
  const { storage, open } = log;
  const stores = Array.from({ length: 3 }, () => open({ inline }).store);
  await append(stores[0] ?? storage.store, to('a', [opened(ann)]));
  const killer = new Pool({ connectionString: log.url, max: 1 });
  onTestFinished(() => killer.end());
  let killed = 0;
  /** At whatever statement it is. */
  const kill = async (): Promise<void> => {
    const { rowCount } = await killer.query(
      `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle' order by random() limit 1) as one`,
    );
    killed += rowCount ?? 0;
  };
  const told = new Set<unknown>();
  await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      for (let account = 0; account < 15; account++) {
        const call = [to(`${n}-${account}`, [opened(ann), cents(n)], 'absent'), to('a', [seen({}), cents(1)])];
        // As often as the others get on, so that somebody always does.
        if (account % 3 === 0) await kill();
        for (let isThere = false; !isThere;) {
          const kind = await append(stores[n % 3] ?? storage.store, call).catch(
            (error: unknown) => (error as { readonly code: unknown }).code,
          );
          told.add(kind);
          isThere = kind === 'appended';
        }
      }
    }),
  );
  expect(killed).toBeGreaterThan(10);
  // The very same events once more are told as appended, if they were.
  expect(told.isSubsetOf(new Set(['appended', 'LF_STORAGE_UNAVAILABLE', 'LF_OUTCOME_UNKNOWN']))).toBe(true);
  // Some connections of the pool are dead, and do not know it yet.
  const fresh = await testLog({ url: log.url });
  const rows = await rowsIn(fresh.pool);
  expect(rows.accounts).toHaveLength(8 * 15 + 1);
  expect(rows).toEqual(await foldOfLog(fresh.pool, fresh.storage));
});
