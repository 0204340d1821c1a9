import { uuidV7 } from '@leftfold/core';
import { memoryBroker } from '@leftfold/memory';
import type { Batch, Cursor, Lane, Reader, Source } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { sourceConformance } from './source-conformance.ts';

/** The same source, to which its readers look different. */
const reading =
  (change: (reader: Reader) => Partial<Reader>) =>
  (source: Source): Partial<Source> => ({
    run: (reader, signal) => source.run({ ...reader, ...change(reader) }, signal),
  });
/** Batches are changed on their way. */
const handing = (change: (batch: Batch, count: number) => Batch) =>
  reading((reader) => {
    let count = 0;
    return { handle: (batch, signal) => reader.handle(change(batch, ++count), signal) };
  });

/** What must not be, as a wrapper around a source that is right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(source: Source) => Partial<Source>, string] } = {
  'a record of a batch is left out': [
    handing((batch, count) => (count === 2 ? { ...batch, records: batch.records.slice(1) } : batch)),
    'every record comes once, of each partition in its order, and the batches join',
  ],
  'a record comes twice': [
    handing((batch) => ({ ...batch, records: [...batch.records, ...batch.records.slice(-1)] })),
    'every record comes once, of each partition in its order, and the batches join',
  ],
  'records of a batch are in another order': [
    handing((batch) => ({ ...batch, records: batch.records.toReversed() })),
    'every record comes once, of each partition in its order, and the batches join',
  ],
  'batches do not join': [
    handing((batch) => ({ ...batch, from: batch.at })),
    'reading on from the `to` of any batch, or its `at`, gives exactly what stands there',
  ],
  'a place within a batch is one record too early': [
    handing((batch) => ({
      ...batch,
      after: (count) => (count > 1 ? batch.after?.(count - 1) : undefined) ?? batch.at,
    })),
    'C4 reading on from the place after any record of a batch gives exactly what came after it',
  ],
  'a place within a batch is its end': [
    handing((batch) => ({ ...batch, after: () => batch.to })),
    'C4 reading on from the place after any record of a batch gives exactly what came after it',
  ],
  'the reader’s place is not asked for': [
    reading((reader) => ({
      from: async (lane, signal) => {
        await reader.from(lane, signal);
        return 'start';
      },
    })),
    'C2 nothing before the saved place is handed over, however long its reader takes to tell it',
  ],
  'a fault that is final is told as one that passes': [
    reading((reader) => ({ faulted: (lane, error) => reader.faulted(lane, error, 1_000) })),
    'a record that no relay wrote stops its lane after what stands before it, and no other',
  ],
  'a fault is not told': [
    reading(() => ({ faulted: () => {} })),
    'R13 R14 C11b a record is known by its number after a restart: seen, next, a gap, ahead of the log, another log, an old generation',
  ],
  'every fault is a gap': [
    reading((reader) => ({
      faulted: (lane, error, retryMs) =>
        reader.faulted(lane, Object.assign(new Error('x', { cause: error }), { code: 'LF_GAP' }), retryMs),
    })),
    'R13 R14 C11b a record is known by its number while it reads: seen, next, a gap, ahead of the log, another log, an old generation',
  ],
  'a rejection is not heard': [
    reading((reader) => ({ handle: (batch, signal) => reader.handle(batch, signal).catch(() => undefined) })),
    'when a reader rejects a batch it is asked again for its place, and goes on from there',
  ],
  'the next batch does not wait for the one before': [
    reading((reader) => ({
      handle: async (batch, signal) => void reader.handle(batch, signal).catch(() => undefined),
    })),
    'a pending batch holds its lane, the next comes when it is dealt with; other lanes go on',
  ],
  'a run resolves before its handlers have ended': [
    (source) => ({
      run: (reader, signal) =>
        Promise.race([
          source.run(reader, signal),
          new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
        ]),
    }),
    'aborting aborts the pending batch, run resolves when that has ended, and nothing more is read',
  ],
  'a pending batch is not aborted': [
    reading((reader) => ({ handle: (batch) => reader.handle(batch, new AbortController().signal) })),
    'aborting aborts the pending batch, run resolves when that has ended, and nothing more is read',
  ],
  'a reader that waits with its place is not aborted': [
    reading((reader) => ({ from: (lane) => reader.from(lane, new AbortController().signal) })),
    'while the reader’s place is pending nothing is read, and aborting ends that, too',
  ],
  'readers of all names share': [
    reading(() => ({ name: 'everybody' })),
    'readers of other names, as versions of a projection are, get everything each',
  ],
  'an end is not heeded': [
    (source) => ({
      run: ({ until: _until, ...reader }, signal) => source.run(reader, signal),
    }),
    'a bounded reading ends by itself with exactly what stood there, though more is written meanwhile',
  ],
  'lanes are read that the end does not name': [
    (source) => ({
      run: async (reader, signal) =>
        source.run(reader.until ? { ...reader, until: await source.head() } : reader, signal),
    }),
    'a bounded reading begins at the reader’s place; lanes that are not named are not read',
  ],
  'a bounded reading ends though a lane has stopped': [
    (source) => ({
      run: (reader, signal) => {
        const stop = new AbortController();
        const faulted: Reader['faulted'] = (lane, error, retryMs) => {
          reader.faulted(lane, error, retryMs);
          if (reader.until && retryMs === null) setTimeout(() => stop.abort(), 1);
        };
        return source.run({ ...reader, faulted }, AbortSignal.any([signal, stop.signal]));
      },
    }),
    'a lane that stops before its end keeps a bounded reading from ending, and tells why',
  ],
  'a head lies before what was written': [
    (source) => {
      let first: Promise<ReadonlyMap<Lane, Cursor>> | undefined;
      return { head: () => (first ??= source.head()) };
    },
    'whoever has passed a head has everything that stood there before it was asked for',
  ],
  'every head is passed': [
    () => ({ hasPassed: () => true }),
    'whoever has passed a head has everything that stood there before it was asked for',
  ],
  'what cannot be decoded yet is not waited for': [
    reading((reader) => ({
      faulted: (lane, error) => reader.faulted(lane, error, null),
    })),
    'A7 a record whose schema is not known yet is waited for, visibly; what stands before it comes first, and nothing is skipped or doubled',
  ],
};

test.each(Object.entries(BREAKS))('that %s is seen', async (_name, [broken, title]) => {
  const suite = sourceConformance({
    open: async (partitions, codec) => {
      const broker = memoryBroker({ partitions, ...(codec && { codec }) });
      const publisher = await broker.publisher();
      const topic = `conformance.${uuidV7()}`;
      await publisher.partitions(topic);
      const { source } = broker;
      const right: Source = {
        name: source.name,
        ownership: source.ownership,
        run: (reader, signal) => source.run(reader, signal),
        head: () => source.head(),
        restore: (kept, signal) => source.restore(kept, signal),
        hasPassed: (cursor, head) => source.hasPassed(cursor, head),
      };
      const wrong = { ...right, ...broken(right) };
      return {
        topic,
        source: () => wrong,
        publish: async (records) => void (await publisher.publish(records)),
        close: () => publisher.close(),
      };
    },
    retention: false,
    recreation: false,
    timeoutMs: 300,
  });
  const found = suite.find((each) => each.title === title);
  expect(found, 'there is such a case').toBeDefined();
  const outcome = await Promise.race([
    found?.run().then(
      () => 'not seen',
      () => 'seen',
    ),
    // A case that never ends is as good as one that fails.
    new Promise((resolve) => setTimeout(() => resolve('seen'), 2_000)),
  ]);
  expect(outcome).toBe('seen');
});
