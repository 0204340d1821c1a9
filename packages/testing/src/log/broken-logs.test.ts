import { fromJson } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { Batch, Behind, Cursor, Lane, Log, LogReader, LogRecord, Reader } from '@leftfold/subscriptions';
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
const changingRun = (log: Log, change: (reader: LogReader) => LogReader): Partial<Log> => ({
  run: (reader, signal) => log.run(change(reader), signal),
});
/** A reader without its wishes. */
const endless = ({ only: _only, until: _until, ...reader }: LogReader): LogReader => reader;

/** Counts that are changed on their way. */
const miscounting = (log: Log, change: (behind: Behind) => Behind): Partial<Log> => ({
  behind: async (places, options) =>
    new Map([...(await log.behind(places, options))].map(([lane, behind]) => [lane, change(behind)])),
});

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
  'what stands behind a place is what a running reader says': [
    (log) => miscounting(log, () => ({ events: 0, publicEvents: 0, isMore: false })),
    'C12 how much stands behind a place is what a reader from there would get, though none runs',
  ],
  'a bounded count passes for an exact one': [
    (log) => miscounting(log, (behind) => ({ ...behind, isMore: false })),
    'a count goes as far as it is told and says that there is more, however much that is',
  ],
  'an age is shown where nothing waits': [
    (log) => miscounting(log, (behind) => ({ ...behind, oldestMs: 0 })),
    'nothing stands behind the head; of a lane without a place all of it does',
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
  'payloads are read as if this code had written them': [
    (log) =>
      changing(log, (batch) => ({
        ...batch,
        records: batch.records.map((record) => ({
          ...record,
          decode: (reader) => {
            const read = fromJson(reader, JSON.parse(record.payload));
            return 'value' in read ? read.value : {};
          },
        })),
      })),
    'an old event is read by the schema it was written with: string to bytes',
  ],
  'the name of a renamed type is put right in the log': [
    (log) =>
      changing(log, (batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, type: record.type.replace('begun', 'started') })),
      })),
    'an event of a type that was renamed is loaded, listed and read under its present name',
  ],
  'the next version of a type is not known yet': [
    (log) => changing(log, (batch) => ({ ...batch, records: batch.records.filter(({ version }) => version < 3) })),
    'who wants some types gets every event of them, whichever version wrote it, also one that is new to the log',
  ],
  'one of two categories is taken for another': [
    (log) =>
      changingRun(log, (reader) =>
        reader.only?.categories === undefined ? reader : { ...reader, only: { categories: ['conformance.thing'] } },
      ),
    'who wants some categories gets every event of them; with types as well, those that fit both',
  ],
  'batches in which nothing fits are kept back': [
    (log) =>
      handling(log, (reader, batch, signal) =>
        batch.records.length === 0 ? Promise.resolve() : reader.handle(batch, signal),
      ),
    'long stretches in which nothing fits carry the place along, and what comes after them is found from there',
  ],
  'an end is not an end': [
    (log) => changingRun(log, endless),
    'a bounded reader is given what was there, and its run resolves by itself, also while more is appended',
  ],
  'a run ends before its end': [
    (log) => ({
      run: (reader, signal) => {
        const early = new AbortController();
        const handle: Reader<LogRecord>['handle'] = async (batch, given) => {
          await reader.handle(batch, given);
          early.abort();
        };
        return log.run({ ...endless(reader), handle }, AbortSignal.any([signal, early.signal]));
      },
    }),
    'a reader may end at any place that was reached before, also in the midst of things',
  ],
  'a lane without an end is read, too': [
    (log) =>
      changingRun(log, (reader) =>
        reader.until?.size === 0 ? { ...reader, until: new Map([['0' as Lane, 'start' as Cursor]]) } : reader,
      ),
    'a bounded reader that has passed its end gets nothing; a lane that its end does not name is not read',
  ],
  'a time is the end of the log': [
    (log) => ({ at: () => log.head() }),
    'a reader from a time gets every event that was recorded then or later',
  ],
};

/** The same, of a log with several lanes. */
const LANE_BREAKS: typeof BREAKS = {
  'two lanes get one event': [
    (log) => {
      let last: LogRecord | undefined;
      return changing(log, (batch) => {
        const records = last === undefined ? batch.records : [...batch.records, last];
        last = batch.records[0] ?? last;
        return { ...batch, records };
      });
    },
    'every event comes on the one lane that its hash names, each lane in its streams’ order, and batches join',
  ],
  'a lane gets what its neighbour should': [
    (log) => changing(log, (batch) => ({ ...batch, lane: (batch.lane === '0' ? '1' : batch.lane) as Lane })),
    'every event comes on the one lane that its hash names, each lane in its streams’ order, and batches join',
  ],
  'the head names one lane': [
    (log) => ({ head: async () => new Map([...(await log.head())].slice(0, 1)) }),
    'the head names every lane, and every lane passes it, also one without events',
  ],
  'places of two lanes are taken for one another': [
    () => ({ hasPassed: () => true }),
    'the head names every lane, and every lane passes it, also one without events',
  ],
  'a page of a lane is pinned at its end': [
    (log) => changing(log, (batch) => ({ ...batch, at: batch.to })),
    'reading on from the `at` or the `to` of a lane’s batch gives that batch again, or what came after it',
  ],
  'a pending lane holds up the others': [
    (log) => {
      let turn: Promise<unknown> = Promise.resolve();
      return handling(log, (reader, batch, signal) => {
        const mine = turn.then(() => reader.handle(batch, signal));
        turn = mine.catch(() => undefined);
        return mine;
      });
    },
    'a lane whose batch stays pending, or whose place is waited for, holds up no other, and goes on where it was',
  ],
  'any number of lanes is as good as another': [
    () => ({ division: { beginning: async () => 'start' as Cursor, check: () => undefined } }),
    'a place of another number of lanes is refused, on every lane, before anything is read',
  ],
  'a lane begins where the log ends': [
    (log) => ({
      ...(log.division && {
        division: { ...log.division, beginning: async (lane: Lane) => (await log.head()).get(lane) as Cursor },
      }),
    }),
    'the place before everything of a lane, as a cursor, is where the start is',
  ],
  'a batch that was rejected is skipped': [
    (log) => handling(log, (reader, batch, signal) => reader.handle(batch, signal).catch(() => {})),
    'whatever readers are slow, reject, or go and come again at their saved places: each lane gets its events once, in order',
  ],
};

for (const [name, [breaks, title]] of Object.entries(LANE_BREAKS)) {
  test(`the suite catches a log of several lanes in which ${name}: "${title}"`, async () => {
    const lanes = (count: number) => {
      const storage = memory({ lanes: count });
      return { ...storage, log: brokenLog(storage.log, breaks) };
    };
    const suite = logConformance({ storage: () => memory(), lanes, timeoutMs: 500 });
    const caught = suite.find((one) => one.title === title);
    await expect(caught?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
}

for (const [name, [breaks, title]] of Object.entries(BREAKS)) {
  test(`the suite catches a log in which ${name}: "${title}"`, async () => {
    const storage = memory();
    const broken = brokenLog(storage.log, breaks);
    const suite = logConformance({ storage: () => ({ ...storage, log: broken }), lanes: false, timeoutMs: 500 });
    const caught = suite.find((one) => one.title === title);
    await expect(caught?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
}

function brokenLog(log: Log, breaks: (log: Log) => Partial<Log>): Log {
  return {
    name: log.name,
    ownership: log.ownership,
    lanes: log.lanes,
    ...(log.division && { division: log.division }),
    identity: () => log.identity(),
    head: () => log.head(),
    at: (time) => log.at(time),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    behind: (places, options) => log.behind(places, options),
    restore: (kept, signal) => log.restore(kept, signal),
    run: (reader, signal) => log.run(reader, signal),
    ...breaks(log),
  };
}
