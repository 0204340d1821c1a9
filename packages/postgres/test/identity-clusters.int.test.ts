import { randomUUID } from 'node:crypto';
import { startPostgres, type PostgresServer } from '@leftfold/infra';
import { postgres, rebase, type PgPool } from '@leftfold/postgres';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabase, freshLog, testLog, type FreshLog } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';
import { standbyOf } from './standby-of.ts';
import { faultsOf, TableFollower } from './table-follower.ts';

const never = new AbortController().signal;

let primary: PostgresServer;
/** At first a cluster that is younger than the other, then its standby, at last the primary. */
let second: PostgresServer;
beforeAll(async () => {
  [primary, second] = await Promise.all([startPostgres({ own: true }), startPostgres({ own: true })]);
});
afterAll(async () => {
  await Promise.all([primary?.stop(), second?.stop()]);
});

const appendTo = async ({ storage }: Pick<FreshLog, 'storage'>, count = 1): Promise<void> => {
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(count) }]);
};
const eventsOf = async (pool: Pool): Promise<readonly string[]> =>
  (await pool.query(`select stream_id || '@' || version as name from leftfold.events`)).rows.map(({ name }) => name);
const nextXid = async (pool: Pool): Promise<bigint> =>
  BigInt((await pool.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next')).rows[0].next);
const burnXids = (pool: Pool, count: bigint) =>
  pool.query(`do $$ begin for i in 1..${count} loop perform pg_current_xact_id(); commit; end loop; end $$`);

const TABLES = ['log', 'generations', 'schemas', 'streams', 'events', 'checkpoints'];

/** All rows of a log, by COPY through files, into an empty one on another server, with the followers' own table. */
async function copyLog(from: FreshLog, to: FreshLog): Promise<void> {
  const folder = `${primary.dataDir}/${randomUUID()}`;
  const both = [...TABLES.map((table) => `leftfold.${table}`), 'delivered'];
  await to.pool.query('delete from leftfold.log; delete from leftfold.generations');
  for (const [i, table] of both.entries()) {
    await from.pool.query(`copy ${table} to '${folder}.${i}'`);
    await to.pool.query(`copy ${table} from '${folder}.${i}'`);
  }
  const { rows } = await from.pool.query('select last_value from leftfold.position');
  await to.pool.query(`select setval('leftfold.position', ${rows[0].last_value})`);
}

test('L6 a cluster that has given out too few transaction ids for all that followers tell apart says how to get on', async () => {
  const log = await testLog({ url: await freshDatabase(second.url) });
  const { id } = await log.storage.log.identity();
  const next = await nextXid(log.pool);
  // As if restored: so many followers, each at another transaction.
  await log.pool.query(
    `insert into leftfold.events (xid, version, event_id, hash, schema_id, tenant, stream_id, category, payload, metadata)
     select (3 + i)::text::xid8, i, gen_random_uuid(), 0, 1, '', 'c-1', 'c', '{}', '{}' from generate_series(1, ${next}) as i`,
  );
  await log.pool.query(
    `insert into leftfold.checkpoints (follower, version, lane, cursor)
     select 'f' || i, 1, '0', '1/' || $1 || '/1/' || 4 + i || ':' || 4 + i || ':/-/0' from generate_series(1, ${next}) as i`,
    [id],
  );
  const refused = await rebase(log.pool, { reason: 'too early' }).then(
    () => undefined,
    (error: unknown) => error as Error & { readonly code: string },
  );
  expect(refused).toMatchObject({ code: 'LF_CLUSTER_TOO_YOUNG' });
  expect((await log.pool.query('select generation from leftfold.log')).rows).toEqual([{ generation: 1 }]);
  await log.pool.query(/run (do .* end \$\$),/.exec(refused?.message ?? '')?.[1] ?? '');
  expect(await rebase(log.pool, { reason: 'later' })).toMatchObject({ ahead: [] });
});

test('L6 a log that was copied into a younger cluster is refused, below its transaction ids and above, until it is rebased; then everybody gets what is left', async () => {
  const old = await testLog({ url: await freshDatabase(primary.url), batchSize: 2 });
  await TableFollower.prepare(old.pool);
  const [done, inWindow, idle] = ['done', 'in a window', 'idle'].map((name) => new TableFollower(name, old.pool)) as [
    TableFollower,
    TableFollower,
    TableFollower,
  ];
  await burnXids(old.pool, 3_000n);
  const late = await old.connect();
  await late.query('begin');
  await old.storage.store.within(late).append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  await appendTo(old, 5);
  await done.run(old.storage, never, { toEnd: true });
  await inWindow.run(old.storage, never, { toEnd: true, batches: 1, pins: true });
  await late.query('commit');
  await appendTo(old, 3);
  await idle.run(old.storage, never, { toEnd: true });

  const young = await testLog({ url: await freshDatabase(second.url), batchSize: 2 });
  await TableFollower.prepare(young.pool);
  await copyLog(old, young);
  const { rows } = await young.pool.query('select max(xid)::text as highest from leftfold.events');
  const highest = BigInt(rows[0].highest);
  const refused = async (): Promise<void> => {
    const { storage } = await restarted(young.url);
    await expect(appendTo({ storage })).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
    await expect(readToEnd(storage.log)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  };
  expect(await nextXid(young.pool)).toBeLessThan(highest);
  await refused();
  // Now the numbers fit: only the cluster itself says that it is another one.
  await burnXids(young.pool, highest - (await nextXid(young.pool)) + 10n);
  expect(await nextXid(young.pool)).toBeGreaterThan(highest);
  await refused();

  expect(await rebase(young.pool, { reason: 'moved to a new server' })).toMatchObject({ ahead: [] });
  const { storage } = await restarted(young.url, { batchSize: 2 });
  await appendTo({ storage }, 2);
  const events = await eventsOf(young.pool);
  expect(events).toHaveLength(11);
  for (const { name } of [done, inWindow, idle]) {
    const follower = new TableFollower(name, young.pool);
    await follower.run(storage, never, { toEnd: true });
    expect(faultsOf(await follower.delivered(), events), name).toEqual([]);
  }
});

/** A process that starts now. */
async function restarted(url: string, options: { readonly batchSize?: number } = {}) {
  const pool = new Pool({ connectionString: url });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return { pool, storage: postgres({ pool, ...options }) };
}

test('L15 L16 processes run on across a fail-over that loses acknowledged events; the standby is not read before', async () => {
  const url = await freshDatabase(primary.url);
  const made = await freshLog({ url });
  await TableFollower.prepare(made.pool);
  await made.end();
  await standbyOf(primary, second);
  const [before, after] = [url, second.url].map((server) => {
    const to = new URL(server);
    to.pathname = new URL(url).pathname;
    const pool = new Pool({ connectionString: to.href, max: 10 });
    pool.on('error', () => undefined);
    onTestFinished(() => pool.end());
    return pool;
  }) as [Pool, Pool];
  // One name, behind which the server changes.
  let current = before;
  const pool: PgPool = { connect: () => current.connect() };
  const storage = postgres({ pool });

  const standby = postgres({ pool: after });
  const onStandby = { code: 'LF_LOG_ON_STANDBY', retryable: true };
  await expect(appendTo({ storage: standby })).rejects.toMatchObject(onStandby);
  await expect(readToEnd(standby.log)).rejects.toMatchObject(onStandby);
  await expect(standby.log.identity()).rejects.toMatchObject(onStandby);

  const stop = new AbortController();
  const follower = new TableFollower('f', pool);
  const following = follower.run(storage, stop.signal);
  const acknowledged: string[] = [];
  const appending = (async () => {
    while (!stop.signal.aborted) {
      const stream = newStream();
      await storage.store.append([{ stream, expect: 'absent', events: newEvents(2) }]).then(
        () => acknowledged.push(stream.id),
        () => undefined,
      );
    }
  })();
  const catchesUp = async (): Promise<void> => {
    const count = acknowledged.length;
    await eventually(() => acknowledged.length > count + 5);
    await eventually(async () =>
      (await follower.delivered().catch((): readonly string[] => [])).includes(`${acknowledged.at(count)}@2`),
    );
  };
  await catchesUp();
  await eventually(async () => (await after.query('select count(*) from leftfold.events')).rows[0].count > 0);

  // The standby gets no more from here, and is not missed.
  await after.query(`alter system set primary_conninfo = ''`);
  await after.query('select pg_reload_conf()');
  await eventually(async () => (await after.query('select from pg_stat_wal_receiver')).rows.length === 0);
  await catchesUp();
  await appendTo({ storage }, 100);
  const outside = await readToEnd(storage.log);
  const lastOfOld = outside.records.at(-1)?.position ?? 0n;
  await primary.crash();
  const {
    rows: [left],
  } = await after.query('select max(position)::text as position from leftfold.events');
  expect(BigInt(left.position) + 100n).toBeLessThan(lastOfOld);
  await after.query('select pg_promote()');
  current = after;
  await catchesUp();
  await appendTo({ storage });
  stop.abort();
  await Promise.all([following, appending]);

  await follower.run(storage, never, { toEnd: true });
  const events = await eventsOf(after);
  expect(faultsOf(await follower.delivered(), events)).toEqual([]);
  expect((await after.query('select generation, reason from leftfold.generations order by 1')).rows).toEqual([
    { generation: 1, reason: 'the log was made' },
    { generation: expect.any(Number), reason: expect.stringMatching(/00000001.* became .*00000002/) },
  ]);
  // What was lost was acknowledged, and its positions are nobody else's now.
  const kept = new Set(events);
  const lost = outside.records.filter(({ stream, streamVersion }) => !kept.has(`${stream}@${streamVersion}`));
  expect(lost.length).toBeGreaterThanOrEqual(100);
  const { rows: reused } = await after.query('select position from leftfold.events where position = any ($1)', [
    lost.map(({ position }) => position.toString()),
  ]);
  expect(reused).toEqual([]);
  // Who has seen it stands on the other side.
  await expect(readToEnd(storage.log, outside.cursor)).rejects.toMatchObject({ code: 'LF_OTHER_LOG' });
  expect(follower.faults.filter((code) => code !== 'LF_STORAGE_UNAVAILABLE')).toEqual([]);
});
