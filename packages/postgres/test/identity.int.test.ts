import type { Cursor, Lane } from '@leftfold/subscriptions';
import { acceptCluster, acceptTimeline, postgres, rebase, type PgPool } from '@leftfold/postgres';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { freshLog, testLog as anyTestLog, type FreshLog } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';
import { onServer, roleLogin } from './role-login.ts';
import { faultsOf, TableFollower } from './table-follower.ts';

const LANE = '0' as Lane;
/** A generation after the first. */
const LATER = expect.toSatisfy((generation: number) => generation > 1) as number;
const REASON = { reason: 'a test' };

/** Without notifications: the connection that tells of an append would look at where the log is by itself, at any moment. */
const testLog = (options: Parameters<typeof anyTestLog>[0] = {}): Promise<FreshLog> =>
  anyTestLog({ notifications: false, ...options });
const append = ({ storage }: Pick<FreshLog, 'storage'>, count = 1, stream = newStream()) =>
  storage.store.append([{ stream, expect: 'any', events: newEvents(count) }]);
/** A process that starts now: nothing is known in it. */
function another({ url }: FreshLog, config: object = {}): Pick<FreshLog, 'pool' | 'storage'> {
  const pool = new Pool({ connectionString: url, ...config });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  return { pool, storage: postgres({ pool, notifications: false }) };
}
const noted = async ({ pool }: Pick<FreshLog, 'pool'>) =>
  (await pool.query('select generation, system_identifier, timeline, tables from leftfold.log')).rows[0];
const generations = async ({ pool }: Pick<FreshLog, 'pool'>) =>
  (await pool.query('select generation, reason, actor from leftfold.generations order by generation')).rows;
/** As if the log had been written elsewhere. */
const write = ({ pool }: Pick<FreshLog, 'pool'>, column: 'system_identifier' | 'timeline' | 'tables') =>
  pool.query(`update leftfold.log set ${column} = '0000000A'`);
async function follower({ storage, pool }: FreshLog, name: string, cursor: string): Promise<void> {
  await storage.checkpoints.claim({ name, version: 1 }, LANE, { owner: 'me', leaseMs: 60_000, respectLease: true });
  await pool.query('update leftfold.checkpoints set cursor = $2 where follower = $1', [name, cursor]);
}
const checkpoint = async ({ storage }: Pick<FreshLog, 'storage'>, name: string) =>
  (await storage.checkpoints.list({ name, version: 1 }))[0];

test('where the log is made is noted with it', async () => {
  const log = await testLog();
  const { rows } = await log.pool.query('select system_identifier::text as id from pg_control_system()');
  expect(await noted(log)).toMatchObject({ generation: 1, system_identifier: rows[0].id, timeline: '00000001' });
  expect(await generations(log)).toMatchObject([{ generation: 1, reason: 'the log was made' }]);
});

test.each(['system_identifier', 'tables'] as const)(
  'L6 a log of another %s is refused everywhere, and nothing is written',
  async (column) => {
    const log = await testLog();
    await append(log);
    await write(log, column);
    const { storage } = another(log);

    const refused = {
      code: 'LF_LOG_RESTORED',
      retryable: false,
      message: expect.stringMatching(/rebase\(.*acceptCluster\(/s),
    };
    await expect(append({ storage })).rejects.toMatchObject(refused);
    await expect(storage.log.identity()).rejects.toMatchObject(refused);
    await expect(storage.log.head()).rejects.toMatchObject(refused);
    await expect(readToEnd(storage.log)).rejects.toMatchObject(refused);
    const claim = storage.checkpoints.claim({ name: 'f', version: 1 }, LANE, {
      owner: 'me',
      leaseMs: 1_000,
      respectLease: true,
    });
    await expect(claim).rejects.toMatchObject(refused);
    const { rows } = await log.pool.query(
      'select (select count(*) from leftfold.events) as events, (select count(*) from leftfold.checkpoints) as checkpoints',
    );
    expect(rows).toEqual([{ events: '1', checkpoints: '0' }]);
    expect(await generations(log)).toHaveLength(1);
  },
);

test('L6 another cluster with the same tables is gone on with when an operator says that it is an upgraded one', async () => {
  const log = await testLog();
  await append(log, 2);
  const { cursor } = await readToEnd(log.storage.log);
  await follower(log, 'f', cursor);
  await write(log, 'system_identifier');

  await expect(acceptTimeline(log.pool, REASON)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  expect(await acceptCluster(log.pool, { reason: 'pg_upgrade to 19' })).toEqual({ generation: LATER, ahead: [] });

  const next = another(log);
  await append(next);
  const { records } = await readToEnd(next.storage.log, (await checkpoint(next, 'f'))?.cursor);
  expect(records).toHaveLength(1);
  expect(await generations(log)).toMatchObject([
    {},
    { generation: LATER, reason: 'pg_upgrade to 19', actor: 'postgres' },
  ]);
});

test('L6 tables that were made anew are no upgraded ones', async () => {
  const log = await testLog();
  await write(log, 'tables');
  await expect(acceptCluster(log.pool, REASON)).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  expect(await noted(log)).toMatchObject({ generation: 1 });
});

test('L16 a new timeline on which all fits is gone on with by itself, once, whoever notices', async () => {
  const log = await testLog();
  await append(log, 3);
  const { cursor } = await readToEnd(log.storage.log);
  await follower(log, 'done', cursor);
  await follower(log, 'new', 'start');
  await follower(log, 'elsewhere', 'k1/some topic/1/5/6');
  const before = await checkpoint(log, 'done');
  await write(log, 'timeline');

  const processes = Array.from({ length: 8 }, () => another(log));
  const found = await Promise.all(processes.map(({ storage }) => storage.log.identity()));

  expect(found).toEqual(found.map(({ id }) => ({ id, generation: LATER })));
  expect(await noted(log)).toMatchObject({ generation: LATER, timeline: '00000001' });
  expect(await generations(log)).toMatchObject([
    {},
    { generation: LATER, reason: expect.stringContaining('0000000A') },
  ]);
  // Carried over, and taken from its owner, who would move it from where it was.
  expect(await checkpoint(log, 'done')).toMatchObject({
    cursor: (cursor as string).replace(/^(1\/[^/]+)\/1\//, `$1/${found[0]?.generation}/`),
    epoch: (before?.epoch ?? 0n) + 1n,
  });
  expect(await checkpoint(log, 'new')).toMatchObject({ cursor: 'start', epoch: 2n });
  expect(await checkpoint(log, 'elsewhere')).toMatchObject({ cursor: 'k1/some topic/1/5/6', epoch: 1n });
});

test('L16 positions that may have been handed out and lost do not come back', async () => {
  const log = await testLog();
  await append(log, 3);
  await write(log, 'timeline');
  const next = another(log);
  await append(next);
  const { records } = await readToEnd(next.storage.log);
  expect(records.map(({ position }) => position)).toEqual([
    1n,
    2n,
    3n,
    expect.toSatisfy((p: bigint) => p > 1_000_000n),
  ]);
});

test('L16 two copies of a log that go on one after the other are two generations, and the later one has the higher number', async () => {
  const original = await freshLog({ notifications: false });
  await append(original);
  const { cursor } = await readToEnd(original.storage.log);
  await write(original, 'timeline');
  await original.end();
  const raised: number[] = [];
  for (const name of ['a', 'b']) {
    const url = new URL(original.url);
    const from = url.pathname.slice(1);
    await onServer(`create database ${from}_${name} template ${from}`);
    url.pathname = `/${from}_${name}`;
    const { pool, storage } = another({ ...original, url: url.href });
    const second = async (): Promise<number> =>
      Number((await pool.query('select extract(epoch from clock_timestamp())::int as now')).rows[0].now);
    const now = await second();
    await eventually(async () => (await second()) > now);
    raised.push((await storage.log.identity()).generation);
    await expect(readToEnd(storage.log, cursor)).rejects.toMatchObject({ code: 'LF_OTHER_LOG' });
  }
  expect(raised[1]).toBeGreaterThan(raised[0] as number);
});

test('L16 numbers of schemas that were given out and lost are not written with', async () => {
  const log = await testLog();
  const process = another(log);
  await append(process);
  await append(process);
  await log.pool.query('delete from leftfold.schemas');
  await log.pool.query(
    `insert into leftfold.schemas (type, version, fingerprint, avro) values ('another', 1, 'x', '{}')`,
  );
  await write(log, 'timeline');
  // Its connections go down with the server.
  await log.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const stream = newStream();
  await eventually(async () => append(process, 1, stream));
  const { rows } = await log.pool.query(
    'select type from leftfold.events join leftfold.schemas on schemas.id = schema_id where stream_id = $1',
    [stream.id],
  );
  expect(rows).toEqual([{ type: newEvents(1)[0]?.schema.type }]);
});

const AHEAD = '9000000000:9000000000:';
test('L16 a new timeline that followers are ahead of is refused until an operator accepts, and then they are left behind', async () => {
  const log = await testLog();
  await append(log, 3);
  const { cursor } = await readToEnd(log.storage.log);
  const { id } = await log.storage.log.identity();
  await follower(log, 'done', cursor);
  await follower(log, 'ahead', `1/${id}/1/${AHEAD}/-/0`);
  await follower(log, 'ahead in a window', `1/${id}/1/3:3:/${AHEAD}/7`);
  await write(log, 'timeline');

  const refused = another(log);
  const ahead = ['ahead', 'ahead in a window'].map((name) => ({ name, version: 1, lane: '0' }));
  await expect(append(refused)).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS', retryable: false, ahead });
  await expect(readToEnd(refused.storage.log)).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS' });
  await expect(acceptTimeline(log.pool, { reason: ' ' })).rejects.toMatchObject({ code: 'LF_REASON_MISSING' });
  expect(await noted(log)).toMatchObject({ generation: 1 });

  expect(await acceptTimeline(log.pool, { reason: 'lost the last minute' })).toEqual({ generation: LATER, ahead });
  const next = another(log);
  const read = async (name: string) => readToEnd(next.storage.log, (await checkpoint(next, name))?.cursor);
  await append(next);
  expect((await read('done')).records).toHaveLength(1);
  await expect(read('ahead')).rejects.toMatchObject({ code: 'LF_OTHER_LOG' });
  await expect(read('ahead in a window')).rejects.toMatchObject({ code: 'LF_OTHER_LOG' });
});

test('L6 events or places beyond the cluster are refused also where nothing else has changed', async () => {
  const log = await testLog();
  const { id } = await log.storage.log.identity();
  await follower(log, 'f', `1/${id}/1/${AHEAD}/-/0`);
  await expect(append(another(log))).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS' });
  await log.pool.query('delete from leftfold.checkpoints');
  await append(another(log));

  await log.pool
    .query(`insert into leftfold.events (xid, version, event_id, hash, schema_id, tenant, stream_id, category, payload, metadata)
    values ('9000000000', 1, gen_random_uuid(), 0, 1, '', 'c-1', 'c', '{}', '{}')`);
  await expect(append(another(log))).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS' });
  await expect(acceptTimeline(log.pool, REASON)).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS' });
  await rebase(log.pool, REASON);
  expect((await readToEnd(another(log).storage.log)).records).toHaveLength(2);
});

test('a log of before there was an identity is noted at its first use, if it fits', async () => {
  const log = await testLog();
  const forget = () =>
    log.pool.query('update leftfold.log set system_identifier = null, timeline = null, tables = null');
  await forget();
  await append(another(log));
  expect(await noted(log)).toMatchObject({ generation: 1, timeline: '00000001' });

  await forget();
  const { id } = await log.storage.log.identity();
  await follower(log, 'f', `1/${id}/1/${AHEAD}/-/0`);
  await expect(append(another(log))).rejects.toMatchObject({ code: 'LF_LOG_BEHIND_ITS_CURSORS' });
});

test('commits that do not wait for the disk are refused as the default, and are a transaction’s own choice', async () => {
  const log = await testLog();
  const refused = { code: 'LF_COMMITS_NOT_DURABLE', retryable: false };
  await expect(append(another(log, { options: '-c synchronous_commit=off' }))).rejects.toMatchObject(refused);
  const client = await log.connect();
  await client.query('begin; set local synchronous_commit = off');
  const { storage } = another(log);
  const mine = storage.store.within(client).append([{ stream: newStream(), expect: 'any', events: newEvents(1) }]);
  expect(await mine).toMatchObject({ kind: 'appended' });
  await client.query('commit');
  await append({ storage });
});

test('L16 a new timeline that is met inside a transaction of the caller’s stays accepted when that is rolled back', async () => {
  const log = await testLog();
  await append(log);
  await write(log, 'timeline');
  const { storage, pool } = another(log);
  const client = await pool.connect();
  await client.query('begin');
  await storage.store.within(client).append([{ stream: newStream(), expect: 'absent', events: newEvents(1) }]);
  await client.query('rollback');
  client.release();
  expect(await noted(log)).toMatchObject({ generation: LATER });
  expect((await readToEnd(storage.log)).records).toHaveLength(1);
});

test('L16 likewise inside a transaction of Kysely, whose driver makes values of its own', async () => {
  const log = await testLog();
  await append(log);
  await write(log, 'timeline');
  const { storage, pool } = another(log);
  const kysely = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });
  const stream = newStream();
  await kysely.transaction().execute(async (tx) => {
    await storage.store.within(tx).append([{ stream, expect: 'absent', events: newEvents(1) }]);
  });
  expect(await noted(log)).toMatchObject({ generation: LATER });
  expect((await readToEnd(storage.log)).records).toHaveLength(2);
});

test('L16 a login that may only write goes on after a fail-over, and cannot raise a generation otherwise', async () => {
  const log = await testLog();
  await append(log);
  await write(log, 'timeline');
  const pool = await roleLogin(log.url, ['writer']);
  const writer = { pool, storage: postgres({ pool, notifications: false }) };

  await append(writer);

  expect(await generations(log)).toMatchObject([{}, { generation: LATER, actor: expect.stringMatching(/^login_/) }]);
  await expect(writer.pool.query(`select leftfold.raise_generation('because')`)).rejects.toMatchObject({
    code: '42501',
  });
  await expect(acceptTimeline(writer.pool, REASON)).rejects.toMatchObject({ code: '42501' });
  await rebase(log.pool, REASON);
  await append(writer);
});

test('L15 of a pool that leads to several servers each connection is judged for itself, and one that leads elsewhere is not kept', async () => {
  const log = await testLog();
  const elsewhere = await testLog();
  await write(elsewhere, 'system_identifier');
  let leadsTo = log.pool;
  const mixed: PgPool = { connect: () => leadsTo.connect() };
  const storage = postgres({ pool: mixed, notifications: false });

  await append({ storage });
  // An append that follows at once would be handed the same connection.
  await eventually(() => log.pool.idleCount === log.pool.totalCount);
  leadsTo = elsewhere.pool;
  await expect(append({ storage })).rejects.toMatchObject({ code: 'LF_LOG_RESTORED' });
  expect(elsewhere.pool.totalCount).toBe(0);
  leadsTo = log.pool;
  await append({ storage });
  expect(log.pool.totalCount).toBeGreaterThan(0);
});

test('L6 L16 readers and writers that run on while the generation rises, by itself and by rebases, lose and double nothing', async () => {
  const log = await testLog({ batchSize: 20 });
  await TableFollower.prepare(log.pool);
  const stop = new AbortController();
  const followers = ['a', 'b'].map((name) => new TableFollower(name, log.pool));
  const following = followers.map((each) => each.run(log.storage, stop.signal));
  const streams = [newStream(), newStream()];
  const appending = streams.map(async (stream) => {
    while (!stop.signal.aborted) await append(log, 2, stream);
  });
  const events = async (): Promise<string[]> =>
    (await log.pool.query(`select stream_id || '@' || version as name from leftfold.events`)).rows.map(
      ({ name }) => name,
    );
  const goesOn = async (): Promise<void> => {
    for (const follower of followers) {
      const { length } = await follower.delivered();
      await eventually(async () => (await follower.delivered()).length > length + 20);
    }
  };
  await goesOn();
  await write(log, 'timeline');
  await eventually(async () => (await noted(log)).generation > 1);
  await goesOn();
  for (let round = 1; round <= 2; round++) {
    const { generation } = await noted(log);
    expect((await rebase(log.pool, REASON)).generation).toBeGreaterThan(generation);
    await goesOn();
  }
  stop.abort();
  await Promise.all([...following, ...appending]);

  for (const follower of followers) {
    await follower.run(log.storage, new AbortController().signal, { toEnd: true });
    expect(faultsOf(await follower.delivered(), await events())).toEqual([]);
    expect(follower.faults).toEqual([]);
  }
});

test('L15 a reader at the end of the log notices by its poll that its server has become a standby, and goes on when it is none', async () => {
  const log = await testLog();
  await TableFollower.prepare(log.pool);
  const says = (isStandby: boolean) =>
    log.pool.query(`create or replace function said.pg_is_in_recovery() returns boolean return ${isStandby}`);
  await log.pool.query('create schema said');
  await says(false);
  const { storage } = another(log, { options: '-c search_path=said,pg_catalog' });
  const follower = new TableFollower('f', log.pool);
  const stop = new AbortController();
  const following = follower.run(storage, stop.signal);
  await eventually(async () => (await checkpoint(log, 'f')) !== undefined);
  await says(true);
  await eventually(() => follower.faults.includes('LF_LOG_ON_STANDBY'));
  await append(log);
  expect(await follower.delivered()).toEqual([]);
  await says(false);
  await eventually(async () => (await follower.delivered()).length === 1);
  stop.abort();
  await following;
});

test('L6 a reader at the end of the log, where nothing comes, notices by its poll that it is in another cluster, and stops', async () => {
  const log = await testLog();
  const follower = new TableFollower('f', log.pool);
  const following = follower.run(log.storage, new AbortController().signal);
  await eventually(async () => (await checkpoint(log, 'f')) !== undefined);
  await write(log, 'system_identifier');
  await following;
  expect(follower.faults).toEqual(['LF_LOG_RESTORED']);
});

test('an end of the log that was asked for in one generation is labelled with the one it was read in', async () => {
  const log = await testLog();
  await append(log);
  const process = another(log);
  const { id } = await process.storage.log.identity();
  await write(log, 'timeline');
  const head = (await process.storage.log.head()).get(LANE) as string;
  const { generation } = await noted(log);
  expect(generation).toBeGreaterThan(1);
  expect(head.startsWith(`1/${id}/${generation}/`)).toBe(true);
  expect((await process.storage.log.at(new Date(0))).get(LANE)).toContain(`/${id}/${generation}/`);
});

test('where a window begins is not remembered for one of the same name in a later generation', async () => {
  const log = await testLog();
  await append(log);
  const { id } = await log.storage.log.identity();
  const insert = (position: number) =>
    log.pool.query(
      `insert into leftfold.events (position, xid, version, event_id, hash, schema_id, tenant, stream_id, category, payload, metadata)
       values ($1, '5', $2, gen_random_uuid(), 0, 1, '', 'c-1', 'c', '{}', '{}')`,
      [position, position],
    );
  // A window that is met opened, and so is read along the primary key.
  const read = async (generation: number) => {
    const cursor = `1/${id}/${generation}/3:4:/3:6:/0` as Cursor;
    const { batches } = await readToEnd(log.storage.log, cursor);
    return batches[0]?.records.map(({ position }) => position);
  };
  await insert(100);
  expect(await read(1)).toEqual([100n]);
  await insert(50);
  const { generation } = await acceptTimeline(log.pool, REASON);
  expect(await read(generation)).toEqual([50n, 100n]);
});

test('P1 a fail-over that could not be noted leaves its connection in no transaction', async () => {
  const log = await testLog({ pool: { max: 1, options: '-c lock_timeout=100' } });
  await append(log);
  await write(log, 'timeline');
  const other = await log.connect();
  await other.query('begin; select from leftfold.log for update');
  await expect(log.storage.log.identity()).rejects.toMatchObject({ code: 'LF_LOCK_TIMEOUT' });
  await other.query('rollback');
  expect(await append(log)).toMatchObject({ kind: 'appended' });
  expect(await log.storage.log.identity()).toMatchObject({ generation: LATER });
});

test('L16 a reader that had read beyond what a fail-over left asks for its place again, where no fault told it of the fail-over', async () => {
  const log = await testLog();
  const admin = await log.connect();
  // A server that is ahead by a thousand transactions, which the next one will not have.
  await admin.query(`create schema said; create function said.pg_current_snapshot() returns pg_snapshot language sql as $$
    select format('%1$s:%1$s:', pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::int8 + 1000)::pg_snapshot $$`);
  const before = new Pool({ connectionString: log.url, max: 1, options: '-c search_path=said,pg_catalog' });
  onTestFinished(() => before.end());
  let current = before;
  const storage = postgres({ pool: { connect: () => current.connect() }, notifications: false });
  await append({ storage });
  const read: string[] = [];
  const faults: unknown[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const running = storage.log.run(
    {
      name: 'test',
      from: async () => 'start',
      handle: async ({ records }) => void read.push(...records.map(({ stream }) => stream)),
      faulted: (_, error) => void faults.push((error as { readonly code?: unknown }).code),
    },
    stop.signal,
  );
  await eventually(() => read.length === 1);
  await admin.query(
    `insert into leftfold.events (xid, version, event_id, hash, schema_id, tenant, stream_id, category, payload, metadata)
     select (pg_snapshot_xmax(pg_current_snapshot())::text::int8 + 500)::text::xid8, 1, gen_random_uuid(), 0, schema_id, '', 'c-lost', 'c', payload, metadata
     from leftfold.events`,
  );
  await eventually(() => read.length === 2);
  expect(read[1]).toBe('c-lost');
  await admin.query(`begin; set local session_replication_role = replica; delete from leftfold.events where stream_id = 'c-lost';
    update leftfold.log set timeline = '0000000A'; commit`);
  current = log.pool;
  await eventually(async () => (await generations(log)).length === 2);
  await append({ storage });
  await eventually(() => read.length >= 4);
  stop.abort();
  await running;

  expect(faults).toEqual([]);
  expect(read[2]).toBe(read[0]);
  expect(read.slice(3)).toHaveLength(1);
});
