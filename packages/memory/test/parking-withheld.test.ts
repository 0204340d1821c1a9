import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, readSource, underClock } from '@leftfold/subscriptions';
import type {
  Clock,
  Cursor,
  FoldedProjection,
  Lane,
  LogRecord,
  RecordMark,
  Row,
  Source,
  SourceRecord,
} from '@leftfold/subscriptions';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

// What a topic tells of events that a broker refused, as a projector takes it (hazard R15).

const LANE = 'shop.order/0' as Lane;
const WITHHELD: RecordMark = { kind: 'withheld', code: 'LF_RECORD_REFUSED' };
const REDRIVEN: RecordMark = { kind: 'redriven' };
const GIVEN_UP: RecordMark = { kind: 'given-up', reason: 'lost' };

const hasty: Clock = {
  now: Date.now,
  pause: async (_, signal) => {
    for (let n = 0; n < 5 && !signal.aborted; n++) await turn();
    signal.throwIfAborted();
  },
};

/** Payments of 1, 10, 100, … by version, so that a sum tells which of them count, and how often. */
async function recorded(storage: MemoryStorage, order: string, versions: number): Promise<readonly LogRecord[]> {
  const pay = Array.from({ length: versions - 1 }, (_, n) => paid({ customer: 'c', cents: 10 ** n }));
  await append(storage.store, order, [placed({ customer: 'c' }), ...pay]);
  const records: LogRecord[] = [];
  for await (const batch of readSource(storage.log, { until: await storage.log.head() }))
    records.push(...batch.records.filter(({ key }) => key === order));
  return records;
}
/** A partition that holds these, handed over in batches that end at these places. */
function partition(records: readonly SourceRecord[], ends: readonly number[], log: MemoryStorage['log']): Source {
  const cursor = (at: number): Cursor => String(at) as Cursor;
  const placeOf = (at: Cursor | 'start'): number => (at === 'start' ? 0 : Number(at));
  return {
    name: 'topic of a test',
    ownership: 'assigned',
    head: async () => new Map([[LANE, cursor(records.length)]]),
    hasPassed: (at, head) => placeOf(at) >= placeOf(head),
    restore: (kept) => log.restore(kept),
    run: async (reader, signal) => {
      while (!signal.aborted) {
        try {
          let from = await reader.from(LANE, signal);
          while (placeOf(from) < records.length) {
            const at = placeOf(from);
            const to = cursor(ends.find((end) => end > at) ?? records.length);
            await reader.handle(
              { lane: LANE, records: records.slice(at, placeOf(to)), from, at: cursor(at), to },
              signal,
            );
            from = to;
          }
          return await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        } catch {
          await turn();
        }
      }
    },
  };
}
const marked = (record: SourceRecord | undefined, mark: RecordMark): SourceRecord => {
  if (record === undefined) throw new Error('there is no such record');
  return {
    ...record,
    mark,
    keep: () => record.keep(),
    decode: (reader) => {
      if (mark.kind !== 'redriven') throw new Error('a mark has no payload');
      return record.decode(reader);
    },
  };
};
const rowsOf = ({ readModels }: MemoryStorage, { rowTable }: FoldedProjection): readonly Row[] =>
  readModels.reader([rowTable]).all(rowTable.name);

const CASES: {
  readonly [title: string]: {
    /** `o@3` an event, with what it is marked. */
    readonly told: readonly (readonly [at: `${string}@${number}`, mark?: RecordMark])[];
    readonly steps: { readonly [order: string]: string };
    readonly cents: number;
    readonly parked?: readonly string[];
  };
} = {
  'what was redriven is applied in its place, once, and then what came behind it': {
    told: [
      ['o@1'],
      ['o@2', WITHHELD],
      ['p@1'],
      ['o@3', WITHHELD],
      ['p@2'],
      ['o@2', REDRIVEN],
      ['o@3', REDRIVEN],
      ['o@4'],
    ],
    steps: { o: 'placed 1 10 100', p: 'placed 1' },
    cents: 112,
  },
  'what was refused once more keeps its place until it comes': {
    told: [
      ['o@1'],
      ['o@2', WITHHELD],
      ['o@3', WITHHELD],
      ['o@2', WITHHELD],
      ['o@3', WITHHELD],
      ['o@2', REDRIVEN],
      ['o@3', REDRIVEN],
    ],
    steps: { o: 'placed 1 10' },
    cents: 11,
  },
  'what was given up leaves its place, and what is behind it goes on': {
    told: [['o@1'], ['o@2', WITHHELD], ['o@3', WITHHELD], ['o@2', GIVEN_UP], ['o@3', REDRIVEN], ['o@4'], ['p@1']],
    steps: { o: 'placed 10 100', p: 'placed' },
    cents: 110,
  },
  'everything given up makes the key live': {
    told: [['o@1'], ['o@2', WITHHELD], ['o@3', WITHHELD], ['o@2', GIVEN_UP], ['o@3', GIVEN_UP], ['o@4']],
    steps: { o: 'placed 100' },
    cents: 100,
  },
  'what is redriven and has no place was applied already, and is dropped, also where rows are of many streams': {
    told: [['o@1'], ['o@2'], ['o@3', WITHHELD], ['o@2', REDRIVEN], ['o@3', REDRIVEN], ['o@2', REDRIVEN], ['o@4']],
    steps: { o: 'placed 1 10 100' },
    cents: 111,
  },
  'what is still withheld holds what is behind it, and nothing of others': {
    told: [['o@1'], ['o@2', WITHHELD], ['p@1'], ['o@3', WITHHELD], ['o@2', REDRIVEN], ['p@2'], ['o@4', WITHHELD]],
    steps: { o: 'placed 1', p: 'placed 1' },
    cents: 2,
    parked: ['stream/shop.order-o: 3 4'],
  },
};

test.each(Object.entries(CASES))('R15 %s, however the partition is cut into batches', async (_, of) => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 8 }), (cuts) =>
      underClock(hasty, async () => {
        const storage = memory();
        const events = new Map<string, SourceRecord>();
        for (const order of ['o', 'p'])
          for (const record of await recorded(storage, order, 4))
            events.set(`${order}@${record.streamVersion}`, record);
        const records = of.told.map(([at, mark]) =>
          mark ? marked(events.get(at), mark) : (events.get(at) as SourceRecord),
        );
        const source = partition(
          records,
          cuts.toSorted((a, b) => a - b),
          storage.log,
        );
        for (const definition of [orderList, customerTotals]) {
          const running = await follow(definition, { from: source, storage });
          await running.caughtUp();
          const parked = async (): Promise<readonly string[]> =>
            Promise.all(
              (await storage.parked.list({ follower: running.status(), limit: 10 })).map(async (head) => {
                const kept = await storage.parked.events(head, { limit: 10 });
                return `${head.key}: ${kept.map(({ envelope }) => envelope.streamVersion).join(' ')}`;
              }),
            );
          for (let n = 0; n < 2_000 && (await parked()).join() !== (of.parked ?? []).join(); n++) await turn();
          expect(await parked()).toEqual(of.parked ?? []);
          await running.stop();
        }
        const steps = rowsOf(storage, orderList).map(({ order_id: id, steps: all }) => [id, all]);
        expect(Object.fromEntries(steps)).toEqual(of.steps);
        const total = { customer: 'c', orders: Object.keys(of.steps).length, cents: of.cents };
        expect(rowsOf(storage, customerTotals)).toEqual([total]);
      }),
    ),
    { numRuns: 25 },
  );
});
