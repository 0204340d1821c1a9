import { setTimeout as timer } from 'node:timers/promises';
import { LeftfoldError, t } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, projection, relay, retry, underClock } from '@leftfold/subscriptions';
import type {
  Batch,
  Clock,
  FoldedProjection,
  FollowOptions,
  ModelTransaction,
  Source,
  SourceRecord,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { append, customerTotals, paid, placed } from './shop.ts';

/** A clock that folds move on. */
let now = 0;
const clock: Clock = {
  now: () => now,
  pause: (ms, signal) => timer(Math.min(ms, 5), undefined, { signal }),
};
/** What was folded, also in runs that were rolled back. */
let folded: number[] = [];
/** What else a fold does. */
let also: (n: number) => void = () => {};
/** What happens when a transaction is about to be committed. */
let ending: () => void = () => {};

const list = (options: Partial<FoldedProjection> = {}): FoldedProjection => ({
  ...projection('numbers', {
    version: 1,
    key: 'customer',
    row: { customer: t.string(), ns: t.string() },
    order: 'any',
  }).upsert(paid, { by: 'customer' }, (row, { data: { customer, cents } }) => {
    now += 10;
    folded.push(Number(cents));
    also(Number(cents));
    return { customer, ns: `${row?.ns ?? ''} ${cents}` };
  }),
  ...options,
});
const pay = (cents: number, customer = 'c') => paid({ customer, cents });

/** A storage whose transactions are counted: what each has done of its batch, and whether it failed. */
function counting(storage: MemoryStorage) {
  const done: string[] = [];
  const { readModels } = storage;
  const counted: MemoryStorage['readModels'] = Object.create(readModels, {
    prepare: { value: readModels.prepare.bind(readModels) },
    transaction: {
      value: async (claim: never, move: never, work: (tx: ModelTransaction) => Promise<unknown>) => {
        let isCut = false;
        const before = folded.length;
        const result = await readModels.transaction(claim, move, async (tx) => {
          const endAt: ModelTransaction['endAt'] = async (place) => {
            isCut = true;
            await tx.endAt(place);
          };
          const answer = await work({ ...tx, endAt });
          ending();
          return answer;
        });
        done.push(`${folded.slice(before).join(' ')}${isCut ? ' …' : ''}`);
        return result;
      },
    },
  }) as MemoryStorage['readModels'];
  return { storage: { ...storage, readModels: counted }, done };
}
async function followed(definition: FoldedProjection, options: FollowOptions) {
  const running = await underClock(clock, () => follow(definition, options));
  onTestFinished(() => running.stop());
  return running;
}
const textOf = (storage: MemoryStorage, customer = 'c'): unknown =>
  storage.readModels.reader([list().rowTable]).one('numbers', customer)?.['ns'];

async function scene(kind: 'log' | 'broker') {
  [now, folded, also, ending] = [0, [], () => {}, () => {}];
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  const numbers = Array.from({ length: 7 }, (_, n) => n + 1);
  for (const n of numbers) await append(storage.store, `o${n % 3}`, [placed({ customer: 'x' }), pay(n)]);
  if (kind === 'broker') {
    const relaying = await relay({ storage, to: broker, service: 'shop' });
    onTestFinished(() => relaying.stop());
    await relaying.caughtUp();
  }
  const from: Source = kind === 'log' ? storage.log : broker.source;
  return { real: storage, from, ...counting(storage) };
}

for (const kind of ['log', 'broker'] as const) {
  test(`C4 folds that take too long are committed in parts, each from the place before it (${kind})`, async () => {
    const { real, storage, from, done } = await scene(kind);
    const running = await followed(list(), { from, storage, batchMs: 20 });
    await running.caughtUp();
    expect(done).toEqual(['1 2 …', '3 4 …', '5 6 …', '7']);
    expect(textOf(real)).toBe(' 1 2 3 4 5 6 7');
  });

  test(`nothing changes for a batch that is done in time (${kind})`, async () => {
    const { storage, from, done } = await scene(kind);
    const running = await followed(list(), { from, storage });
    await running.caughtUp();
    expect(done).toEqual(['1 2 3 4 5 6 7']);
  });

  test(`C4 where a part fails by a fault of the server it is done again, and none before it (${kind})`, async () => {
    const { real, storage, from, done } = await scene(kind);
    let faults = 2;
    ending = () => {
      if (folded.at(-1) === 4 && faults-- > 0) throw new Away('gone');
    };
    const running = await followed(list(), { from, storage, batchMs: 20 });
    await running.caughtUp();
    expect(folded).toEqual([1, 2, 3, 4, 3, 4, 3, 4, 5, 6, 7]);
    expect(done).toEqual(['1 2 …', '3 4 …', '5 6 …', '7']);
    expect(textOf(real)).toBe(' 1 2 3 4 5 6 7');
  });

  test(`C6 what is parked in one part holds its key in those behind it, and no event is parked twice (${kind})`, async () => {
    const { real, storage, from } = await scene(kind);
    also = (n) => {
      if (n === 3) throw new RangeError('three');
    };
    const running = await followed(list(), { from, storage, batchMs: 10 });
    await running.caughtUp();
    expect(textOf(real)).toBe(' 1 2');
    const [head] = await real.parked.list({ limit: 5 });
    expect(head).toMatchObject({ key: 'row/c', events: 5 });
    expect(running.status().lanes).toMatchObject([{ parkedKeys: 1 }]);
    also = () => {};
    await real.parked.request(head as never, { kind: 'retry', by: 'ops' });
    await vi.waitFor(() => expect(textOf(real)).toBe(' 1 2 3 4 5 6 7'), { timeout: 10_000 });
  });
}

test('an event that is tried again is tried as often as the policy says, and what was committed before it once', async () => {
  const { real, storage, from } = await scene('log');
  also = (n) => {
    if (n === 4 && folded.filter((one) => one === 4).length <= 2) throw new RangeError('four');
  };
  const live = retry({ times: 3, backoffMs: 1, then: 'stop' });
  const running = await followed(list({ recovery: { live } }), { from, storage, batchMs: 20 });
  await running.caughtUp();
  expect(folded.filter((n) => n <= 2)).toEqual([1, 2]);
  expect(folded.filter((n) => n === 4)).toHaveLength(3);
  expect(textOf(real)).toBe(' 1 2 3 4 5 6 7');
});

test('a source that has places between batches alone has its batches dealt with whole', async () => {
  const { storage, done } = await scene('log');
  const { log } = storage;
  const from: Source = Object.create(log, {
    run: {
      value: ((reader, signal) =>
        log.run(
          {
            ...reader,
            handle: (batch, given) => reader.handle(withoutPlaces(batch), given),
          },
          signal,
        )) satisfies Source['run'],
    },
    head: { value: () => log.head() },
    hasPassed: { value: (...of: Parameters<Source['hasPassed']>) => log.hasPassed(...of) },
  }) as Source;
  const running = await followed(list(), { from, storage, batchMs: 1 });
  await running.caughtUp();
  expect(done).toEqual(['1 2 3 4 5 6 7']);
});

test('a bound that is none is refused before anything is made', async () => {
  const storage = memory();
  const following = follow(customerTotals, { from: storage.log, storage, batchMs: 0 });
  await expect(following).rejects.toMatchObject({ code: 'LF_OPTION_OUT_OF_RANGE' });
});

class Away extends LeftfoldError {
  readonly code = 'LF_STORAGE_UNAVAILABLE' as const;
  readonly retryable = true as const;
}

/** As of a source that has none. */
function withoutPlaces(batch: Batch<SourceRecord>): Batch<SourceRecord> {
  const { lane, records, from, at, to } = batch;
  return { lane, records, from, at, to };
}
