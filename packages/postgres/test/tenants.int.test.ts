import {
  uuidV7,
  type AppendOutcome,
  type EventId,
  type EventStore,
  type StreamRef,
  type StreamVersion,
} from '@leftfold/core';
import { newEvent, newStream, readIds } from '@leftfold/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshLog, type FreshLog } from './fresh-log.ts';
import { readToEnd } from './read-to-end.ts';
import { listThing, project, thingCounts, thingList } from './thing-list.ts';

const TENANTS = ['', 'acme', 'umbra'] as const;
const id = newStream().id;
const ids = [uuidV7(), uuidV7()] as EventId[];
const EMAIL = ['email', 'a@b.example'] as const;

/** The same stream, by name, of each tenant. */
const streamOf = (tenant: string): StreamRef => ({ ...newStream('conformance.thing', tenant), id });
const payloadOf = (tenant: string): string => JSON.stringify({ what: `of ${tenant}` });
/** The same event ids, with each tenant's own words. */
const eventsOf = (tenant: string) => ids.map((each) => newEvent({ id: each, payload: payloadOf(tenant) }));
const replyOf = (tenant: string) => ({
  tenant,
  key: 'the same',
  requestHash: `hash of ${tenant}`,
  reply: payloadOf(tenant),
  keepMs: 60_000,
});

describe('L13 tenants with equal ids everywhere', () => {
  let log: FreshLog;
  let store: EventStore;
  const outcomes: AppendOutcome[] = [];
  beforeAll(async () => {
    const fresh = await freshLog();
    log = fresh;
    store = fresh.storage.store;
    for (const tenant of TENANTS) {
      const stream = streamOf(tenant);
      const append = store.append([{ stream, expect: 'absent', events: eventsOf(tenant) }], {
        reply: replyOf(tenant),
        keys: [{ stream, change: 'reserve', key: EMAIL }],
      });
      outcomes.push(await append);
      const snapshot = { version: 2n as StreamVersion, lastEvent: ids[1] as EventId, state: payloadOf(tenant) };
      await store.snapshots?.save(stream, 'fold', snapshot);
    }
    return fresh.end;
  });

  test('L13 whatever another tenant has already written is written by each, with the same ids', () => {
    const written = { kind: 'appended', versions: [2n], already: false };
    expect(outcomes).toMatchObject(TENANTS.map(() => written));
  });

  test('L13 streams, versions and event ids of one tenant are none of another’s', async () => {
    for (const tenant of TENANTS) {
      const stream = streamOf(tenant);
      expect(await readIds(store, stream)).toEqual(ids);
      const pages = await Array.fromAsync(store.read(stream));
      expect(pages.flat().map((event) => [event.tenant, event.payload])).toEqual(
        ids.map(() => [tenant, payloadOf(tenant)]),
      );
    }
    // One goes on alone.
    const acme = streamOf('acme');
    await store.append([{ stream: acme, expect: 2n as StreamVersion, events: [newEvent()] }]);
    expect(await store.append([{ stream: acme, expect: 2n as StreamVersion, events: [newEvent()] }])).toMatchObject({
      kind: 'conflict',
      actual: 3n,
    });
    for (const tenant of ['', 'umbra']) expect(await readIds(store, streamOf(tenant))).toHaveLength(2);
    expect(await readIds(store, streamOf('nobody'))).toEqual([]);
  });

  test('L13 answers to one key are each tenant’s own', async () => {
    for (const tenant of TENANTS) {
      const { requestHash, reply } = replyOf(tenant);
      expect(await store.reply({ tenant, key: 'the same' })).toMatchObject({ requestHash, reply });
    }
    expect(await store.reply({ tenant: 'nobody', key: 'the same' })).toBeUndefined();
  });

  test('L13 a unique key is taken within its tenant alone, and given back within it alone', async () => {
    const other = (tenant: string): StreamRef => newStream('conformance.thing', tenant);
    for (const tenant of TENANTS) {
      const stream = other(tenant);
      const taking = store.append([], { keys: [{ stream, change: 'reserve', key: EMAIL }] });
      expect(await taking, tenant).toMatchObject({ kind: 'taken', by: id });
    }
    await store.append([], { keys: [{ stream: streamOf('acme'), change: 'release', key: EMAIL }] });
    const [free, held] = [other('acme'), other('umbra')];
    expect(await store.append([], { keys: [{ stream: free, change: 'reserve', key: EMAIL }] })).toMatchObject({
      kind: 'appended',
    });
    expect(await store.append([], { keys: [{ stream: held, change: 'reserve', key: EMAIL }] })).toMatchObject({
      kind: 'taken',
      by: id,
    });
  });

  test('L13 snapshots of one stream id and key are each tenant’s own', async () => {
    for (const tenant of TENANTS) {
      expect((await store.snapshots?.find(streamOf(tenant), 'fold'))?.state).toBe(payloadOf(tenant));
    }
    expect(await store.snapshots?.find(streamOf('nobody'), 'fold')).toBeUndefined();
  });

  test('L13 the log hands out each tenant’s events as its own', async () => {
    const { records } = await readToEnd(log.storage.log);
    for (const tenant of TENANTS) {
      const own = records.filter((record) => record.tenant === tenant && ids.includes(record.id));
      expect(own.map(({ payload }) => payload)).toEqual(ids.map(() => payloadOf(tenant)));
    }
    // Kafka keys differ, and with them, but for chance, the hashes that partitions are made of.
    const hashes = TENANTS.map((tenant) => records.find((record) => record.tenant === tenant)?.hash);
    expect(new Set(hashes).size).toBe(TENANTS.length);
  });

  test('L13 rows of one key are each tenant’s own, whether one stream feeds them or many, and whether they are there or deleted', async () => {
    await listThing(store, '1', 'a', { tenant: '' });
    await listThing(store, '1', 'b', { tenant: 'acme' });
    await listThing(store, '1', 'c', { tenant: 'umbra', removes: true });
    for (const tenant of TENANTS) await listThing(store, '2', 'same', { tenant });
    await listThing(store, '3', 'same', { tenant: 'acme' });
    await project(log.pool, [thingList(1), thingCounts]);
    const { rows } = await log.pool.query(
      'select id, what, _tenant from leftfold_thing_list_v1.thing_list order by id, what, _tenant',
    );
    expect(rows.map(({ id: key, what, _tenant }) => [key, what, _tenant])).toEqual([
      ['1', 'a', ''],
      ['1', 'b', 'acme'],
      ['2', 'same', ''],
      ['2', 'same', 'acme'],
      ['2', 'same', 'umbra'],
      ['3', 'same', 'acme'],
    ]);
    const { rows: counts } = await log.pool.query(
      `select _tenant, times from leftfold_thing_counts_v1.thing_counts where what = 'same' order by 1`,
    );
    expect(counts).toEqual([
      { _tenant: '', times: 1 },
      { _tenant: 'acme', times: 2 },
      { _tenant: 'umbra', times: 1 },
    ]);
  });

  test('L13 an erasure is of one tenant’s event, and takes that tenant’s snapshots alone', async () => {
    await log.pool.query(`begin; set local leftfold.erase_reason = 'asked for';
      update leftfold.events set payload = '{"what":""}' where tenant = 'umbra' and stream_id = '${id}' and version = 1; commit`);
    const first = async (tenant: string): Promise<string | undefined> =>
      (await Array.fromAsync(store.read(streamOf(tenant)))).flat()[0]?.payload;
    expect(await first('umbra')).toBe('{"what":""}');
    for (const tenant of ['', 'acme']) {
      expect(await first(tenant)).toBe(payloadOf(tenant));
      expect(await store.snapshots?.find(streamOf(tenant), 'fold'), tenant).toBeDefined();
    }
    expect(await store.snapshots?.find(streamOf('umbra'), 'fold')).toBeUndefined();
    expect((await log.pool.query('select tenant, version from leftfold.erasures')).rows).toEqual([
      { tenant: 'umbra', version: '1' },
    ]);
  });

  test('L13 the tenant leads the key of every table that has one', async () => {
    const { rows } = await log.pool.query<{ line: string }>(
      `select c.relname || ': ' || (select string_agg(attname, ', ' order by n) from unnest(indkey) with ordinality as k(attnum, n)
         join pg_attribute a on a.attrelid = indrelid and a.attnum = k.attnum) as line
       from pg_index join pg_class c on c.oid = indrelid where indisunique and c.relkind = 'r'
         and (c.relnamespace = 'leftfold'::regnamespace or c.relnamespace::regnamespace::text like 'leftfold\\_%')`,
    );
    const lines = rows.map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(10);
    // The log’s own, and what no tenant has: positions, schemas, places and who moves them, migrations.
    const without =
      /^(?:log|generations|schemas|checkpoints|members|milestones|migrations|versions|conditions|parked_notes): |^events: position$/;
    // What a lane's owner keeps is read by the lane, and told apart by tenant then.
    const ofLane = /^(?:parked_keys|parked_events|applied_ahead): follower, version, lane, tenant\b/;
    expect(lines.filter((line) => !/: _?tenant\b/.test(line) && !without.test(line) && !ofLane.test(line))).toEqual([]);
  });
});
