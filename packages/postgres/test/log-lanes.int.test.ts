import { event, t, type StreamRef } from '@leftfold/core';
import { follow, projection } from '@leftfold/subscriptions';
import type { Batch, Cursor, Lane, Log, LogReader, LogRecord } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import { eventually, newEvents, newStream } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { countingPool, nothingAsked, type Asked } from './counting-pool.ts';
import { poolerOptions, testLog } from './fresh-log.ts';

const BATCH = 50;

interface Reading {
  readonly batches: Batch<LogRecord>[];
  readonly count: () => number;
  readonly stop: () => Promise<void>;
}

/** A reader that runs until the test ends. */
function read(log: Log, differently: Partial<LogReader> = {}): Reading {
  const batches: Batch<LogRecord>[] = [];
  const stop = new AbortController();
  const running = log.run(
    {
      name: 'test',
      from: async () => 'start',
      faulted: (_, error) => expect.unreachable(String(error)),
      ...differently,
      handle: async (batch, signal) => {
        await differently.handle?.(batch, signal);
        batches.push(batch);
      },
    },
    stop.signal,
  );
  const ended = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  onTestFinished(ended);
  return { batches, count: () => batches.reduce((sum, { records }) => sum + records.length, 0), stop: ended };
}

async function countedLog(lanes: number, batchSize = BATCH) {
  const log = await testLog();
  const asked = nothingAsked();
  const counted = postgres({ ...poolerOptions, pool: countingPool(log.pool, asked), lanes, batchSize });
  const append = async (streams: readonly StreamRef[], count = 1): Promise<void> => {
    for (const stream of streams) await counted.store.append([{ stream, expect: 'any', events: newEvents(count) }]);
  };
  return { ...log, log: counted.log, append, asked };
}
/** Answers when all lanes have asked, so that they begin together however long each connection takes. */
function together(lanes: number): LogReader['from'] {
  const all = Promise.withResolvers<void>();
  let asked = 0;
  return async () => {
    if (++asked === lanes) all.resolve();
    await all.promise;
    return 'start';
  };
}
const pagesOf = ({ statements }: Asked): readonly string[] => statements.filter((one) => one !== 'log_poll');

test('lanes of one run that stand together share their polls and their pages', async () => {
  const { log, append, asked } = await countedLog(4);
  const streams = Array.from({ length: 20 }, () => newStream());
  await append(streams, BATCH);
  const beginning = together(4);
  const reading = read(log, { from: beginning });
  await eventually(() => reading.count() === 20 * BATCH);

  // A page of four lanes holds four batches.
  expect(pagesOf(asked)).toEqual(Array.from({ length: 5 }, () => 'log_backlog'));
  expect(asked.polls.most).toBe(1);
  for (const [i, stream] of streams.entries()) {
    await append([stream]);
    await eventually(() => reading.count() === 20 * BATCH + i + 1);
  }
  expect(pagesOf(asked).slice(5)).toEqual(streams.map(() => 'log_window'));
});

test('a lane that was left behind by the others catches up by itself and joins them again', async () => {
  const { log, pool, append, asked } = await countedLog(4);
  const streams = Array.from({ length: 20 }, () => newStream());
  const held = Promise.withResolvers<void>();
  const reading = read(log, {
    handle: async ({ lane, records }, signal) => {
      if (lane !== '2' || records.length === 0) return;
      await Promise.race([held.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    },
  });
  const onLane = (is: (hash: number) => boolean): number =>
    reading.batches.flatMap(({ records }) => records).filter(({ hash }) => is(hash)).length;
  for (let round = 1; round <= 5; round++) {
    await append(streams, 2);
    const { rows } = await pool.query('select count(*)::int as others from leftfold.events where hash % 4 <> 2');
    await eventually(() => onLane((hash) => hash % 4 !== 2) === rows[0].others);
  }
  expect(onLane((hash) => hash % 4 === 2)).toBe(0);
  expect(pagesOf(asked)).toContain('log_window_filtered');
  held.resolve();
  await eventually(() => reading.count() === 20 * 10);

  await eventually(async () => {
    asked.statements.length = 0;
    const before = reading.count();
    await append([newStream()]);
    await eventually(() => reading.count() === before + 1);
    return pagesOf(asked).join() === 'log_window';
  });
});

test('five followers that wait for events ask as often as one: a single poll at a time', async () => {
  const { log, append, asked } = await countedLog(1);
  await append([newStream()], 3);
  const readings = Array.from({ length: 5 }, () => read(log));
  await eventually(() => readings.every((reading) => reading.count() === 3));
  asked.statements.length = 0;
  asked.polls.most = 0;

  await eventually(() => asked.statements.length >= 8);

  expect(asked.polls.most).toBe(1);
  expect(pagesOf(asked)).toEqual([]);
  await append([newStream()]);
  await eventually(() => readings.every((reading) => reading.count() === 4));
  expect(pagesOf(asked)).toHaveLength(5);
});

test('a place of another number of lanes stops each lane before anything is read', async () => {
  const { log, pool, append } = await countedLog(1);
  await append([newStream()], 3);
  const single = (await log.head()).get('0' as Lane) as Cursor;
  const several = postgres({ ...poolerOptions, pool, lanes: 2 });
  const faults: unknown[] = [];
  let handled = 0;
  const stop = new AbortController();
  await several.log.run(
    {
      name: 'test',
      from: async () => single,
      handle: async () => void (handled += 1),
      faulted: (lane, error, retryMs) => {
        faults.push([lane, (error as { readonly code?: string }).code, retryMs]);
        if (faults.length === 2) stop.abort();
      },
    },
    stop.signal,
  );
  expect(
    (faults as readonly (readonly unknown[])[]).toSorted(([a], [b]) => String(a).localeCompare(String(b))),
  ).toEqual([
    ['0', 'LF_LANES_CHANGED', null],
    ['1', 'LF_LANES_CHANGED', null],
  ]);
  expect(handled).toBe(0);
});

const happened = event('conformance.thing.happened', { what: t.string() });
/** Rows that count an event twice which comes twice. */
const counts = (version: number) =>
  projection('counts', { version, key: 'what', row: { what: t.string(), count: t.int() }, order: 'any' }).upsert(
    happened,
    { by: 'what' },
    (row, { data: { what } }) => ({ what, count: (row?.count ?? 0) + 1 }),
  );

test('a follower that was begun with one lane is refused with several, and the reverse; with its own number it goes on', async () => {
  const { pool, append } = await countedLog(1);
  const streams = Array.from({ length: 10 }, () => newStream());
  const counted = async (): Promise<number> => {
    const { rows } = await pool.query('select count from leftfold_counts_v1.counts');
    return rows[0].count;
  };
  const run = async (
    lanes: number,
    version: number,
    work: (running: Awaited<ReturnType<typeof follow>>) => unknown,
  ) => {
    const storage = postgres({ ...poolerOptions, pool, lanes });
    const running = await follow(counts(version), { from: storage.log, storage });
    await work(running);
    await running.stop();
  };
  const isRefused = (lanes: number) => (running: Awaited<ReturnType<typeof follow>>) =>
    eventually(() => {
      const { lanes: now } = running.status();
      return now.length === lanes && now.every(({ fault }) => fault?.code === 'LF_LANES_CHANGED');
    });
  await append(streams);
  await run(1, 1, (running) => running.caughtUp());
  await run(4, 1, isRefused(4));
  expect(await counted()).toBe(10);
  await append(streams);
  await run(1, 1, (running) => running.caughtUp());
  expect(await counted()).toBe(20);

  // Another version begins anew, with the new number; and then that is its own.
  await run(4, 2, (running) => running.caughtUp());
  await run(1, 2, isRefused(1));
  await run(2, 2, isRefused(2));
  await append(streams);
  await run(4, 2, (running) => running.caughtUp());
  const { rows } = await pool.query('select count from leftfold_counts_v2.counts');
  expect(rows[0].count).toBe(30);
});

test.each([0, 3, 17, 32, 1.5])('%j lanes are refused', async (lanes) => {
  const { pool } = await testLog();
  expect(() => postgres({ pool, lanes })).toThrow(expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }));
});
