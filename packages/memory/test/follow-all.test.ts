import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { t } from '@leftfold/core';
import { followAll, projection, relay, stop } from '@leftfold/subscriptions';
import type {
  AnyProjection,
  Batch,
  FollowOptions,
  LaneStatus,
  Reader,
  ReadModels,
  Running,
  Source,
  SourceRecord,
} from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { frailProcess } from './another-process.ts';
import { seeded } from './restless.ts';
import { append, paid, placed } from './shop.ts';

const SLOWLY = { timeout: 20_000, interval: 5 };

/** A list of what came, per order. */
const listOf = (name: string, version = 1, before: (cents: number) => void = () => {}) =>
  projection(name, {
    version,
    key: 'order_id',
    row: { order_id: t.string(), steps: t.string() },
    recovery: { live: stop() },
  })
    .insert(placed, ({ stream }) => ({ order_id: stream.key, steps: 'placed' }))
    .update(paid, (row, { data }) => {
      before(data.cents);
      return { steps: `${row.steps} ${data.cents}` };
    });
const manyOf = (count: number): readonly AnyProjection[] =>
  Array.from({ length: count }, (_, i) => listOf(`list-${i}`));

async function following(projections: readonly AnyProjection[], options: FollowOptions): Promise<readonly Running[]> {
  const all = await followAll(projections, options);
  onTestFinished(async () => void (await Promise.all(all.map((one) => one.stop()))));
  return all;
}
const caughtUp = async (all: readonly Running[]): Promise<void> =>
  void (await Promise.all(all.map((one) => one.caughtUp({ timeoutMs: 20_000 }))));
const steps = ({ readModels }: MemoryStorage, of: AnyProjection, order = 'o1'): unknown =>
  readModels.reader([of.tables]).one((of.tables as { readonly name: string }).name, order)?.['steps'];
const laneOf = (running: Running | undefined): LaneStatus | undefined => running?.status().lanes[0];

/** What is asked of a source and of read models. */
function counted<S extends MemoryStorage>(storage: S, source: Source = storage.log) {
  const counts = { readings: 0, bounded: 0, batches: 0, transactions: 0, shared: 0, decoded: 0, underWay: 0, most: 0 };
  const countedRecord = <R extends SourceRecord>(record: R): R => ({
    ...record,
    decode: (schema) => {
      counts.decoded += 1;
      return record.decode(schema);
    },
  });
  const handed = async (reader: Reader<never>, batch: Batch<never>, signal: AbortSignal): Promise<void> => {
    counts.batches += 1;
    counts.underWay += 1;
    counts.most = Math.max(counts.most, counts.underWay);
    try {
      await reader.handle({ ...batch, records: batch.records.map(countedRecord) }, signal);
    } finally {
      counts.underWay -= 1;
    }
  };
  const from = new Proxy(source, {
    get: (target, name) => {
      if (name === 'run') {
        return (reader: Reader<never>, signal: AbortSignal) => {
          counts.readings += 1;
          if (reader.until !== undefined) counts.bounded += 1;
          return target.run({ ...reader, handle: (batch, given) => handed(reader, batch as never, given) }, signal);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { readModels } = storage;
  const models: ReadModels = new Proxy(readModels, {
    get: (target, name) => {
      if (name === 'transaction') counts.transactions += 1;
      if (name === 'transactions') counts.shared += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { counts, from, storage: { ...storage, readModels: models as S['readModels'] } };
}
const orders = async ({ store }: MemoryStorage, from: number, to: number): Promise<void> => {
  for (let n = from; n <= to; n++)
    await append(store, `o${n}`, [placed({ customer: 'ann' }), paid({ customer: 'ann', cents: 1 })]);
};

test('thirty projections cost one reading, one decoding and one transaction a batch, as one does', async () => {
  const cost = async (projections: readonly AnyProjection[]) => {
    const storage = memory();
    const { counts, ...watched } = counted(storage);
    const all = await following(projections, watched);
    for (let n = 1; n <= 20; n++) {
      await append(storage.store, `o${n}`, [placed({ customer: 'ann' })]);
      await caughtUp(all);
    }
    for (const one of projections) expect(steps(storage, one, 'o20')).toBe('placed');
    await Promise.all(all.map((one) => one.stop()));
    return counts;
  };
  const one = await cost(manyOf(1));
  const thirty = await cost(manyOf(30));
  expect(one).toMatchObject({ readings: 1, decoded: 20, transactions: 20, shared: 0 });
  expect(thirty).toMatchObject({ readings: 1, bounded: 0, decoded: 20, transactions: 0 });
  expect([thirty.batches, thirty.shared]).toEqual([one.batches, one.transactions]);
});
test('C5 one that stops holds none of the others, and shows why; their lanes follow', async () => {
  const storage = memory();
  const broken = listOf('broken', 1, () => {
    throw new Error('never');
  });
  const [first, second] = [listOf('first'), listOf('second')];
  const all = await following([first, broken, second], { from: storage.log, storage });
  await append(storage.store, 'o1', [placed({ customer: 'ann' }), paid({ customer: 'ann', cents: 1 })]);
  await append(storage.store, 'o1', [paid({ customer: 'ann', cents: 2 })]);
  await vi.waitFor(() => expect(steps(storage, first)).toBe('placed 1 2'), SLOWLY);
  await caughtUp([all[0], all[2]] as Running[]);
  expect([first, second].map((one) => steps(storage, one))).toEqual(['placed 1 2', 'placed 1 2']);
  await vi.waitFor(() => expect(laneOf(all[1])?.state).toBe('stopped'), SLOWLY);
  expect([laneOf(all[0])?.state, laneOf(all[2])?.state]).toEqual(['following', 'following']);
});
/** Holds back the transactions of some followers. */
function gated<S extends MemoryStorage>(storage: S) {
  const closed = new Map<string, PromiseWithResolvers<void>>();
  const { readModels } = storage;
  const before = async (of: string): Promise<void> => closed.get(of)?.promise;
  const models = new Proxy(readModels, {
    get: (target, name) => {
      if (name === 'transaction')
        return async (...[claim, ...rest]: Parameters<ReadModels['transaction']>) => {
          await before(claim.follower.name);
          return target.transaction(claim, ...rest);
        };
      if (name === 'transactions')
        return async (parts: Parameters<ReadModels['transactions']>[0]) => {
          const outcomes = await Promise.all(
            parts.map(async (part) => {
              await before(part.claim.follower.name);
              return target.transactions([part]);
            }),
          );
          return outcomes.flat();
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    storage: { ...storage, readModels: models as S['readModels'] },
    close: (name: string) => void closed.set(name, Promise.withResolvers()),
    open: (name: string) => {
      closed.get(name)?.resolve();
      closed.delete(name);
    },
  };
}

test('one that is behind reads on by itself while the others go on, then all are one reading again', async () => {
  const real = memory();
  const [first, second, late] = [listOf('first'), listOf('second'), listOf('late')];
  await orders(real, 1, 700);
  const before = await following([first, second], { from: real.log, storage: real });
  await caughtUp(before);
  await Promise.all(before.map((one) => one.stop()));
  const { storage: slow, ...gate } = gated(real);
  const { counts, ...watched } = counted(slow);
  gate.close('late');
  const all = await following([first, second, late], watched);
  await orders(real, 701, 720);
  await caughtUp(all.slice(0, 2));
  expect(steps(real, second, 'o720')).toBe('placed 1');
  await vi.waitFor(() => expect(counts.bounded).toBe(1), SLOWLY);
  gate.open('late');
  await caughtUp(all);
  expect(steps(real, late, 'o720')).toBe('placed 1');
  // It has joined when a batch is handed over once for all.
  await vi.waitFor(async () => {
    const { batches } = counts;
    await append(real.store, 'o1', [paid({ customer: 'ann', cents: 7 })]);
    await caughtUp(all);
    expect(counts.batches - batches).toBe(1);
  }, SLOWLY);
  for (const one of [first, second, late]) expect(steps(real, one, 'o1')).toBe(steps(real, first, 'o1'));
});
test('with a slow database one batch is dealt with, and nothing is read that nobody deals with', async () => {
  const real = memory();
  const [first, second] = [listOf('first'), listOf('second')];
  const { storage: slowed, ...gate } = gated(real);
  const { counts, ...watched } = counted(slowed);
  gate.close('first');
  gate.close('second');
  const all = await following([first, second], watched);
  await orders(real, 1, 600);
  await vi.waitFor(() => expect(counts.batches).toBe(1), SLOWLY);
  // That nothing more comes can only be seen by waiting.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([counts.batches, counts.most]).toEqual([1, 1]);
  gate.open('first');
  gate.open('second');
  await caughtUp(all);
  expect(counts.most).toBe(1);
});

/** A process with a set of projections, that can be killed. */
async function processWith(
  storage: MemoryStorage,
  projections: readonly AnyProjection[],
  from: (there: MemoryStorage) => Source,
) {
  const { storage: there, kill } = frailProcess(storage);
  const running = await followAll(projections, { from: from(there), storage: there, leaseMs: 1_000 });
  const stop = async (): Promise<void> => void (await Promise.all(running.map((one) => one.stop())));
  onTestFinished(stop);
  return { running, projections, stop, kill };
}
const lanesOf = (running: Running | undefined): number =>
  (running?.status().lanes ?? []).filter(({ state }) => state === 'following').length;

test.each(['the same', 'different'] as const)(
  'over a broker that gives each lane to one reader, processes with %s sets share the lanes of each projection fairly; what one leaves the other has at once',
  async (sets) => {
    const storage = memory();
    const broker = memoryBroker({ partitions: 4 });
    const relayed = await relay({ storage, to: broker, service: 'shop' });
    onTestFinished(() => relayed.stop());
    const [both, more, other] = [listOf('both'), listOf('more'), listOf('other')];
    await orders(storage, 1, 10);
    await relayed.caughtUp();
    const first = await processWith(storage, [both, more], () => broker.source);
    const second = await processWith(storage, [both, sets === 'different' ? other : more], () => broker.source);
    const shares = (): readonly number[] => [...first.running, ...second.running].map(lanesOf);
    await vi.waitFor(() => expect(shares()).toEqual(sets === 'different' ? [2, 4, 2, 4] : [2, 2, 2, 2]), SLOWLY);
    await orders(storage, 11, 30);
    await relayed.caughtUp();
    await caughtUp([...first.running, ...second.running]);
    await first.stop();
    await vi.waitFor(() => expect(lanesOf(second.running[0])).toBe(4), SLOWLY);
    await orders(storage, 31, 40);
    await relayed.caughtUp();
    await caughtUp(second.running);
    for (const one of second.projections)
      for (let n = 1; n <= 40; n++) expect(steps(storage, one, `o${n}`)).toBe('placed 1');
  },
);

test('a lane that the source takes away is given back, so that nobody waits until the lease ends', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const relayed = await relay({ storage, to: broker, service: 'shop' });
  onTestFinished(() => relayed.stop());
  const sets = [listOf('one'), listOf('two')];
  const released: string[] = [];
  const { checkpoints } = storage;
  const noting: MemoryStorage = {
    ...storage,
    checkpoints: new Proxy(checkpoints, {
      get: (target, name) => {
        if (name === 'release')
          return (claim: Parameters<typeof checkpoints.release>[0]) => {
            released.push(`${claim.follower.name} ${claim.lane}`);
            return target.release(claim);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  };
  await orders(storage, 1, 4);
  await relayed.caughtUp();
  const all = await following(sets, { from: broker.source, storage: noting, leaseMs: 300_000 });
  await vi.waitFor(() => expect(all.map(lanesOf)).toEqual([2, 2]), SLOWLY);
  // Another of the same group, in another process.
  await following(sets, { from: broker.source, storage: frailProcess(storage).storage, leaseMs: 300_000 });
  await vi.waitFor(() => expect(released).toHaveLength(2), SLOWLY);
});

const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Processes with sets of their own come, end and die, while orders are placed. */
async function roll(rollSeed: number, of: 'log' | 'broker'): Promise<void> {
  const random = seeded(rollSeed);
  const draw = (most: number): number => Math.floor(random() * most);
  const storage = memory({ lanes: of === 'log' ? 2 : 1 });
  const broker = memoryBroker({ partitions: 3 });
  const relayed = await relay({ storage, to: broker, service: 'shop' });
  const from = (there: MemoryStorage): Source => (of === 'log' ? there.log : broker.source);
  const all = manyOf(4);
  const living: Awaited<ReturnType<typeof processWith>>[] = [];
  try {
    for (let step = 0, order = 1; step < 12; step++) {
      const what = random();
      if (what < 0.5 || living.length === 0) {
        const some = all.filter(() => random() < 0.6);
        living.push(await processWith(storage, some.length === 0 ? all : some, from));
      } else {
        const [gone] = living.splice(draw(living.length), 1);
        if (what < 0.75) gone?.kill();
        void gone?.stop();
      }
      for (let n = 1 + draw(4); n > 0; n--, order++) {
        await orders(storage, order, order);
        if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, draw(20)));
      }
    }
    const last = await processWith(storage, all, from);
    living.push(last);
    if (of === 'broker') await relayed.caughtUp();
    await caughtUp(last.running);
    const placedAll = storage.readModels.reader([(all[0] as AnyProjection).tables]).all('list_0').length;
    expect(placedAll).toBeGreaterThan(11);
    for (const one of all)
      for (let order = 1; order <= placedAll; order++) expect(steps(storage, one, `o${order}`)).toBe('placed 1');
    for (const running of living.flatMap((one) => one.running))
      for (const { state } of running.status().lanes) expect(state).not.toBe('stopped');
  } finally {
    await Promise.all(living.map((one) => one.stop()));
    await relayed.stop();
  }
}
test.each(['log', 'broker'] as const)(
  `C1 C4 over a %s, whichever sets processes have, and whoever comes, ends and dies: every effect once, in order (seed ${seed})`,
  async (of) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), (rollSeed) => roll(rollSeed, of)),
      { numRuns: 2, seed, endOnFailure: true },
    );
  },
  60_000,
);
