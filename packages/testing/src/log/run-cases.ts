import assert from 'node:assert/strict';
import type { Batch, Cursor, LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream, readIds } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';
import { readSource } from './read-log.ts';
import { idsOf, write } from './written-events.ts';

type OpenStorage = () => Promise<Storage>;

/** How a run goes: what it waits for, what it does when a reader rejects, and how it ends. */
export function runCases(open: OpenStorage, timeoutMs?: number): readonly ConformanceCase[] {
  const readUntil: typeof readSource = (source, isEnough, options) =>
    readSource(source, isEnough, { ...(timeoutMs !== undefined && { timeoutMs }), ...options });
  return [
    {
      title: 'an idle reader is handed what is appended next',
      run: async () => {
        const storage = await open();
        const stream = newStream();
        const last = newStream();
        await write(storage, [stream], 1);
        let appended: Promise<void> | undefined;
        const batches = await readUntil(storage.log, (read) => {
          if (idsOf(read, [stream]).length === 1) appended ??= write(storage, [last], 1);
          return idsOf(read, [last]).length === 1;
        });
        await appended;
        assert.deepEqual(idsOf(batches, [last]), await readIds(storage.store, last));
      },
    },
    {
      title: 'when a reader rejects a batch it is asked again for its place, and goes on from there',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 300);
        let saved: Cursor | 'start' = 'start';
        let asked = 0;
        let handled = 0;
        let misplaced = 0;
        const kept: Batch<LogRecord>[] = [];
        await readUntil(storage.log, () => idsOf(kept, streams).length >= 600, {
          from: async () => {
            asked += 1;
            return saved;
          },
          handle: async (batch) => {
            misplaced += batch.from === saved ? 0 : 1;
            if (++handled <= 2) throw new Error('another owner has this lane');
            kept.push(batch);
            saved = batch.to;
          },
        });
        assert.deepEqual({ asked, misplaced }, { asked: 3, misplaced: 0 });
        for (const stream of streams) assert.deepEqual(idsOf(kept, [stream]), await readIds(storage.store, stream));
      },
    },
    {
      title: 'a pending batch holds its lane: the next comes when it is dealt with',
      run: async () => {
        const storage = await open();
        const stream = newStream();
        await write(storage, [stream], 1);
        const pending = new Set<string>();
        let overlaps = 0;
        const streams = [stream];
        await readUntil(storage.log, (read) => idsOf(read, streams).length >= 5, {
          handle: async ({ lane }) => {
            if (pending.has(lane)) overlaps += 1;
            pending.add(lane);
            if (streams.length < 5) {
              const next = newStream();
              streams.push(next);
              await write(storage, [next], 1);
            }
            await new Promise((resolve) => setImmediate(resolve));
            pending.delete(lane);
          },
        });
        assert.equal(overlaps, 0, 'batches of one lane at once');
      },
    },
    {
      title: 'aborting aborts the pending batch, and run resolves when that has ended',
      run: async () => {
        const storage = await open();
        await write(storage, [newStream()], 1);
        const stop = new AbortController();
        const ended: string[] = [];
        const running = storage.log.run(
          {
            name: 'conformance',
            from: async () => 'start',
            handle: async (_batch, signal) => {
              const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
              stop.abort();
              await aborted;
              await new Promise((resolve) => setImmediate(resolve));
              ended.push('handle');
              throw signal.reason;
            },
            faulted: () => ended.push('faulted'),
          },
          stop.signal,
        );
        await running;
        assert.deepEqual(ended, ['handle']);
      },
    },
    {
      title: 'while the reader’s place is pending nothing is read, and aborting ends that, too',
      run: async () => {
        const storage = await open();
        await write(storage, [newStream()], 1);
        const stop = new AbortController();
        let read = 0;
        const running = storage.log.run(
          {
            name: 'conformance',
            from: async (_lane, signal) => {
              queueMicrotask(() => stop.abort());
              await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
              throw signal.reason;
            },
            handle: async () => void (read += 1),
            faulted: () => {},
          },
          stop.signal,
        );
        await running;
        assert.equal(read, 0);
      },
    },
    {
      title: 'a run whose signal has aborted already resolves and reads nothing; an idle one ends when it aborts',
      run: async () => {
        const storage = await open();
        await write(storage, [newStream()], 1);
        let read = 0;
        const reader = {
          name: 'conformance',
          from: async () => 'start' as const,
          handle: async () => void (read += 1),
          faulted: () => {},
        };
        await storage.log.run(reader, AbortSignal.abort());
        assert.equal(read, 0);
        const stop = new AbortController();
        const running = storage.log.run(reader, stop.signal);
        await eventually(() => read > 0);
        stop.abort();
        await running;
      },
    },
  ];
}
