import { newEvents, newStream, readIds } from '@leftfold/testing';
import { streamRef } from '@leftfold/core';
import { expect, test } from 'vitest';
import { testLog } from './fresh-log.ts';

test('L11 a stream is read in version order whatever the plan and wherever its rows lie', async () => {
  // Rows come as they lie in the table: no index may be used.
  const options = ['indexscan', 'indexonlyscan', 'bitmapscan'].map((scan) => `-c enable_${scan}=off`).join(' ');
  const { storage, pool } = await testLog({ pool: { options } });
  const stream = newStream();
  const events = newEvents(12);
  await storage.store.append([{ stream, expect: 'absent', events }]);
  await pool.query(`with moved as (delete from leftfold.events where version in (2, 3, 7) returning *)
    insert into leftfold.events select * from moved order by version desc`);

  expect(await readIds(storage.store, stream)).toEqual(events.map(({ id }) => id));
});

test('L11 a stream with a hole is refused, not handed out', async () => {
  const { storage, pool } = await testLog();
  const stream = newStream();
  await storage.store.append([{ stream, expect: 'absent', events: newEvents(3) }]);
  await pool.query('delete from leftfold.events where version = 2');

  await expect(readIds(storage.store, stream)).rejects.toMatchObject({ code: 'LF_STREAM_CORRUPT', retryable: false });
});

test('reading by another category than the stream has is refused', async () => {
  const { storage } = await testLog();
  await storage.store.append([{ stream: streamRef('a', 'b-c'), expect: 'absent', events: newEvents(1) }]);
  await expect(readIds(storage.store, streamRef('a-b', 'c'))).rejects.toMatchObject({ code: 'LF_STREAM_CATEGORY' });
});
