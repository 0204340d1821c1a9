import type { Client } from 'pg';
import type { EventStore, StreamRef } from '@leftfold/core';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freshDatabase, testLog, type FreshLog } from './fresh-log.ts';
import { nameOf, readToEnd } from './read-to-end.ts';

/** A cursor between windows, whose boundary saw no transaction under way. */
const NOBODY_RAN = /:\/-\/0$/;

const append = (store: EventStore, stream: StreamRef, count = 1) =>
  store.append([{ stream, expect: 'any', events: newEvents(count) }]);
const named = (stream: StreamRef, ...versions: number[]): string[] =>
  versions.map((version) => `${stream.id}@${version}`);

/** A transaction of another program, and the store in it. */
async function begin({ connect, storage }: FreshLog): Promise<{ readonly client: Client; readonly store: EventStore }> {
  const client = await connect();
  await client.query('begin');
  return { client, store: storage.store.within(client) };
}

/** Gives a transaction its id without writing an event. */
const takeId = (client: Client) => client.query('select pg_current_xact_id()');

/** What a reader gets that runs until the test ends; a fault of the log counts as something it got. */
function follow({ storage }: FreshLog): readonly string[] {
  const read: string[] = [];
  const stop = new AbortController();
  const running = storage.log.run(
    {
      name: 'test',
      from: async () => 'start',
      handle: async ({ records }) => void read.push(...records.map(nameOf)),
      faulted: (_, error) => void read.push(String(error)),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  return read;
}

test('L1 an event with a lower position that is committed later is read', async () => {
  const log = await testLog();
  const [slow, fast] = [newStream(), newStream()];
  const open = await begin(log);
  await append(open.store, slow);
  await append(log.storage.store, fast);
  const first = await readToEnd(log.storage.log);
  expect(first.records.map(nameOf)).toEqual(named(fast, 1));
  await open.client.query('commit');

  const second = await readToEnd(log.storage.log, first.cursor);

  expect(second.records.map(nameOf)).toEqual(named(slow, 1));
  expect(second.records[0]?.position).toBeLessThan(first.records[0]?.position as bigint);
});

test('L1 a reader that goes on without a restart reads it, too', async () => {
  const log = await testLog();
  const [slow, fast] = [newStream(), newStream()];
  const read = follow(log);
  const open = await begin(log);
  await append(open.store, slow, 3);
  await append(log.storage.store, fast, 2);
  await eventually(() => read.length === 2);
  await open.client.query('commit');

  await eventually(() => read.length === 5);

  expect(read).toEqual([...named(fast, 1, 2), ...named(slow, 1, 2, 3)]);
});

test('L1 a window that is larger than a batch is read to its end', async () => {
  const log = await testLog({ batchSize: 2 });
  const streams = [newStream(), newStream(), newStream()];
  const open = await begin(log);
  await append(open.store, streams[0] as StreamRef, 5);
  await append(log.storage.store, streams[1] as StreamRef, 3);
  const first = await readToEnd(log.storage.log);
  await open.client.query('commit');
  await append(log.storage.store, streams[2] as StreamRef, 4);
  await append(log.storage.store, streams[0] as StreamRef, 2);

  const second = await readToEnd(log.storage.log, first.cursor);

  const all = [...first.records, ...second.records].map(nameOf);
  for (const [i, count] of [7, 3, 4].entries()) {
    const stream = streams[i] as StreamRef;
    const versions = Array.from({ length: count }, (_, k) => k + 1);
    expect(all.filter((name) => name.startsWith(stream.id))).toEqual(named(stream, ...versions));
  }
  expect(all).toHaveLength(14);
});

test('L2 a gap is neither waited for nor given up, however long it stays open and whatever the clock says', async () => {
  const log = await testLog();
  const [slow, fast] = [newStream(), newStream()];
  const read = follow(log);
  const [open, undone] = [await begin(log), await begin(log)];
  await append(open.store, slow);
  await append(undone.store, newStream());
  await undone.client.query('rollback');
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  for (let year = 2100; year < 2130; year++) {
    vi.setSystemTime(new Date(year, 0));
    await append(log.storage.store, fast);
    // Behind the gap everything comes as if there was none.
    await eventually(() => read.length === year - 2099);
  }
  await open.client.query('commit');

  await eventually(() => read.length === 31);

  expect(read).toEqual([...named(fast, ...Array.from({ length: 30 }, (_, i) => i + 1)), ...named(slow, 1)]);
});

test('L3 an event below the position of one that was read is not skipped, whichever transaction began first', async () => {
  const log = await testLog();
  const [low, high] = [newStream(), newStream()];
  const read = follow(log);
  const older = await begin(log);
  await takeId(older.client);
  const younger = await begin(log);
  await append(younger.store, low);
  await append(older.store, high);
  await older.client.query('commit');
  await eventually(() => read.length === 1);
  await younger.client.query('commit');

  await eventually(() => read.length === 2);

  expect(read).toEqual([...named(high, 1), ...named(low, 1)]);
});

test('L4 a stream is read in version order when its second event is of the older transaction', async () => {
  const log = await testLog();
  const stream = newStream();
  const older = await begin(log);
  await takeId(older.client);
  await append(log.storage.store, stream);
  await append(older.store, stream);
  await older.client.query('commit');

  const { records } = await readToEnd(log.storage.log);

  expect(records.map(nameOf)).toEqual(named(stream, 1, 2));
});

test('L4 so it is when a reader comes between the two', async () => {
  const log = await testLog();
  const stream = newStream();
  const older = await begin(log);
  await takeId(older.client);
  await append(log.storage.store, stream, 2);
  const first = await readToEnd(log.storage.log);
  await append(older.store, stream);
  await append(log.storage.store, newStream());
  await older.client.query('commit');
  await append(log.storage.store, stream);

  const second = await readToEnd(log.storage.log, first.cursor);

  const ofStream = [...first.records, ...second.records].filter((record) => record.stream === stream.id);
  expect(ofStream.map(nameOf)).toEqual(named(stream, 1, 2, 3, 4));
});

test('R3 what a pinned place holds stays as it is when an event below it is committed', async () => {
  const log = await testLog();
  const [slow, fast] = [newStream(), newStream()];
  const open = await begin(log);
  await append(open.store, slow);
  await append(log.storage.store, fast, 2);
  const first = await readToEnd(log.storage.log);
  await open.client.query('commit');

  const again = await readToEnd(log.storage.log, first.batches[0]?.at);

  expect(first.records.map(nameOf)).toEqual(named(fast, 1, 2));
  expect(again.records.map(nameOf)).toEqual([...named(fast, 1, 2), ...named(slow, 1)]);
});

test('L5 a transaction that stays open delays nothing: here, in another database, prepared', async () => {
  const log = await testLog();
  const here = await begin(log);
  await append(here.store, newStream());
  const elsewhere = await log.connect(await freshDatabase());
  await elsewhere.query('begin; create table t (i int)');
  const prepared = await begin(log);
  const late = newStream();
  await append(prepared.store, late);
  const name = `test ${late.id}`;
  await prepared.client.query(`prepare transaction '${name}'`);
  onTestFinished(async () => void (await prepared.client.query(`rollback prepared '${name}'`).catch(() => undefined)));
  const stream = newStream();
  await append(log.storage.store, stream);

  const first = await readToEnd(log.storage.log);

  expect(first.records.map(nameOf)).toEqual(named(stream, 1));
  await log.pool.query(`commit prepared '${name}'`);
  const second = await readToEnd(log.storage.log, first.cursor);
  expect(second.records.map(nameOf)).toEqual(named(late, 1));
});

test('L12 what a savepoint took back is never read, what stayed is read once', async () => {
  const log = await testLog();
  const stream = newStream();
  const open = await begin(log);
  await append(open.store, stream);
  await open.client.query('savepoint a');
  await append(open.store, stream, 2);
  await open.client.query('rollback to a');
  await open.client.query('savepoint b');
  await append(open.store, stream);
  await open.client.query('release b');
  await append(log.storage.store, newStream());
  const first = await readToEnd(log.storage.log);
  await open.client.query('commit');

  const second = await readToEnd(log.storage.log, first.cursor);

  expect(second.records.map(nameOf)).toEqual(named(stream, 1, 2));
});

test('other transactions leave the cursor where it is, however many ids they use', async () => {
  const log = await testLog();
  await append(log.storage.store, newStream());
  // Ids are the cluster's: a transaction of another test that ran at that boundary would move it by ending.
  let first = await readToEnd(log.storage.log);
  await eventually(async () => {
    first = await readToEnd(log.storage.log);
    return NOBODY_RAN.test(first.cursor);
  });
  for (let i = 0; i < 20; i++) await log.pool.query('select pg_current_xact_id()');
  expect((await log.storage.log.head()).get('0' as never)).toBe(first.cursor);
  const stream = newStream();
  await append(log.storage.store, stream);

  const second = await readToEnd(log.storage.log, first.cursor);

  expect(second.batches.map((batch) => [batch.from, ...batch.records.map(nameOf)])).toEqual([
    [first.cursor, ...named(stream, 1)],
  ]);
});

test('a transaction that ended without an event holds nobody up who waits for the end', async () => {
  const log = await testLog();
  const open = await begin(log);
  await takeId(open.client);
  await append(log.storage.store, newStream());
  const first = await readToEnd(log.storage.log);
  await open.client.query('rollback');
  const head = (await log.storage.log.head()).get('0' as never);
  expect(log.storage.log.hasPassed(first.cursor, head as never)).toBe(false);

  const second = await readToEnd(log.storage.log, first.cursor);

  expect(second.records).toEqual([]);
  expect(log.storage.log.hasPassed(second.cursor, head as never)).toBe(true);
});
