import assert from 'node:assert/strict';
import type { EncodedEvent, StreamRef } from '@leftfold/core';
import type { Batch, Cursor, Lane, Log, LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newEvent, newStream, readIds, readStream, thingHappened } from '../event-store/encoded-events.ts';
import { readSource, recordsOf } from './read-log.ts';
import { idsOf, write } from './written-events.ts';

type Batches = readonly Batch<LogRecord>[];

/** More than any page or window that is read at once. */
const LONG = 2_500;

/** What a reader gets of a log of which it wants a part: some events, up to an end, from a time. */
export function partCases(open: () => Promise<Storage>, timeoutMs?: number): readonly ConformanceCase[] {
  const readUntil: typeof readSource = (source, isEnough, options) =>
    readSource(source, isEnough, { ...(timeoutMs !== undefined && { timeoutMs }), ...options });
  return [
    {
      title:
        'who wants some types gets every event of them, whichever version wrote it, also one that is new to the log',
      run: async () => {
        const storage = await open();
        const type = `conformance.thing.${newStream().key}`;
        const streams = [newStream(), newStream()];
        for (const version of [1, 2, 1]) await append(storage, streams, eventOf(type, version), newEvent());
        let added: Promise<void> | undefined;
        const batches = await readUntil(
          storage.log,
          (read) => {
            if (wanted(read, type).length === 6) added ??= append(storage, streams, newEvent(), eventOf(type, 3));
            return wanted(read, type).length >= 8;
          },
          { only: { types: [type, 'conformance.thing.never'] } },
        );
        await added;
        for (const stream of streams) {
          const stored = (await readStream(storage.store, stream)).filter((event) => event.type === type);
          const read = wanted(batches, type).filter((event) => event.stream === stream.id);
          assert.deepEqual(
            read.map(({ id }) => id),
            stored.map(({ id }) => id),
          );
        }
        assertJoined(batches);
      },
    },
    {
      title: 'who wants some categories gets every event of them; with types as well, those that fit both',
      run: async () => {
        const storage = await open();
        const category = `conformance.c${newStream().key.replaceAll('-', '')}`;
        const type = `conformance.thing.${newStream().key}`;
        const [inside, outside] = [newStream(category), newStream()];
        for (const stream of [inside, outside]) await append(storage, [stream], newEvent(), eventOf(type, 1));
        const until = await storage.log.head();
        const ofCategory = await readUntil(storage.log, () => false, { only: { categories: [category] }, until });
        assert.deepEqual(idsOf(ofCategory, [inside]), await readIds(storage.store, inside));
        const only = { categories: [category], types: [type] };
        const ofBoth = await readUntil(storage.log, () => false, { only, until });
        const both = (await readStream(storage.store, inside)).filter((event) => event.type === type);
        assert.deepEqual(
          wanted(ofBoth, type)
            .filter((event) => event.category === category)
            .map(({ id }) => id),
          both.map(({ id }) => id),
        );
      },
    },
    {
      title:
        'long stretches in which nothing fits carry the place along, and what comes after them is found from there',
      run: async () => {
        const storage = await open();
        const type = `conformance.thing.${newStream().key}`;
        const [first, foreign, last] = [newStream(), newStream(), newStream()];
        await append(storage, [first], eventOf(type, 1));
        await write(storage, [foreign], 10);
        for (let n = 0; n < LONG; n += 100)
          await append(storage, [foreign], ...Array.from({ length: 100 }, newEventOf));
        const head = await storage.log.head();
        const only = { types: [type] };
        const isThere = (read: Batches): boolean =>
          [...head].every(([lane, end]) =>
            storage.log.hasPassed(read.findLast((batch) => batch.lane === lane)?.to ?? 'start', end),
          );
        const batches = await readUntil(storage.log, isThere, { only });
        assertJoined(batches);
        assert.deepEqual(idsOf(batches, [first]), await readIds(storage.store, first));
        await append(storage, [last], eventOf(type, 1));
        const from = async (lane: Lane): Promise<Cursor> =>
          batches.findLast((batch) => batch.lane === lane)?.to as Cursor;
        const rest = await readUntil(storage.log, () => false, { only, until: await storage.log.head(), from });
        assert.deepEqual(idsOf(rest, [first, foreign]), []);
        assert.deepEqual(idsOf(rest, [last]), await readIds(storage.store, last));
      },
    },
    {
      title: 'a bounded reader is given what was there, and its run resolves by itself, also while more is appended',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 40);
        const until = await storage.log.head();
        const later = newStream();
        await write(storage, [later], 3);
        let more = 20;
        const batches = await readUntil(storage.log, () => false, {
          until,
          handle: async () => {
            if (more-- > 0) await write(storage, [later], 1);
          },
        });
        for (const stream of streams) assert.deepEqual(idsOf(batches, [stream]), await readIds(storage.store, stream));
        assertPassed(storage.log, batches, until);
        assertJoined(batches);
      },
    },
    {
      title: 'a bounded reader that has passed its end gets nothing; a lane that its end does not name is not read',
      run: async () => {
        const storage = await open();
        await write(storage, [newStream()], 3);
        const until = await storage.log.head();
        await write(storage, [newStream()], 3);
        const from = async (lane: Lane): Promise<Cursor> => until.get(lane) as Cursor;
        assert.deepEqual(await readUntil(storage.log, () => false, { until, from }), []);
        let asked = 0;
        const counted = async (): Promise<'start'> => {
          asked += 1;
          return 'start';
        };
        assert.deepEqual(await readUntil(storage.log, () => false, { until: new Map(), from: counted }), []);
        assert.equal(asked, 0);
      },
    },
    {
      title: 'a reader may end at any place that was reached before, also in the midst of things',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        await write(storage, streams, 700);
        const all = await readUntil(storage.log, () => false, { until: await storage.log.head() });
        assert.equal(idsOf(all, streams).length, 1_400);
        for (const [index, { lane, to }] of all.entries()) {
          const until = new Map([[lane, to]]);
          const part = await readUntil(storage.log, () => false, { until });
          const before = all.slice(0, index + 1).filter((batch) => batch.lane === lane);
          const [got, least] = [idsOf(part, streams), idsOf(before, streams)];
          assert.deepEqual(got.slice(0, least.length), least, `up to batch ${index}`);
          assertPassed(storage.log, part, until);
        }
      },
    },
    {
      title:
        'C4 reading on from the place after any record of a batch gives exactly what came after it, also of a part of the log, and whatever was committed meanwhile',
      run: async () => {
        const storage = await open();
        const type = `conformance.thing.${newStream().key}`;
        const streams = [newStream(), newStream(), newStream()];
        for (let n = 0; n < 4; n++) await append(storage, streams, eventOf(type, 1), newEvent());
        for (const only of [undefined, { types: [type] }]) {
          const until = await storage.log.head();
          const all = await readUntil(storage.log, () => false, { until, ...(only && { only }) });
          const own = new Set<string>(idsOf(all, streams));
          await append(storage, streams, eventOf(type, 1));
          const later = await storage.log.head();
          for (const [index, batch] of all.entries()) {
            const { lane, records } = batch;
            for (let count = 1; count < records.length; count++) {
              if (!own.has(records[count]?.id ?? '')) continue;
              const place = batch.after?.(count);
              assert.ok(place !== undefined, 'a log has places within batches');
              const behind = [
                ...records.slice(count),
                ...recordsOf(all.slice(index + 1).filter((other) => other.lane === lane)),
              ];
              const rest = await readUntil(storage.log, () => false, {
                until: new Map([[lane, later.get(lane) as Cursor]]),
                from: async () => place,
                ...(only && { only }),
              });
              const expected = behind.map(({ id }) => id).filter((id) => own.has(id));
              assert.deepEqual(idsOf(rest, streams).slice(0, expected.length), expected);
              assertPassed(storage.log, [batch], new Map([[lane, place]]));
              assert.ok(!storage.log.hasPassed(place, batch.to));
            }
          }
        }
      },
    },
    {
      title: 'a reader from a time gets every event that was recorded then or later',
      run: async () => {
        const storage = await open();
        const streams = [newStream(), newStream()];
        for (let n = 0; n < 10; n++) await write(storage, streams, 2);
        const stored = (await Promise.all(streams.map((stream) => readStream(storage.store, stream)))).flat();
        const times = [...new Set(stored.map(({ recordedAt }) => recordedAt.getTime()))];
        for (const time of [0, ...times, Math.max(...times) + 1]) {
          const from = await storage.log.at(new Date(time));
          const until = await storage.log.head();
          assert.deepEqual([...from.keys()], [...until.keys()]);
          const batches = await readUntil(storage.log, () => false, {
            until,
            from: async (lane) => from.get(lane) as Cursor,
          });
          const got = new Set(idsOf(batches, streams));
          const missed = stored.filter(({ id, recordedAt }) => recordedAt.getTime() >= time && !got.has(id));
          assert.deepEqual(missed, [], `from ${new Date(time).toISOString()}`);
        }
        const future = await storage.log.at(new Date(Date.now() + 86_400_000));
        const next = newStream();
        await write(storage, [next], 2);
        const batches = await readUntil(storage.log, () => false, {
          until: await storage.log.head(),
          from: async (lane) => future.get(lane) as Cursor,
        });
        assert.deepEqual(idsOf(batches, [next]), await readIds(storage.store, next));
      },
    },
  ];
}

const eventOf = (type: string, version: number): EncodedEvent =>
  newEvent({ schema: { ...thingHappened, type, version, fingerprint: `${type} ${version}` } });
const newEventOf = (): EncodedEvent => newEvent();

async function append(
  { store }: Storage,
  streams: readonly StreamRef[],
  ...events: readonly EncodedEvent[]
): Promise<void> {
  for (const stream of streams) {
    const own = events.map((event) => ({ ...event, id: newEvent().id }));
    await store.append([{ stream, expect: 'any', events: own }]);
  }
}

const wanted = (batches: Batches, type: string): readonly LogRecord[] =>
  recordsOf(batches).filter((event) => event.type === type);

function assertJoined(batches: Batches): void {
  for (const lane of new Set(batches.map((batch) => batch.lane))) {
    const ofLane = batches.filter((batch) => batch.lane === lane);
    const ends = ofLane.slice(0, -1).map(({ to }) => to);
    assert.deepEqual(
      ofLane.slice(1).map(({ from }) => from),
      ends,
      `lane ${lane}`,
    );
  }
}

function assertPassed(log: Log, batches: Batches, until: ReadonlyMap<Lane, Cursor>): void {
  for (const [lane, end] of until) {
    const last = batches.findLast((batch) => batch.lane === lane)?.to ?? 'start';
    assert.ok(log.hasPassed(last, end), `lane ${lane} ended at ${last}, not past ${end}`);
  }
}
