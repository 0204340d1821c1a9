import { memory } from '@leftfold/memory';
import type { Batch, Log, LogRecord, Reader } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { logConformance } from './log-conformance.ts';

/** The same log, whose batches are changed on their way to the reader. */
const changing = (log: Log, change: (batch: Batch<LogRecord>) => Batch<LogRecord>): Partial<Log> => ({
  run: (reader, signal) =>
    log.run({ ...reader, handle: (batch, given) => reader.handle(change(batch), given) }, signal),
});
const handling = (
  log: Log,
  handle: (...args: [Reader<LogRecord>, Batch<LogRecord>, AbortSignal]) => Promise<void>,
): Partial<Log> => ({
  run: (reader, signal) => log.run({ ...reader, handle: (batch, given) => handle(reader, batch, given) }, signal),
});

/** What was shipped elsewhere, as a wrapper around a log that is right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(log: Log) => Partial<Log>, string] } = {
  'an event that was committed late is never read': [
    (log) =>
      changing(log, (batch) => ({ ...batch, records: batch.records.filter(({ position }) => position % 97n !== 0n) })),
    'L1 every event appended before and during reading arrives exactly once, per stream in version order',
  ],
  'an event is read twice': [
    (log) => changing(log, (batch) => ({ ...batch, records: [...batch.records, ...batch.records.slice(0, 1)] })),
    'L1 every event appended before and during reading arrives exactly once, per stream in version order',
  ],
  'one stream is inverted': [
    (log) => changing(log, (batch) => ({ ...batch, records: batch.records.toReversed() })),
    'L1 every event appended before and during reading arrives exactly once, per stream in version order',
  ],
  'a batch does not say where it began': [
    (log) => changing(log, (batch) => ({ ...batch, from: batch.at })),
    'the batches of a lane join: each begins where the one before ended, the first where the reader said',
  ],
  'a batch ends one event before its end': [
    (log) =>
      changing(log, (batch) => ({
        ...batch,
        to: batch.to.replace(/\d+$/, (position) => String(Number(position) - 1)) as typeof batch.to,
      })),
    'reading on from the `to` of any batch gives exactly what came after it',
  ],
  'a page is pinned at its end': [
    (log) => changing(log, (batch) => ({ ...batch, at: batch.to })),
    'reading from the `at` of any batch gives its very records again, in order, whatever was committed meanwhile',
  ],
  'everybody has passed every head': [
    () => ({ hasPassed: () => true }),
    'whoever has passed a head has everything committed before it was asked for; an older place has not passed it',
  ],
  'a batch that was rejected is handed over again without asking': [
    (log) =>
      handling(log, async (reader, batch, signal) => {
        for (;;) {
          const isDone = await reader.handle(batch, signal).then(
            () => true,
            () => false,
          );
          if (isDone) return;
        }
      }),
    'when a reader rejects a batch it is asked again for its place, and goes on from there',
  ],
  'a rejected batch is skipped': [
    (log) => handling(log, (reader, batch, signal) => reader.handle(batch, signal).catch(() => {})),
    'when a reader rejects a batch it is asked again for its place, and goes on from there',
  ],
  'the next batch does not wait for the one before': [
    (log) =>
      handling(log, async (reader, batch, signal) => {
        void reader.handle(batch, signal).catch(() => {});
      }),
    'a pending batch holds its lane: the next comes when it is dealt with',
  ],
  'a run ends before its handlers': [
    (log) => ({
      run: (reader, signal) =>
        Promise.race([
          log.run(reader, signal),
          new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
        ]),
    }),
    'aborting aborts the pending batch, and run resolves when that has ended',
  ],
  'payloads are handed over as they were stored': [
    (log) =>
      changing(log, (batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, decode: () => JSON.parse(record.payload) as unknown })),
      })),
    'a record is the stored event, and decodes to the memory form of the reader’s schema',
  ],
};

for (const [name, [breaks, title]] of Object.entries(BREAKS)) {
  test(`the suite catches a log in which ${name}: "${title}"`, async () => {
    const storage = memory();
    const { log } = storage;
    const broken: Log = {
      name: log.name,
      ownership: log.ownership,
      identity: () => log.identity(),
      head: () => log.head(),
      hasPassed: (cursor, head) => log.hasPassed(cursor, head),
      run: (reader, signal) => log.run(reader, signal),
      ...breaks(log),
    };
    const suite = logConformance({ storage: () => ({ ...storage, log: broken }), timeoutMs: 500 });
    const caught = suite.find((one) => one.title === title);
    await expect(caught?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
}
