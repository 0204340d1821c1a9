import assert from 'node:assert/strict';
import { kafkaKey, partitionHash } from '@leftfold/core';
import type { Batch, Cursor, Lane, LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream, readIds } from '../event-store/encoded-events.ts';
import { interleavedLanes } from './interleaved-lanes.ts';
import { readSource, recordsOf } from './read-log.ts';
import { idsOf, write, writeTogether } from './written-events.ts';

const LANES = 4;
const NAMES = ['0', '1', '2', '3'];

/** What holds where a log has several lanes. */
export function laneCases(open: (lanes: number) => Promise<Storage>, timeoutMs?: number): readonly ConformanceCase[] {
  const readUntil: typeof readSource = (source, isEnough, options) =>
    readSource(source, isEnough, { ...(timeoutMs !== undefined && { timeoutMs }), ...options });
  /** Twelve, some on each lane: chance alone would leave one empty now and then. */
  const someStreams = () =>
    Array.from({ length: 12 }, (_, i) => {
      for (;;) {
        const stream = newStream();
        if (partitionHash(kafkaKey(stream.tenant, stream.id)) % LANES === i % LANES) return stream;
      }
    });
  return [
    {
      title: 'every event comes on the one lane that its hash names, each lane in its streams’ order, and batches join',
      run: async () => {
        const storage = await open(LANES);
        const streams = someStreams();
        await write(storage, streams, 20);
        const writing = Promise.all([write(storage, streams, 40), writeTogether(storage, streams)]);
        const batches = await readUntil(storage.log, (read) => idsOf(read, streams).length >= 12 * 61);
        await writing;
        for (const { lane, records } of batches)
          for (const { hash } of records) assert.equal(lane, String(hash % LANES));
        for (const stream of streams) assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
        for (const lane of NAMES) {
          const ofLane = batches.filter((batch) => batch.lane === lane);
          assert.deepEqual(
            ofLane.map(({ from }) => from),
            ['start', ...ofLane.slice(0, -1).map(({ to }) => to)],
          );
        }
        assert.equal(storage.log.lanes, LANES);
      },
    },
    {
      title: 'the head names every lane, and every lane passes it, also one without events',
      run: async () => {
        const storage = await open(LANES);
        await write(storage, [newStream()], 1);
        const head = await storage.log.head();
        assert.deepEqual([...head.keys()], NAMES);
        const hasPassed = ({ lane, to }: Batch): boolean => storage.log.hasPassed(to, head.get(lane) as Cursor);
        await readUntil(storage.log, (read) =>
          NAMES.every((lane) => read.some((batch) => batch.lane === lane && hasPassed(batch))),
        );
        const [one, other] = [head.get('0' as Lane) as Cursor, head.get('1' as Lane) as Cursor];
        assert.equal(storage.log.hasPassed(one, other), false, 'a place of another lane says nothing');
      },
    },
    {
      title: 'reading on from the `at` or the `to` of a lane’s batch gives that batch again, or what came after it',
      run: async () => {
        const storage = await open(LANES);
        const streams = someStreams();
        await write(storage, streams, 130);
        const until = await storage.log.head();
        const all = await readUntil(storage.log, () => false, { until });
        await write(storage, streams, 2);
        for (const [index, { lane, at, to, records }] of all.entries()) {
          const rest = all.slice(index + 1).filter((batch) => batch.lane === lane);
          const upTo = new Map([[lane, until.get(lane) as Cursor]]);
          for (const [place, expected] of [
            [at, [...records, ...recordsOf(rest)]],
            [to, recordsOf(rest)],
          ] as const) {
            const again = await readUntil(storage.log, () => false, { until: upTo, from: async () => place });
            assert.deepEqual(
              recordsOf(again).map(({ id }) => id),
              expected.map(({ id }) => id),
              `batch ${index}`,
            );
          }
        }
      },
    },
    {
      title:
        'a lane whose batch stays pending, or whose place is waited for, holds up no other, and goes on where it was',
      run: async () => {
        const storage = await open(LANES);
        const streams = someStreams();
        await write(storage, streams, 10);
        const stuck = '1' as Lane;
        const late = '2' as Lane;
        const others = Promise.withResolvers<void>();
        const seen = { count: 0 };
        const expected = await countOn(storage, [0, 3]);
        const batches = await readUntil(
          storage.log,
          (read) => {
            seen.count = recordsOf(read).filter(({ hash }) => hash % LANES === 0 || hash % LANES === 3).length;
            if (seen.count >= expected) others.resolve();
            return idsOf(read, streams).length >= 12 * 10;
          },
          {
            from: async (lane, signal) => {
              if (lane === late) await untilResolved(others.promise, signal);
              return 'start';
            },
            handle: async ({ lane, records }, signal) => {
              if (lane === stuck && records.length > 0) await untilResolved(others.promise, signal);
            },
          },
        );
        for (const stream of streams) assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
      },
    },
    {
      title: 'a place of another number of lanes is refused, on every lane, before anything is read',
      run: async () => {
        const [several, one] = [await open(LANES), await open(1)];
        await write(several, [newStream()], 1);
        await write(one, [newStream()], 1);
        const isRefused = { code: 'LF_LANES_CHANGED', retryable: false };
        const { division } = several.log;
        assert.ok(division);
        assert.equal(one.log.division, undefined);
        const [[, single] = []] = [...(await one.log.head())];
        assert.throws(() => division.check(single as Cursor), isRefused);
        const beginning = await division.beginning('1' as Lane);
        division.check(beginning);
        const isOfOneLog = (await several.log.identity()).id === (await one.log.identity()).id;
        if (isOfOneLog) {
          let read = 0;
          const handle = async (): Promise<void> => void (read += 1);
          await assert.rejects(
            readUntil(several.log, () => true, { at: single as Cursor, handle }),
            isRefused,
          );
          await assert.rejects(
            readUntil(one.log, () => true, { at: beginning, handle }),
            isRefused,
          );
          assert.equal(read, 0);
        }
        await assert.rejects(
          readUntil(several.log, () => false, { at: beginning }),
          { code: 'LF_CURSOR_INVALID' },
        );
      },
    },
    {
      title: 'the place before everything of a lane, as a cursor, is where the start is',
      run: async () => {
        const storage = await open(2);
        const streams = someStreams();
        await write(storage, streams, 2);
        const until = await storage.log.head();
        const read = async (from: (lane: Lane) => Promise<Cursor | 'start'>): Promise<readonly string[]> =>
          idsOf(await readUntil(storage.log, () => false, { until, from }), streams).toSorted();
        const fromStart = await read(async () => 'start');
        assert.equal(fromStart.length, 24);
        assert.deepEqual(await read(async (lane) => storage.log.division?.beginning(lane) ?? 'start'), fromStart);
      },
    },
    {
      title:
        'whatever readers are slow, reject, or go and come again at their saved places: each lane gets its events once, in order',
      run: () => interleavedLanes(open),
    },
  ];

  async function countOn(storage: Storage, lanes: readonly number[]): Promise<number> {
    const head = await storage.log.head();
    const until = new Map([...head].filter(([lane]) => lanes.includes(Number(lane))));
    return recordsOf<LogRecord>(await readUntil(storage.log, () => false, { until })).length;
  }
}

const untilResolved = (promise: Promise<void>, signal: AbortSignal): Promise<void> =>
  Promise.race([
    promise,
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  ]);
