import { postgres, rebase, type PgClient, type PgPool, type PgQuery } from '@leftfold/postgres';
import { follow, freshness, joinTokens, type Running } from '@leftfold/subscriptions';
import type { ReadToken } from '@leftfold/core';
import { eventually } from '@leftfold/testing';
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { testLog } from './fresh-log.ts';
import { note, notesOf, pages, picky, tear } from './note-book.ts';
import { roleLogin } from './role-login.ts';

const notYet = { code: 'LF_NOT_YET_APPLIED', retryable: true };
const once = { timeoutMs: 0 };
/** Stops it with the test, unless that was done before. */
function stopped(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
/** Counts statements by name, as `look_progress`. */
function counting(pool: Pool, counts: Record<string, number>): PgPool {
  const known = new WeakMap<PoolClient, PgClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      const made: PgClient = known.get(client) ?? {
        query: (query: PgQuery) => {
          const [, name = 'unprepared'] = /^leftfold_(\w+)_[0-9a-f]+$/.exec(query.name ?? '') ?? [];
          counts[name] = (counts[name] ?? 0) + 1;
          return client.query(query as QueryConfig);
        },
        on: (event: string, listener: (...args: never[]) => void) => client.on(event as 'error', listener as never),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      known.set(client, made);
      return made;
    },
  };
}

test('C14 a position that was drawn earlier and committed later: by positions it would be applied, by its token it is not', async () => {
  const log = await testLog();
  const { store } = log.storage;
  const fresh = freshness({ storage: log.storage });
  const first = stopped(await follow(pages, { from: log.storage.log, storage: log.storage }));
  const client = await log.connect();
  await client.query('begin');
  const early = await note(store.within(client), ['early']);
  const late = await note(store, ['late']);
  await fresh.applied(late, [pages]);
  await first.stop();
  await client.query('commit');

  const { rows } = await log.pool.query<{ page: string; position: string }>(
    `select stream_id as page, position from leftfold.events order by position`,
  );
  expect(rows.map(({ page }) => page)).toEqual(['book.page-early', 'book.page-late']);
  const { rows: applied } = await log.pool.query<{ id: string; position: string }>(
    `select id, position from leftfold_pages_v1.pages`,
  );
  // What a token by position would ask: has the projection passed the position of the write?
  expect(applied).toMatchObject([{ id: 'late', position: rows[1]?.position }]);
  expect(BigInt(applied[0]?.position ?? 0)).toBeGreaterThan(BigInt(rows[0]?.position ?? 0));
  await expect(fresh.applied(early, [pages], once)).rejects.toMatchObject(notYet);

  stopped(await follow(pages, { from: log.storage.log, storage: log.storage }));
  await fresh.applied(early, [pages]);
  expect(await notesOf(log.pool)).toEqual(
    new Map([
      ['early', 1],
      ['late', 1],
    ]),
  );
});

test('C14 an earlier transaction that stays open holds up nobody who waits for a later one', async () => {
  const log = await testLog({ lanes: 4 });
  const { store } = log.storage;
  const fresh = freshness({ storage: log.storage });
  stopped(await follow(pages, { from: log.storage.log, storage: log.storage }));
  const client = await log.connect();
  await client.query('begin');
  const open = await note(store.within(client), ['a']);
  for (const key of ['b', 'c', 'd', 'e', 'f']) await fresh.applied(await note(store, [key]), [pages]);
  // Nobody can see it yet, and what it wrote cannot be known.
  await expect(fresh.applied(open, [pages], { timeoutMs: 50 })).rejects.toMatchObject(notYet);
  const waiting = fresh.applied(open, [pages], { timeoutMs: 10_000 });
  await client.query('commit');
  await waiting;
  expect((await notesOf(log.pool)).get('a')).toBe(1);
});

test('a transaction that was rolled back, or wrote nothing that is handled, is waited for by nobody', async () => {
  const log = await testLog();
  const { store } = log.storage;
  const fresh = freshness({ storage: log.storage });
  const client = await log.connect();
  await client.query('begin');
  const undone = await note(store.within(client), ['a']);
  await expect(fresh.applied(undone, [pages], once)).rejects.toMatchObject(notYet);
  await client.query('rollback');
  await fresh.applied(undone, [pages], once);
  await fresh.applied(await tear(store, 'a'), [pages], once);
});

test('over lanes a write of several streams waits for the lanes of all, also in a process that was not told how many there are', async () => {
  const log = await testLog({ lanes: 4 });
  const elsewhere = log.open({ lanes: 1 });
  const fresh = freshness({ storage: elsewhere });
  const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);
  const running = await follow(pages, { from: log.storage.log, storage: log.storage });
  stopped(running);
  await fresh.applied(await note(log.storage.store, keys), [pages]);
  expect(await notesOf(log.pool)).toEqual(new Map(keys.map((key) => [key, 1])));
  await running.stop();
  const next = await note(log.storage.store, keys);
  // Three of four lanes go on alone.
  await log.pool.query(
    `update leftfold.checkpoints set cursor = (select regexp_replace(cursor, '/[0-9]+:[0-9]+:[0-9,]*/', '/' || pg_current_snapshot()::text || '/')) where lane <> '0'`,
  );
  await expect(fresh.applied(next, [pages], once)).rejects.toMatchObject(notYet);
  for (const lane of ['1', '2', '3'])
    expect((await log.storage.checkpoints.list({ name: 'pages', version: 1 })).some((row) => row.lane === lane)).toBe(
      true,
    );
});

test.each(['raised', 'rebased'] as const)(
  'a token of before the generation was %s waits for what the log has now: not for ever, and never too short',
  async (how) => {
    const log = await testLog({ lanes: 2 });
    const first = stopped(await follow(pages, { from: log.storage.log, storage: log.storage }));
    await freshness({ storage: log.storage }).applied(await note(log.storage.store, ['a', 'b', 'c']), [pages]);
    await first.stop();
    const before = await note(log.storage.store, ['a', 'b', 'c']);
    await expect(freshness({ storage: log.storage }).applied(before, [pages], once)).rejects.toMatchObject(notYet);
    if (how === 'raised') await log.pool.query(`select leftfold.raise_generation('a test')`);
    else await rebase(log.pool, { reason: 'a test' });

    // As a process that has started since, and one that has not heard of it.
    for (const storage of [log.open({}), log.storage]) {
      await expect(freshness({ storage }).applied(before, [pages], once)).rejects.toMatchObject(notYet);
    }
    const storage = log.open({});
    stopped(await follow(pages, { from: storage.log, storage }));
    await freshness({ storage }).applied(before, [pages]);
    expect([...(await notesOf(log.pool)).values()]).toEqual([2, 2, 2]);
    const after = await note(storage.store, ['a']);
    expect(after.split('.')[4]).not.toBe(before.split('.')[4]);
    await freshness({ storage }).applied(joinTokens([before, after]), [pages]);
    expect((await notesOf(log.pool)).get('a')).toBe(3);
  },
);

test('an event that is parked is not taken for applied, nor are later ones of its key: LF_WRITE_PARKED', async () => {
  const log = await testLog();
  const { store } = log.storage;
  const parked = { code: 'LF_WRITE_PARKED', followers: [{ name: 'picky', version: 1 }] };
  const fresh = freshness({ storage: log.storage });
  stopped(await follow(picky, { from: log.storage.log, storage: log.storage }));
  await fresh.applied(await note(store, ['a']), [picky]);
  await expect(fresh.applied(await note(store, ['a'], 'poison'), [picky])).rejects.toMatchObject(parked);
  await expect(fresh.applied(await note(store, ['b', 'a']), [picky])).rejects.toMatchObject(parked);
  await fresh.applied(await note(store, ['b']), [picky]);
});

test('who may read may wait: a login of the role reader needs no other right', async () => {
  const log = await testLog();
  stopped(await follow(pages, { from: log.storage.log, storage: log.storage }));
  const token = await note(log.storage.store, ['a']);
  const storage = postgres({ pool: await roleLogin(log.url, ['reader']) });
  await freshness({ storage }).applied(token, [pages]);
});

test('nobody who waits costs no statement; a thousand who wait cost what one does, and none asks for itself', async () => {
  const log = await testLog();
  const counts: Record<string, number> = {};
  const storage = postgres({ pool: counting(log.pool, counts) });
  const fresh = freshness({ storage });
  const tokens: ReadToken[] = [];
  for (let n = 0; n < 100; n++) tokens.push(await note(log.storage.store, [`k${n}`]));
  await fresh.applied(tokens[0], [pages], once).catch(() => undefined);
  const looksDuring = async (waiters: number): Promise<number> => {
    for (const name of Object.keys(counts)) delete counts[name];
    const waiting = Array.from({ length: waiters }, (_, n) =>
      fresh.applied(tokens[n % 100], [pages, picky], { timeoutMs: 1_000 }).catch(() => undefined),
    );
    const began = performance.now();
    await Promise.all(waiting);
    const { look_progress: looks = 0, ...others } = counts;
    // Which version queries read is looked at again every few seconds, once for all.
    const { list_versions: versions = 0, ...more } = others;
    expect(versions).toBeLessThanOrEqual(4);
    expect(Object.keys(more).filter((name) => name !== 'unprepared')).toEqual([]);
    // Every 50 ms once it has waited for a while.
    expect(looks).toBeLessThanOrEqual((performance.now() - began) / 50 + 10);
    return looks;
  };
  const one = await looksDuring(1);
  const thousand = await looksDuring(1_000);
  expect(thousand).toBeLessThanOrEqual(one + 5);
  for (const name of Object.keys(counts)) delete counts[name];
  await log.pool.query('select pg_sleep(0.3)');
  await eventually(() => expect(counts).toEqual({}));
});
