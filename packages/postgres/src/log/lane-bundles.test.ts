import type { LogRecord } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { LaneBundles } from './lane-bundles.ts';
import type { LogFilter } from './log-filter.ts';
import type { Boundary, LogPage, Window } from './log-pages.ts';
import { START, type LogPlace } from './log-place.ts';
import type { Snapshot } from './snapshot.ts';

const BATCH = 10;
const never = new AbortController().signal;
const END: Snapshot = { xmax: 100n, running: [] };

/** A log of one window: what pages are asked for, and what they hold. Events have their positions as hashes. */
function scene(lanes: number, events: number, hashOf = (position: number): number => position) {
  const asked: { readonly lanes: readonly number[]; readonly upTo: bigint | undefined }[] = [];
  const records = Array.from(
    { length: events },
    (_, i) => ({ position: BigInt(i + 1), hash: hashOf(i + 1) }) as LogRecord,
  );
  const moved = Promise.withResolvers<Boundary>();
  const pages = {
    page: async ({ from, to }: Window, after: bigint, filter: LogFilter, most: number): Promise<LogPage> => {
      const among = filter.lanes?.among ?? Array.from({ length: lanes }, (_, lane) => lane);
      asked.push({ lanes: among.toSorted((a, b) => a - b), upTo: filter.upTo });
      const fitting = records.filter(
        ({ position, hash }) =>
          position > after && position <= (filter.upTo ?? position) && among.includes(hash % lanes),
      );
      const held = fitting.slice(0, most);
      const end = fitting.length > most ? held.at(-1)?.position : filter.upTo;
      const next = end === undefined ? { from: to, position: 0n } : { from, to, position: end };
      return { records: held, at: { from, to, position: after }, to: next, generation: 1 };
    },
  };
  const tip = {
    after: async (seen: Snapshot): Promise<Boundary> =>
      seen === END ? moved.promise : { to: END, fresh: events, hasEvents: true, generation: 1 },
    upTo: async (end: Snapshot): Promise<Boundary> => ({ to: end, fresh: events, hasEvents: true, generation: 1 }),
  };
  const bundles = new LaneBundles({ pages, tip, only: undefined, lanes, batchSize: BATCH });
  const next = (lane: number, place: LogPlace) =>
    bundles.next({ lane, place, until: undefined, reached: () => {} }, never);
  /** The whole way of one page for a lane. */
  const step = async (lane: number, place: LogPlace): Promise<LogPlace> =>
    (await next(lane, place))?.at(-1)?.to as LogPlace;
  return { bundles, next, step, asked };
}
const positions = (batches: readonly LogPage[] | undefined): readonly bigint[] =>
  (batches ?? []).flatMap(({ records }) => records.map(({ position }) => position));

test('lanes at one place get their parts of one page, in batches that join', async () => {
  const { bundles, next, asked } = scene(2, 100);
  for (const lane of [0, 1]) bundles.expect(lane);
  const [even, odd] = await Promise.all([next(0, START), next(1, START)]);
  expect(asked).toEqual([{ lanes: [0, 1], upTo: undefined }]);
  expect(positions(even)).toEqual([2n, 4n, 6n, 8n, 10n, 12n, 14n, 16n, 18n, 20n]);
  expect(positions(odd)).toEqual([1n, 3n, 5n, 7n, 9n, 11n, 13n, 15n, 17n, 19n]);
  expect(even?.at(-1)?.to).toEqual(odd?.at(-1)?.to);
});

test('a lane of which a page holds more than a batch gets it in several, each from the end of the one before', async () => {
  const { bundles, next } = scene(2, 100, () => 4);
  for (const lane of [0, 1]) bundles.expect(lane);
  const [full, empty] = await Promise.all([next(0, START), next(1, START)]);
  expect(full?.map(({ records }) => records.length)).toEqual([BATCH, BATCH]);
  expect(full?.[1]?.at).toEqual(full?.[0]?.to);
  expect(empty?.map(({ records }) => records.length)).toEqual([0]);
  expect(empty?.[0]?.to).toEqual(full?.[1]?.to);
});

test('who waits is not held up for long by a lane that does not come, and not again by the same', async () => {
  const { bundles, step, asked } = scene(2, 100);
  for (const lane of [0, 1]) bundles.expect(lane);
  let place: LogPlace = START;
  for (let i = 0; i < 3; i++) place = await step(0, place);
  expect(asked.map(({ lanes }) => lanes)).toEqual([[0], [0], [0]]);
});

test('a lane that comes late to a long way goes to where the others are, and on with them', async () => {
  const { step, asked } = scene(2, 400);
  let others: LogPlace = START;
  for (let i = 0; i < 6; i++) others = await step(0, others);
  let late: LogPlace = START;
  let steps = 0;
  while (late.position < others.position) {
    late = await step(1, late);
    steps += 1;
  }
  expect(late).toEqual(others);
  expect(steps).toBeLessThan(6);
  const both = await Promise.all([step(0, others), step(1, late)]);
  expect(both[0]).toEqual(both[1]);
  expect(asked.at(-1)).toEqual({ lanes: [0, 1], upTo: undefined });
});

test('at the end of the log whoever comes waits with the others, and a lane that leaves takes nobody along', async () => {
  const { bundles, step, next, asked } = scene(2, 10);
  const end = await step(0, START);
  expect(end.to).toBeUndefined();
  const stop = new AbortController();
  const leaving = bundles.next({ lane: 0, place: end, until: undefined, reached: () => {} }, stop.signal);
  const staying = next(1, end);
  stop.abort();
  expect(await leaving).toBeUndefined();
  let isThere = false;
  void staying.then(() => (isThere = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isThere).toBe(false);
  expect(asked).toHaveLength(1);
});

test('what a page throws reaches every lane of the bundle, which may ask again', async () => {
  const failing = new LaneBundles({
    pages: { page: () => Promise.reject(new Error('away')) },
    tip: {
      after: async () => ({ to: END, fresh: 1, hasEvents: true, generation: 1 }),
      upTo: () => Promise.reject(new Error('away')),
    },
    only: undefined,
    lanes: 2,
    batchSize: BATCH,
  });
  for (const lane of [0, 1]) failing.expect(lane);
  const both = [0, 1].map((lane) => failing.next({ lane, place: START, until: undefined, reached: () => {} }, never));
  for (const one of both) await expect(one).rejects.toThrow('away');
  await expect(failing.next({ lane: 1, place: START, until: undefined, reached: () => {} }, never)).rejects.toThrow(
    'away',
  );
});

test('every lane of a bundle is told that the end of the log is reached, and nothing new is there', async () => {
  const stop = new AbortController();
  const bundles = new LaneBundles({
    pages: { page: () => Promise.reject(new Error('not asked for')) },
    tip: {
      after: async (_, signal, reached) => {
        reached?.();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return undefined;
      },
      upTo: () => Promise.reject(new Error('not asked for')),
    },
    only: undefined,
    lanes: 2,
    batchSize: BATCH,
  });
  for (const lane of [0, 1]) bundles.expect(lane);
  const told: number[] = [];
  const asked = [0, 1].map((lane) =>
    bundles.next({ lane, place: START, until: undefined, reached: () => void told.push(lane) }, stop.signal),
  );
  expect(told).toEqual([0, 1]);
  stop.abort();
  expect(await Promise.all(asked)).toEqual([undefined, undefined]);
});
