import { newEvents, newStream, readIds } from '@leftfold/testing';
import { streamRef, type ReadOptions, type StreamVersion } from '@leftfold/core';
import { expect, onTestFinished, test } from 'vitest';
import type { QueryConfig } from 'pg';
import type { PgTransaction } from '@leftfold/postgres';
import { testLog } from './fresh-log.ts';

/** For the rest of the transaction, which is the text that begins so: as a superuser may, and nobody else. */
const PAST_THE_TRIGGER = 'set local session_replication_role = replica';

test('L11 a stream is read in version order whatever the plan and wherever its rows lie', async () => {
  // Rows come as they lie in the table: no index may be used.
  const options = ['indexscan', 'indexonlyscan', 'bitmapscan'].map((scan) => `-c enable_${scan}=off`).join(' ');
  const { storage, pool } = await testLog({ pool: { options } });
  const stream = newStream();
  const events = newEvents(12);
  await storage.store.append([{ stream, expect: 'absent', events }]);
  await pool.query(`${PAST_THE_TRIGGER}; with moved as (delete from leftfold.events where version in (2, 3, 7) returning *)
    insert into leftfold.events select * from moved order by version desc`);

  expect(await readIds(storage.store, stream)).toEqual(events.map(({ id }) => id));
});

test('L11 a stream with a hole is refused, not handed out', async () => {
  const { storage, pool } = await testLog();
  const stream = newStream();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(3) }]);
  await pool.query(`${PAST_THE_TRIGGER}; delete from leftfold.events where version = 2`);

  await expect(readIds(storage.store, stream)).rejects.toMatchObject({ code: 'LF_STREAM_CORRUPT', retryable: false });
});

test.each([
  ['in the middle', 2],
  ['at the beginning', 1],
])('L11 backwards, too, a stream with a hole %s is refused', async (_, missing) => {
  const { storage, pool } = await testLog();
  const stream = newStream();
  const events = newEvents(4);
  await storage.store.append([{ stream, expect: 'absent', events }]);
  await pool.query(`${PAST_THE_TRIGGER}; delete from leftfold.events where version = ${missing}`);
  const read = async (options: ReadOptions): Promise<readonly unknown[]> => {
    const ids = [];
    for await (const page of storage.store.read(stream, options)) ids.push(...page.map(({ id }) => id));
    return ids;
  };

  await expect(read({ backwards: true })).rejects.toMatchObject({ code: 'LF_STREAM_CORRUPT', retryable: false });
  // What lies above the hole was never the caller's question.
  expect(await read({ backwards: true, limit: 2 })).toEqual([events[3]?.id, events[2]?.id]);
  expect(await read({ backwards: true, after: 2n as StreamVersion })).toEqual([events[3]?.id, events[2]?.id]);
});

test('reading by another category than the stream has is refused', async () => {
  const { storage } = await testLog();
  await storage.store.append([{ stream: streamRef('a', 'b-c'), expect: 'absent', events: newEvents(1) }]);
  await expect(readIds(storage.store, streamRef('a-b', 'c'))).rejects.toMatchObject({ code: 'LF_STREAM_CATEGORY' });
});

test('a page is asked for while the one before is dealt with; whoever stops before it hears nothing of its fault', async () => {
  const untaken: unknown[] = [];
  const note = (reason: unknown): void => void untaken.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const { storage, pool } = await testLog();
  const stream = newStream();
  for (let n = 0; n < 2; n++) await storage.store.append([{ stream, expect: 'any', events: newEvents(600) }]);
  await pool.query(`${PAST_THE_TRIGGER}; delete from leftfold.events where version = 900`);
  const pages = storage.store.read(stream)[Symbol.asyncIterator]();
  expect((await pages.next()).value).toHaveLength(500);
  await pages.return?.();
  // Sent after the page ahead, on one connection or another; and read whole, so longer under way.
  await expect(readIds(storage.store, stream)).rejects.toMatchObject({ code: 'LF_STREAM_CORRUPT' });
  await expect.poll(() => pool.idleCount === pool.totalCount).toBe(true);
  expect(untaken).toEqual([]);
});
test('in a transaction of the caller’s no page is asked for before the one before was dealt with', async () => {
  const { storage, connect } = await testLog();
  const stream = newStream();
  for (let n = 0; n < 2; n++) await storage.store.append([{ stream, expect: 'any', events: newEvents(600) }]);
  const client = await connect();
  await client.query('begin');
  let asked = 0;
  const counting: PgTransaction = { query: (query) => ((asked += 1), client.query(query as QueryConfig)) };
  const pages = storage.store.within(counting).read(stream)[Symbol.asyncIterator]();
  const seen: number[] = [];
  for (let page = await pages.next(); page.done !== true; page = await pages.next()) seen.push(asked);
  expect(seen).toEqual([1, 2, 3]);
});
