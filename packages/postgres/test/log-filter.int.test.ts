import type { EncodedEvent, EventStore } from '@leftfold/core';
import type { Batch, LogRecord } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import { eventually, newEvents, newStream, thingHappened } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';

const WANTED = 'conformance.thing.wanted';
const wanted = (version: number): readonly EncodedEvent[] =>
  newEvents(1, { schema: { ...thingHappened, type: WANTED, version, fingerprint: `wanted ${version}` } });
const append = (store: EventStore, events: readonly EncodedEvent[]) =>
  store.append([{ stream: newStream(), expect: 'absent', events }]);

test('a reader that wants a type is handed no other event, and a version of it that another process writes for the first time', async () => {
  const { storage, pool, connect } = await testLog();
  const read: LogRecord[] = [];
  const batches: Batch<LogRecord>[] = [];
  const stop = new AbortController();
  const running = storage.log.run(
    {
      name: 'test',
      only: { types: [WANTED] },
      from: async () => 'start',
      handle: async (batch) => {
        batches.push(batch);
        read.push(...batch.records);
      },
      faulted: (_, error) => expect.unreachable(String(error)),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  await append(storage.store, newEvents(3));
  await eventually(() => batches.length > 0);
  for (const version of [1, 2]) {
    await append(postgres({ ...poolerOptions, pool }).store, wanted(version));
    await append(storage.store, newEvents(1));
  }
  // In a transaction that began before its schema was there.
  const client = await connect();
  await client.query('begin; select pg_current_xact_id()');
  await append(postgres({ ...poolerOptions, pool }).store.within(client), wanted(3));
  await append(storage.store, newEvents(1));
  await client.query('commit');

  await eventually(() => read.length === 3);

  expect(read.map(({ type, version }) => [type, version])).toEqual([1, 2, 3].map((version) => [WANTED, version]));
  expect(batches.slice(1).map(({ from }) => from)).toEqual(batches.slice(0, -1).map(({ to }) => to));
});

test('a wish for no types at all is granted: places alone are handed over', async () => {
  const { storage } = await testLog();
  await append(storage.store, newEvents(3));
  const until = await storage.log.head();
  const batches: Batch<LogRecord>[] = [];
  const reader = {
    name: 'test',
    only: { types: [] },
    until,
    from: async () => 'start' as const,
    handle: async (batch: Batch<LogRecord>) => void batches.push(batch),
    faulted: (_: unknown, error: unknown) => expect.unreachable(String(error)),
  };
  await storage.log.run(reader, new AbortController().signal);
  expect(batches.flatMap(({ records }) => records)).toEqual([]);
  expect(batches).toHaveLength(1);
});

test('a name with quotes, commas and braces in it is a name', async () => {
  const { storage } = await testLog();
  await append(storage.store, newEvents(1));
  const until = await storage.log.head();
  const reader = {
    name: 'test',
    only: { types: ['a,"b"', '{', "'; drop table leftfold.events; --", '\\'], categories: ['{}', 'NULL', ''] },
    until,
    from: async () => 'start' as const,
    handle: async ({ records }: Batch<LogRecord>) => expect(records).toEqual([]),
    faulted: (_: unknown, error: unknown) => expect.unreachable(String(error)),
  };
  await storage.log.run(reader, new AbortController().signal);
});
