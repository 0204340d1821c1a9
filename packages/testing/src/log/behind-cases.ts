import assert from 'node:assert/strict';
import type { Behind, Cursor, Lane, Log, LogRecord, Storage } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newStream } from '../event-store/encoded-events.ts';
import { readSource } from './read-log.ts';
import { write } from './written-events.ts';

type Places = ReadonlyMap<Lane, Cursor | 'start'>;

/** How far behind anybody can say a place is, with no reader running. */
export function behindCases(open: () => Promise<Storage>, timeoutMs?: number): readonly ConformanceCase[] {
  const readUntil: typeof readSource = (source, isEnough, options) =>
    readSource(source, isEnough, { ...(timeoutMs !== undefined && { timeoutMs }), ...options });
  return [
    {
      title: 'C12 how much stands behind a place is what a reader from there would get, though none runs',
      run: async () => {
        const storage = await open();
        const before = await storage.log.head();
        await write(storage, [newStream(), newStream(), newStream('conformance.unpublished')], 700);
        const until = await storage.log.head();
        const from = async (lane: Lane): Promise<Cursor> => before.get(lane) as Cursor;
        const batches = await readUntil(storage.log, () => false, { until, from });
        await write(storage, [newStream(), newStream('conformance.unpublished')], 9);
        const rest = await readUntil(storage.log, () => false, {
          until: await storage.log.head(),
          from: async (lane) => batches.findLast((batch) => batch.lane === lane)?.to ?? from(lane),
        });
        const all = [...batches, ...rest];
        for (const lane of until.keys()) {
          const ofLane = all.filter((batch) => batch.lane === lane);
          for (const [index, batch] of ofLane.entries()) {
            const beyond = ofLane.slice(index).flatMap(({ records }) => records);
            await assertBehind(storage.log, lane, batch.from, beyond);
            await assertBehind(storage.log, lane, batch.at, beyond);
            await assertBehind(storage.log, lane, batch.to, beyond.slice(batch.records.length));
          }
        }
      },
    },
    {
      title: 'nothing stands behind the head; of a lane without a place all of it does',
      run: async () => {
        const { store, log } = await open();
        await write({ store } as Storage, [newStream()], 3);
        const head = await log.head();
        const [atHead, atStart, unknown] = [
          await log.behind(head),
          await log.behind(startOf(head)),
          await log.behind(new Map()),
        ];
        assert.deepEqual([...atHead.keys()], [...head.keys()]);
        for (const [lane, behind] of atHead) {
          assert.deepEqual(behind, { events: 0, publicEvents: 0, isMore: false }, `lane ${lane}`);
          assert.equal(unknown.get(lane)?.events, atStart.get(lane)?.events);
        }
        assert.ok(sum(atStart) >= 3);
      },
    },
    {
      title: 'a count goes as far as it is told and says that there is more, however much that is',
      run: async () => {
        const storage = await open();
        const head = await storage.log.head();
        await write(storage, [newStream()], 60);
        const whole = await storage.log.behind(head, { atMost: 1_000 });
        assert.equal(sum(whole), 60);
        assert.ok([...whole.values()].every(({ isMore }) => !isMore));
        const exact = await storage.log.behind(head, { atMost: 60 });
        assert.equal(sum(exact), 60);
        assert.ok([...exact.values()].every(({ isMore }) => !isMore));
        const part = await storage.log.behind(head, { atMost: 2 });
        assert.ok([...part.values()].some(({ isMore }) => isMore));
        assert.ok(sum(part) < 60, `${sum(part)} were counted`);
        for (const atMost of [0, -1, 1.5, 1_000_001])
          await assert.rejects(storage.log.behind(head, { atMost }), { code: 'LF_OPTION_OUT_OF_RANGE' });
      },
    },
    {
      title: 'the age is that of the oldest, by the clock of the store: it grows until that one is passed',
      run: async () => {
        const storage = await open();
        const head = await storage.log.head();
        await write(storage, [newStream('conformance.unpublished')], 1);
        const first = await storage.log.behind(head);
        await write(storage, [newStream()], 1);
        const then = await storage.log.behind(head);
        const ages = (behind: ReadonlyMap<Lane, Behind>): readonly number[] =>
          [...behind.values()].flatMap(({ oldestMs }) => oldestMs ?? []);
        const oldest = Math.max(...ages(first));
        assert.ok(oldest >= 0 && oldest < 60_000, `an age of ${oldest} ms`);
        assert.ok(Math.max(...ages(then)) >= oldest);
        for (const { oldestMs, oldestPublicMs } of then.values()) assert.ok((oldestPublicMs ?? 0) <= (oldestMs ?? 0));
        assert.equal(ages(await storage.log.behind(await storage.log.head())).length, 0);
      },
    },
    {
      title: 'a place that nobody could read from is refused, not counted',
      run: async () => {
        const { log } = await open();
        const [lane] = [...(await log.head()).keys()] as [Lane];
        await assert.rejects(log.behind(new Map([[lane, 'no place at all' as Cursor]])), { code: 'LF_CURSOR_INVALID' });
      },
    },
  ];
}

/** The same of a log in several lanes, each of which stands somewhere else. */
export function behindLaneCases(open: (lanes: number) => Promise<Storage>): readonly ConformanceCase[] {
  return [
    {
      title: 'of several lanes each has behind it what is its own, wherever each stands',
      run: async () => {
        const { store, log } = await open(4);
        await write(
          { store } as Storage,
          Array.from({ length: 12 }, () => newStream()),
          30,
        );
        const batches = await readSource(log, () => false, { until: await log.head() });
        const places = new Map<Lane, Cursor>();
        const expected = new Map<Lane, number>();
        for (const [index, lane] of [...(await log.head()).keys()].entries()) {
          const ofLane = batches.filter((batch) => batch.lane === lane);
          const passed = ofLane.slice(0, Math.ceil((ofLane.length * index) / 3));
          const last = passed.at(-1);
          if (last) places.set(lane, last.to);
          expected.set(lane, recordsAfter(ofLane, passed.length).length);
        }
        const behind = await log.behind(places);
        assert.deepEqual(new Map([...behind].map(([lane, { events }]) => [lane, events])), expected);
      },
    },
  ];
}

const recordsAfter = (
  batches: readonly { readonly records: readonly LogRecord[] }[],
  from: number,
): readonly LogRecord[] => batches.slice(from).flatMap(({ records }) => records);

async function assertBehind(
  log: Log,
  lane: Lane,
  place: Cursor | 'start',
  beyond: readonly LogRecord[],
): Promise<void> {
  const { events, publicEvents, isMore } = (await log.behind(new Map([[lane, place]]), { atMost: 1_000_000 })).get(
    lane,
  ) as Behind;
  const expected = {
    events: beyond.length,
    publicEvents: beyond.filter(({ topic }) => topic !== null).length,
    isMore: false,
  };
  assert.deepEqual({ events, publicEvents, isMore }, expected, `behind ${place} of lane ${lane}`);
}

const startOf = (head: ReadonlyMap<Lane, Cursor>): Places => new Map([...head.keys()].map((lane) => [lane, 'start']));
const sum = (behind: ReadonlyMap<Lane, Behind>): number =>
  [...behind.values()].reduce((all, { events }) => all + events, 0);
