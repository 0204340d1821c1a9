import type { StreamAppend, StreamRef } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { conformanceTopic, eventStoreConformance, eventually, newEvents, newStream, readIds } from '@leftfold/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshLog, testLog } from './fresh-log.ts';

const one = (stream: StreamRef): StreamAppend => ({ stream, expect: 'any', events: newEvents(1) });

describe.each(['repeatable read', 'serializable'])('on a pool whose default isolation is %s:', (level) => {
  let log: Awaited<ReturnType<typeof freshLog>>;
  beforeAll(async () => {
    const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
    log = await freshLog({ topic: conformanceTopic, pool: { options } });
  });
  afterAll(() => log.end());

  test('the isolation is that', async () => {
    const { rows } = await log.pool.query('show transaction_isolation');
    expect(rows).toEqual([{ transaction_isolation: level }]);
  });
  const suite = eventStoreConformance({
    store: () => log.storage.store,
    capabilities: { transactions: false, replyExpiry: false },
  });
  // Those in which appends meet; the others differ in nothing.
  const meeting = suite.filter(({ title }) => title.includes('concurrent') || title.includes('while others'));
  for (const { title, run } of meeting) test(title, run);
});

test('L12 an append that a deadlock with a transaction of somebody else’s has undone is sent again', async () => {
  const log = await testLog();
  const [a, b] = [newStream(), newStream()].toSorted((one_, other) => (one_.id < other.id ? -1 : 1));
  if (a === undefined || b === undefined) throw new RangeError('two streams');
  await log.storage.store.append([one(a), one(b)]);
  const client = await log.connect();
  const watcher = await log.connect();
  const waiting = (count: number): Promise<unknown> =>
    eventually(async () => {
      const sql = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return (await watcher.query(sql)).rowCount === count;
    });
  // The append is the one that notices, so the one that is undone.
  await client.query(`begin; set local deadlock_timeout = '1min'`);
  await client.query('update leftfold.streams set version = version where stream_id = $1', [b.id]);
  const append = log.storage.store.append([one(a), one(b)]);
  await waiting(1);
  const crossing = client.query('update leftfold.streams set version = version where stream_id = $1', [a.id]);
  await crossing;
  await waiting(1);
  await client.query('commit');

  expect(await append).toMatchObject({ kind: 'appended', versions: [2n, 2n], already: false });
  expect(await readIds(log.storage.store, a)).toHaveLength(2);
});

test('L12 an append that loses each time is LF_SERIALIZATION after ten attempts, and wrote nothing', async () => {
  const log = await testLog();
  const stream = newStream();
  await log.storage.store.append([one(stream)]);
  await log.pool.query(`
    create sequence attempts;
    create function lose() returns trigger language plpgsql as $$
      begin perform nextval('attempts'); raise exception 'lost' using errcode = '40001'; end $$;
    create trigger lose before insert on leftfold.events for each row execute function lose()`);

  await expect(log.storage.store.append([one(stream)])).rejects.toMatchObject({
    code: 'LF_SERIALIZATION',
    retryable: true,
  });

  expect((await log.pool.query('select last_value::int from attempts')).rows).toEqual([{ last_value: 10 }]);
  expect(await readIds(log.storage.store, stream)).toHaveLength(1);
});

test('lockTimeoutMs bounds the wait for a stream, a unique key and a reply’s key', async () => {
  const log = await testLog();
  const { store } = postgres({ pool: log.pool, lockTimeoutMs: 50 });
  const [stream, key] = [newStream(), ['k', newStream().key] as const];
  const reply = { tenant: '', key: stream.key, requestHash: 'h', reply: '1', keepMs: 60_000 };
  const client = await log.connect();
  await client.query('begin');
  await log.storage.store.within(client).append([one(stream)], { reply, keys: [{ stream, change: 'reserve', key }] });
  const other = newStream();
  const timedOut = { code: 'LF_LOCK_TIMEOUT', retryable: true, message: expect.stringContaining('store.within(tx)') };
  await expect(store.append([one(stream)])).rejects.toMatchObject(timedOut);
  await expect(store.append([one(other)], { reply })).rejects.toMatchObject(timedOut);
  const keys = [{ stream: other, change: 'reserve' as const, key }];
  await expect(store.append([one(other)], { keys })).rejects.toMatchObject(timedOut);
  await client.query('rollback');
  expect(await store.append([one(other)], { reply, keys })).toMatchObject({ kind: 'appended' });
  for (const lockTimeoutMs of [0, -1, 1.5, 30_001, Number.NaN]) {
    expect(() => postgres({ pool: log.pool, lockTimeoutMs })).toThrow(
      expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }),
    );
  }
});
