import assert from 'node:assert/strict';
import { event, t, uuidV7, versionsOf, type WriterSchema } from '@leftfold/core';
import type { Batch, Cursor, LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newStream, readIds, readStream } from '../event-store/encoded-events.ts';
import { readSource, recordsOf } from './read-log.ts';
import { idsOf, write, writeTogether } from './written-events.ts';

type OpenStorage = () => Promise<Storage>;

/** What a reader of the whole log gets. The log may hold more than the cases write. */
export function logCases(open: OpenStorage, timeoutMs?: number): readonly ConformanceCase[] {
  const readUntil: typeof readSource = (source, isEnough, options) =>
    readSource(source, isEnough, { ...(timeoutMs !== undefined && { timeoutMs }), ...options });
  return [
    {
      title: 'L1 every event appended before and during reading arrives exactly once, per stream in version order',
      run: async () => {
        const storage = await open();
        const streams = Array.from({ length: 6 }, () => newStream());
        await write(storage, streams, 10);
        const writing = Promise.all([
          write(storage, streams, 60),
          ...Array.from({ length: 10 }, () => writeTogether(storage, streams)),
        ]);
        const batches = await readUntil(storage.log, (read) => idsOf(read, streams).length >= 6 * 80);
        await writing;
        for (const stream of streams) assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
      },
    },
    {
      title: 'the batches of a lane join: each begins where the one before ended, the first where the reader said',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 600);
        const batches = await readUntil(storage.log, (read) => idsOf(read, streams).length >= 1200);
        for (const lane of new Set(batches.map((batch) => batch.lane))) {
          const ofLane = batches.filter((batch) => batch.lane === lane);
          assert.deepEqual(
            ofLane.map(({ from }) => from),
            ['start', ...ofLane.slice(0, -1).map(({ to }) => to)],
          );
        }
        assert.ok(batches.every(({ at, to }) => typeof at === 'string' && typeof to === 'string'));
      },
    },
    {
      title: 'reading on from the `to` of any batch gives exactly what came after it',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 600);
        const all = await readUntil(storage.log, (read) => idsOf(read, streams).length >= 1200);
        for (const [index, { to, lane }] of all.entries()) {
          const rest = idsOf(
            all.slice(index + 1).filter((batch) => batch.lane === lane),
            streams,
          );
          if (rest.length === 0) continue;
          const again = await readUntil(storage.log, (read) => idsOf(read, streams).length >= rest.length, { at: to });
          assert.deepEqual(idsOf(again, streams), rest, `after batch ${index}`);
          assert.equal(again[0]?.from, to);
        }
      },
    },
    {
      title:
        'reading from the `at` of any batch gives its very records again, in order, whatever was committed meanwhile',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 300);
        const all = await readUntil(storage.log, (read) => idsOf(read, streams).length >= 600);
        await write(storage, [...streams, newStream()], 20);
        for (const [index, { at, records }] of all.entries()) {
          if (records.length === 0) continue;
          const again = await readUntil(storage.log, (read) => recordsOf(read).length >= records.length, { at });
          const ids = recordsOf(again).map(({ id }) => id);
          assert.deepEqual(
            ids.slice(0, records.length),
            records.map(({ id }) => id),
            `batch ${index}`,
          );
        }
      },
    },
    {
      title:
        'whoever has passed a head has everything committed before it was asked for; an older place has not passed it',
      run: async () => {
        const storage = await open();
        const { log } = storage;
        const stream = newStream();
        await write(storage, [stream], 3);
        const head = await log.head();
        assert.ok(head.size > 0);
        for (const end of head.values())
          assert.equal(log.hasPassed('start', end), false, 'from the start of a log with events');
        const hasPassed = ({ lane, to }: Batch<LogRecord>): boolean => log.hasPassed(to, head.get(lane) as Cursor);
        const batches = await readUntil(log, (read) =>
          [...head.keys()].every((lane) => read.some((batch) => batch.lane === lane && hasPassed(batch))),
        );
        assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
        await write(storage, [stream], 1);
        const later = await log.head();
        const stale = batches.filter(({ lane, to }) => !log.hasPassed(to, later.get(lane) as Cursor));
        assert.equal(stale.length, batches.length, 'what was appended later lies before the later head');
      },
    },
    {
      title: 'two readers at once each get everything',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        const writing = write(storage, streams, 100);
        const both = await Promise.all(
          [0, 1].map(() => readUntil(storage.log, (read) => idsOf(read, streams).length >= 200)),
        );
        await writing;
        for (const batches of both) {
          for (const stream of streams)
            assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
        }
      },
    },
    {
      title: 'a record is the stored event, and decodes to the memory form of the reader’s schema',
      run: async () => {
        const storage = await open();
        const stream = newStream('conformance.thing', 'a tenant');
        const fields = { what: t.string(), at: t.timestampMillis(), cents: t.integer() };
        const schema = versionsOf(event('conformance.thing.counted', fields))[0]?.writer as WriterSchema;
        const payload = '{"what":"it", "at":"2026-02-28T00:00:00.000Z","cents":"9007199254740991"}';
        await storage.store.append([
          {
            stream,
            expect: 'absent',
            events: [newEvent({ schema, payload, metadata: { correlationId: 'c', headers: { a: '1' } } })],
          },
        ]);
        const batches = await readUntil(storage.log, (read) => idsOf(read, [stream]).length === 1);
        const [record] = recordsOf(batches).filter((one) => one.stream === stream.id);
        const [stored] = await readStream(storage.store, stream);
        assert.ok(record && stored);
        const members = Object.entries(record).filter(([, value]) => typeof value !== 'function');
        assert.deepEqual(Object.fromEntries(members), { ...stored });
        const reader = t.record('ThingCounted', { ...fields, more: t.nullable(t.string()) });
        const decoded = { what: 'it', at: new Date('2026-02-28'), cents: 9007199254740991, more: null };
        assert.deepEqual(record.decode(reader), decoded);
        const other = t.record('ThingHappened', { what: t.timestampMillis() });
        assert.throws(() => record.decode(other), { code: 'LF_RECORD_UNDECODABLE', retryable: false });
      },
    },
    {
      title: 'a cursor that is none of this log stops the lane, visibly and for good',
      run: async () => {
        const storage = await open();
        await write(storage, [newStream()], 1);
        for (const at of ['nonsense', `m1/${uuidV7()}/0`, ''] as Cursor[]) {
          await assert.rejects(
            readUntil(storage.log, () => true, { at }),
            ({ code }: { code?: string }) => code?.startsWith('LF_') === true,
          );
        }
      },
    },
    {
      title: 'the log says which one it is, the same each time',
      run: async () => {
        const { log } = await open();
        const identity = await log.identity();
        assert.ok(identity.id.length > 0 && identity.generation >= 1);
        assert.deepEqual(await log.identity(), identity);
        assert.equal(log.ownership, 'leased');
      },
    },
  ];
}
