import { uuidV7 } from '@leftfold/core';
import type { EventId, EventStore, Json, NewReply, StreamRef, StreamVersion } from '@leftfold/core';
import { assertMigrated, postgres, readModels, sqlProjection } from '@leftfold/postgres';
import { envelopeOf, followerLag, redrive, RELAY, withheldKeys } from '@leftfold/subscriptions';
import type { Cursor, Lane } from '@leftfold/subscriptions';
import { newEvents, newStream, readIds } from '@leftfold/testing';
import { sql, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import type { Role } from '../src/roles/role-names.ts';
import { poolerOptions, testLog } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';
import { roleLogin } from './role-login.ts';
import { listThing, project, thingCounts, thingList } from './thing-list.ts';

const LANE = '0' as Lane;
async function payloadsOf(store: EventStore, stream: StreamRef): Promise<readonly string[]> {
  const pages = await Array.fromAsync(store.read(stream));
  return pages.flat().map(({ payload }) => payload);
}
const newReply = (): NewReply => ({ tenant: '', key: uuidV7(), requestHash: 'hash', reply: '{"a":1}', keepMs: 60_000 });

/** Appends in all ways that there are. */
async function appendInAllWays(store: EventStore): Promise<void> {
  const [a, b] = [newStream(), newStream()];
  const one = () => newEvents(1);
  expect(await store.append([{ stream: a, expect: 'absent', events: newEvents(3) }])).toMatchObject({
    kind: 'appended',
  });
  expect(await store.append([{ stream: a, expect: 3n as StreamVersion, events: one() }])).toMatchObject({
    versions: [4n],
  });
  expect(await store.append([{ stream: a, expect: 'present', events: one() }])).toMatchObject({ versions: [5n] });
  expect(await store.append([{ stream: b, expect: 'any', events: one() }])).toMatchObject({ versions: [1n] });
  expect(await store.append([{ stream: b, expect: 'absent', events: one() }])).toMatchObject({ kind: 'conflict' });
  const both = [a, b].map((stream) => ({ stream, expect: 'present' as const, events: one() }));
  expect(await store.append(both)).toMatchObject({ versions: [6n, 2n] });
  const reply = newReply();
  expect(
    await store.append(
      both.map((append) => ({ ...append, events: one() })),
      { reply },
    ),
  ).toMatchObject({ kind: 'appended' });
  expect(await store.append([{ stream: a, expect: 'any', events: one() }], { reply })).toMatchObject({
    kind: 'replied',
  });
  expect(await store.reply(reply)).toMatchObject({ reply: '{"a":1}' });
  expect(await readIds(store, a)).toHaveLength(7);
}

test('a writer appends in all modes, keeps answers, unique keys and snapshots, and reads its streams', async () => {
  const { url } = await testLog();
  const pool = await roleLogin(url, ['writer']);
  const { store } = postgres({ ...poolerOptions, pool });
  await appendInAllWays(store);

  const key = ['email', `${uuidV7()}@b.example`] as const;
  const [holder, other] = [newStream(), newStream()];
  const reserve = (stream: typeof holder) => [{ stream, change: 'reserve', key } as const];
  await store.append([{ stream: holder, expect: 'absent', events: newEvents(1) }], { keys: reserve(holder) });
  expect(
    await store.append([{ stream: other, expect: 'absent', events: newEvents(1) }], { keys: reserve(other) }),
  ).toMatchObject({ kind: 'taken', by: holder.id });
  await store.append([], { keys: [{ stream: holder, change: 'release', key }] });
  await store.append([{ stream: other, expect: 'absent', events: newEvents(1) }], { keys: reserve(other) });

  const events = newEvents(2);
  const stream = newStream();
  await store.append([{ stream, expect: 'absent', events }]);
  expect(await store.append([{ stream, expect: 'absent', events }])).toMatchObject({ kind: 'appended', already: true });

  const snapshot = { version: 2n as StreamVersion, lastEvent: events.at(-1)?.id as EventId, state: '{"sum":1}' };
  await store.snapshots?.save(stream, 'fold', snapshot);
  await store.snapshots?.save(stream, 'fold', { ...snapshot, version: 3n as StreamVersion });
  expect(await store.snapshots?.find(stream, 'fold')).toMatchObject({ version: 3n });
});

test('a writer appends inside a transaction of its own', async () => {
  const { url } = await testLog();
  const pool = await roleLogin(url, ['writer']);
  const { store } = postgres({ ...poolerOptions, pool });
  const client = await pool.connect();
  await client.query('begin');
  const stream = newStream();
  const within = store.within(client);
  await within.append([{ stream, expect: 'absent', events: newEvents(2) }]);
  await within.append([{ stream, expect: 'any', events: newEvents(1) }], { reply: newReply() });
  await client.query('commit');
  client.release();
  expect(await readIds(store, stream)).toHaveLength(3);
});

/** Reads the log to its end and keeps the place, as a relay and a projector do. */
async function followOnce(pool: Pool, follower: string, ledger: Json): Promise<number> {
  const { log, checkpoints, conditions } = postgres({ ...poolerOptions, pool });
  const id = { name: follower, version: 1 };
  const claim = await checkpoints.claim(id, LANE, { owner: 'test', leaseMs: 10_000, respectLease: true });
  if (claim === undefined) throw new Error('the lane is free');
  const { records, cursor } = await readToEnd(log, claim.cursor);
  await checkpoints.save(claim, { from: claim.cursor, to: cursor as Cursor, ledger });
  const renewal = { follower: id, owner: 'test', leaseMs: 10_000, lanes: [LANE], claims: [claim] };
  expect(await checkpoints.renew([renewal])).toMatchObject([{ ours: [LANE] }]);
  const condition = { state: 'retrying', code: 'other', since: new Date(), failures: 1, owner: 'test' } as const;
  await conditions.note(id, [{ lane: LANE, ...condition }]);
  expect(await conditions.of([id])).toMatchObject([{ members: ['test'], lanes: [condition] }]);
  await conditions.clear(id, [LANE], 'test');
  await checkpoints.release(claim);
  await checkpoints.leave([{ follower: id, owner: 'test' }]);
  await checkpoints.release(claim);
  await checkpoints.leave([{ follower: id, owner: 'test' }]);
  expect(await checkpoints.list(id)).toMatchObject([{ lane: LANE, cursor, ledger }]);
  return records.length;
}

test('a relay follows the log and keeps its place and its numbers', async () => {
  const { url, storage } = await testLog();
  await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(5) }]);
  const pool = await roleLogin(url, ['relay']);
  expect(await followOnce(pool, 'relay', { numbers: [1, 2] })).toBe(5);
  expect(await followOnce(pool, 'relay', { numbers: [3] })).toBe(0);
});

test('a relay writes milestones and thins them, and whoever rebuilds reads them', async () => {
  const { url } = await testLog();
  const relay = postgres({ ...poolerOptions, pool: await roleLogin(url, ['relay']) });
  const id = { name: 'relay', version: 1 };
  const claim = await relay.checkpoints.claim(id, LANE, { owner: 'test', leaseMs: 10_000, respectLease: true });
  if (claim === undefined) throw new Error('the lane is free');
  const { id: log, generation } = await relay.log.identity();
  await relay.milestones.write(claim, { log, generation, cursor: 'c' as Cursor, partitions: [] });
  await relay.milestones.thin(claim);
  const rebuild = postgres({ ...poolerOptions, pool: await roleLogin(url, ['rebuild']) });
  expect(await rebuild.milestones.list(id, LANE)).toMatchObject([{ cursor: 'c', partitions: [] }]);
});

test('R15 a relay withholds and settles, an operator sees what and asks for something, and a projector sees what became of it', async () => {
  const { url, storage } = await testLog();
  const stream = newStream();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
  const [event] = (await Array.fromAsync(storage.store.read(stream))).flat();
  if (event === undefined) throw new Error('it was appended');
  const as = async (role: Role) => postgres({ ...poolerOptions, pool: await roleLogin(url, [role]) });
  const [relay, operator, projector] = [await as('relay'), await as('operator'), await as('projector')];
  const id = { name: 'relay', version: 1 };
  const claim = await relay.checkpoints.claim(id, LANE, { owner: 'test', leaseMs: 10_000, respectLease: true });
  if (claim === undefined) throw new Error('the lane is free');
  const { tenant, category, streamVersion, id: eventId, type, position } = event;
  const key = { topic: 'topic', tenant, stream: stream.id };
  const cause = { code: 'LF_RECORD_REFUSED', text: 'MESSAGE_TOO_LARGE' };
  const withholding = { ...key, category, streamVersion, partition: 0, eventId, type, position, sequence: 1, cause };
  await relay.withheld.withhold(claim, [withholding]);
  expect(await Array.fromAsync(withheldKeys(operator))).toMatchObject([{ head: { ...key, cause }, events: 1 }]);
  await redrive(operator, key, { by: 'ops' });
  const head = await relay.withheld.requested(claim);
  if (head === undefined) throw new Error('it was requested');
  expect(head.request.by).toBe('ops');
  expect((await Array.fromAsync(relay.store.read(stream))).flat()).toHaveLength(1);
  const settled = [{ streamVersion, state: 'redriven', sequence: 2 }] as const;
  await relay.withheld.settle(claim, key, settled, { request: head.request, goesOn: true });
  expect(await projector.withheld.events(key, { limit: 1 })).toMatchObject([{ state: 'redriven' }]);
});

const rowsAs = async (pool: Pool, version = 1) =>
  readModels(pool, [thingList(version)])
    .selectFrom('thing_list')
    .select(['id', 'what'])
    .orderBy('id')
    .execute();

test('projectors make and write tables together, whichever login came first, and readers and api processes read them', async () => {
  const { url, storage, pool: owner } = await testLog();
  await listThing(storage.store, '1', 'a');
  await listThing(storage.store, '2', 'a', { removes: true });
  const [first, second] = [await roleLogin(url, ['projector']), await roleLogin(url, ['projector'])];
  await project(first, [thingList(1), thingCounts]);
  await listThing(storage.store, '3', 'b');
  await project(second, [thingList(1), thingCounts, thingList(2)]);
  await listThing(storage.store, '4', 'b', { removes: true });
  await project(first, [thingList(2), thingList(1)]);

  const expected = [
    { id: '1', what: 'a' },
    { id: '3', what: 'b' },
  ];
  for (const roles of [['reader'], ['writer', 'reader']] as const) {
    const pool = await roleLogin(url, roles);
    for (const version of [1, 2]) expect(await rowsAs(pool, version), roles.join()).toEqual(expected);
  }
  // An index that is declared later is made by whoever starts next, also of another login.
  await owner.query('drop index leftfold_thing_list_v1.thing_list_by_what');
  await project(second, [thingList(1)]);
  const { rows } = await owner.query(
    `select indexname from pg_indexes where schemaname = 'leftfold_thing_list_v1' and indexname ~ '_by_'`,
  );
  expect(rows).toEqual([{ indexname: 'thing_list_by_what' }]);
});

test('tables that a projection makes itself belong to all projectors, too, with their sequences; an operator sees what is parked and asks for something', async () => {
  const { url, storage } = await testLog();
  const stream = newStream();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
  const [event] = (await Array.fromAsync(storage.store.read(stream))).flat();
  if (event === undefined) throw new Error('it was appended');
  const create = async (db: Transaction<unknown>): Promise<void> => {
    await sql`create table seen (n int generated by default as identity, m serial, what text)`.execute(db);
    await sql`create view seen_once as select distinct what from seen`.execute(db);
  };
  const seen = sqlProjection('things-seen', { version: 1, create });
  const as = async (role: Role) => postgres({ ...poolerOptions, pool: await roleLogin(url, [role]) });
  const [operator, ...projectors] = [
    await as('operator'),
    await as('projector'),
    await as('projector'),
    await as('rebuild'),
  ];
  const key = { tenant: '', key: `stream/${stream.id}` };
  let place: Cursor | 'start' = 'start';
  for (const [n, { readModels, checkpoints }] of projectors.entries()) {
    await readModels.prepare(seen.tables);
    const options = { owner: `projector ${n}`, leaseMs: 10_000, respectLease: false };
    const claim = await checkpoints.claim({ name: 'things-seen', version: 1 }, LANE, options);
    if (claim === undefined) throw new Error('a claim without respect is never refused');
    const to = `${n}` as Cursor;
    await readModels.transaction(claim, { from: place, to }, async (tx) => {
      await sql`insert into seen (what) values ('x')`.execute(tx.own(seen.tables) as Transaction<unknown>);
      await tx.parked.park([{ ...key, envelope: envelopeOf(event), kept: null, cause: { code: 'X', text: 'x' } }]);
    });
    place = to;
  }
  const follower = { name: 'things-seen', version: 1 };
  expect(await operator.parked.list({ follower, limit: 2 })).toMatchObject([{ ...key, events: 1 }]);
  expect(await operator.parked.request({ follower, lane: LANE, ...key }, { kind: 'retry', by: 'ops' })).toBe(true);
  const reader = await roleLogin(url, ['reader']);
  const { rows } = await reader.query('select count(*)::int as count from leftfold_things_seen_v1.seen');
  expect(rows).toEqual([{ count: 3 }]);
  expect((await reader.query('select what from leftfold_things_seen_v1.seen_once')).rows).toEqual([{ what: 'x' }]);
});

test('tables that whoever migrates made first are written by projectors afterwards', async () => {
  const { url, storage, pool } = await testLog();
  await listThing(storage.store, '1', 'a');
  await project(pool, [thingList(1)]);
  await listThing(storage.store, '2', 'b');
  await project(await roleLogin(url, ['projector']), [thingList(1)]);
  expect(await rowsAs(await roleLogin(url, ['reader']))).toHaveLength(2);
});

test('a rebuild makes and writes tables, and drops a version with all that it holds', async () => {
  const { url, storage, pool: owner } = await testLog();
  await listThing(storage.store, '1', 'a');
  await project(await roleLogin(url, ['projector']), [thingList(1)]);
  const pool = await roleLogin(url, ['rebuild']);
  await project(pool, [thingList(1), thingList(2)]);
  expect(await rowsAs(pool, 2)).toEqual([{ id: '1', what: 'a' }]);
  await pool.query(`select leftfold.drop_model_schema('leftfold_thing_list_v1')`);
  const { rows } = await owner.query(`select nspname from pg_namespace where nspname like 'leftfold\\_%'`);
  expect(rows).toEqual([{ nspname: 'leftfold_thing_list_v2' }]);
});

test('a reader reads streams, the log, answers and the schema’s state', async () => {
  const { url, storage } = await testLog();
  const stream = newStream();
  const reply = newReply();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(2) }], { reply });
  const pool = await roleLogin(url, ['reader']);
  const { store, log, checkpoints } = postgres({ ...poolerOptions, pool });
  expect(await readIds(store, stream)).toHaveLength(2);
  expect((await readToEnd(log)).records).toHaveLength(2);
  expect(await store.reply(reply)).toMatchObject({ reply: reply.reply });
  expect(await checkpoints.list({ name: 'none', version: 1 })).toEqual([]);
  await assertMigrated(pool);
});

test.each([['relay'], ['projector'], ['reader']] as const)(
  'whoever reads the log measures how far behind a follower is: %s',
  async (role) => {
    const { url, storage } = await testLog();
    await storage.store.append([{ stream: newStream(), expect: 'absent', events: newEvents(4) }]);
    const pool = await roleLogin(url, [role]);
    const lag = await followerLag(postgres({ ...poolerOptions, pool }), RELAY);
    expect(lag).toMatchObject({ events: 4, oldestMs: expect.any(Number) as number });
  },
);

test('an eraser replaces what events say, with a reason, and leaves a record of each and no snapshot', async () => {
  const { url, storage, pool: owner } = await testLog();
  const [stream, other] = [newStream(), newStream()];
  const events = newEvents(3);
  const append = await storage.store.append([{ stream, expect: 'absent', events }]);
  await storage.store.append([{ stream: other, expect: 'absent', events: newEvents(1) }]);
  await owner.query(
    `insert into leftfold.snapshots (tenant, stream_id, key, version, last_event, state) select '', s, 'k', 1, gen_random_uuid(), '{}' from unnest($1::text[]) as s`,
    [[stream.id, other.id]],
  );
  const pool = await roleLogin(url, ['eraser']);
  const client = await pool.connect();
  await client.query('begin');
  await client.query(`set local leftfold.erase_reason = 'asked for by the customer'`);
  await client.query(
    `update leftfold.events set payload = '{"what":"erased"}', metadata = '{}' where tenant = '' and stream_id = $1 and version = 2`,
    [stream.id],
  );
  await client.query('commit');
  client.release();

  expect(await payloadsOf(storage.store, stream)).toEqual([
    events[0]?.payload,
    '{"what":"erased"}',
    events[2]?.payload,
  ]);
  const { records } = await readToEnd(storage.log);
  expect(records.map(({ id }) => id).slice(0, 3)).toEqual(events.map(({ id }) => id));
  expect(append.kind).toBe('appended');
  const { rows } = await pool.query('select * from leftfold.erasures');
  expect(rows).toEqual([
    {
      tenant: '',
      stream_id: stream.id,
      version: '2',
      position: '2',
      erased_at: expect.any(Date),
      erased_by: pool.options.user ?? expect.stringContaining('login_'),
      reason: 'asked for by the customer',
    },
  ]);
  expect((await owner.query('select stream_id from leftfold.snapshots')).rows).toEqual([{ stream_id: other.id }]);
});

test('roles give nothing to a login that has none of them', async () => {
  const { url } = await testLog();
  const pool = await roleLogin(url, []);
  await expect(pool.query('select 1 from leftfold.log')).rejects.toMatchObject({ code: '42501' });
});
