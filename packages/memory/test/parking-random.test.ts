import { setImmediate as turn } from 'node:timers/promises';
import { t } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, projection, relay, retryAllParked, underClock } from '@leftfold/subscriptions';
import type { Clock, FoldedProjection, Row, RowHandler, Source, Storage } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Life, mortalStorage } from './mortal.ts';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

// Parking under whatever may happen to it: in the end the rows are the fold of the log, as if nothing had happened.

/** Fed by several streams, each payment by two rows: order across streams is free, within one it shows. Where a row is not there yet, it fails until it is. */
const trails = projection('trails', {
  version: 1,
  key: 'id',
  row: { id: t.string(), trail: t.string() },
  order: 'any',
})
  .upsert(placed, { by: 'customer' }, (row, { data }) => row ?? { id: data.customer, trail: '' })
  .upsert(paid, { by: () => ['ann', 'bob'] }, (row, { stream }) => {
    if (row === undefined) throw new RangeError('it is not there yet');
    return { ...row, trail: `${row.trail}${stream.key}@${stream.version} ` };
  });

const ORDERS = ['o1', 'o2', 'o3', 'o4'] as const;
const customerOf = (order: string): string => (order < 'o3' ? 'ann' : 'bob');

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('append'), order: fc.constantFrom(...ORDERS), cents: fc.nat(29) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('break', 'refuse', 'mend'),
      order: fc.constantFrom(...ORDERS),
      version: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), turns: fc.nat(40) }) },
);
const life = fc.record({
  actions: fc.array(action, { maxLength: 10 }),
  calls: fc.oneof(fc.constant(100_000), fc.integer({ min: 1, max: 150 })),
  isAfter: fc.boolean(),
});

/** A second passes in some turns of the loop. */
const hasty: Clock = {
  now: Date.now,
  pause: async (ms, signal) => {
    for (let n = Math.min(20, Math.ceil(ms / 50)); n > 0 && !signal.aborted; n--) await turn();
    await turn();
    signal.throwIfAborted();
  },
};

/** What is wrong with code and tables now: events whose fold throws, and those whose write is refused. */
interface Trouble {
  readonly broken: Set<string>;
  readonly refused: Set<string>;
}
function troubled(definition: FoldedProjection, { broken }: Trouble): FoldedProjection {
  const handlers = new Map(
    [...definition.handlers].map(([type, handler]): [string, RowHandler] => {
      if (handler.verb === 'delete') return [type, handler];
      const fold = (...of: readonly unknown[]): unknown => {
        const { stream } = of[handler.verb === 'insert' ? 0 : 1] as { stream: { key: string; version: bigint } };
        if (broken.has(`${stream.key}@${stream.version}`)) throw new RangeError('broken');
        return (handler.fold as (...args: readonly unknown[]) => unknown)(...of);
      };
      return [type, { ...handler, fold } as RowHandler];
    }),
  );
  return { ...definition, handlers };
}
/** A storage whose constraints refuse rows as they are after certain events. */
function refusing(storage: Storage, { refused }: Trouble): Storage {
  const { readModels } = storage;
  return {
    ...storage,
    readModels: {
      ...readModels,
      prepare: (tables) => readModels.prepare(tables),
      transactions: (parts) => readModels.transactions(parts),
      reader: (tables) => readModels.reader(tables),
      appliedAhead: (claim) => readModels.appliedAhead(claim),
      aside: (...of) => readModels.aside(...of),
      transaction: (claim, move, work) =>
        readModels.transaction(claim, move, (tx) =>
          work({
            ...tx,
            parked: tx.parked,
            write: async (table, changes) => {
              const isRefused = changes.some(
                ({ key, streamVersion }) => streamVersion > 0n && refused.has(`${key}@${streamVersion}`),
              );
              if (isRefused) throw Object.assign(new Error('violates check constraint'), { code: '23514' });
              await tx.write(table, changes);
            },
          }),
        ),
    },
  };
}

test.each(['log', 'broker'])(
  'C5 C6 C15 fed by the %s: whatever fails, is asked for, dies or comes meanwhile, after all is mended and retried the rows are the fold of the log',
  async (by) => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), (lives) =>
        underClock(hasty, () => run(by, lives)),
      ),
      { numRuns: Number(process.env['LEFTFOLD_RUNS'] ?? 40) },
    );
  },
  60_000,
);

type Lives = readonly (typeof life extends fc.Arbitrary<infer L> ? L : never)[];

async function run(by: string, lives: Lives): Promise<void> {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const trouble: Trouble = { broken: new Set(), refused: new Set() };
  const relaying = await relay({ storage, to: broker, service: 'shop' });
  const written = new Map<string, number[]>();
  const definitions = [orderList, customerTotals, trails] as readonly FoldedProjection[];

  const act = async (what: Lives[number]['actions'][number]): Promise<void> => {
    if (what.do === 'append' && 'cents' in what) {
      const { order, cents } = what;
      const customer = customerOf(order);
      const before = written.get(order);
      written.set(order, before ? [...before, cents] : []);
      await append(storage.store, order, [before ? paid({ customer, cents }) : placed({ customer })]);
    } else if ('version' in what) {
      const name = `${what.order}@${what.version}`;
      if (what.do === 'break') trouble.broken.add(name);
      else if (what.do === 'refuse') trouble.refused.add(name);
      else for (const of of [trouble.broken, trouble.refused]) of.delete(name);
    } else if (what.do === 'retry') for (const of of definitions) await retryAllParked(storage, of, { by: 'ops' });
    else if ('turns' in what) for (let n = 0; n < what.turns; n++) await turn();
  };
  const start = (of: Storage, from: Source) =>
    Promise.allSettled(
      definitions.map((definition) =>
        follow(troubled(definition, trouble), { from, storage: refusing(of, trouble), owner: 'p' }),
      ),
    );

  for (const order of ['o1', 'o3'] as const) await act({ do: 'append', order, cents: 0 });
  for (const { actions, calls, isAfter } of lives) {
    const living = new Life(calls, isAfter);
    const mortal = mortalStorage(storage, living);
    const started = await start(mortal, by === 'log' ? mortal.log : broker.source);
    const running = started.flatMap((of) => (of.status === 'fulfilled' ? [of.value] : []));
    for (const one of actions) await act(one);
    await relaying.caughtUp();
    if (calls === 100_000) await Promise.all(running.map((one) => one.caughtUp().catch(() => {})));
    await Promise.all(running.map((one) => one.stop()));
  }
  for (const of of [trouble.broken, trouble.refused]) of.clear();
  const last = (await start(storage, by === 'log' ? storage.log : broker.source)).map((of) => {
    if (of.status === 'rejected') throw of.reason;
    return of.value;
  });
  await Promise.all(last.map((one) => one.caughtUp()));
  for (let n = 0; (await storage.parked.list({ limit: 1 })).length > 0; n++) {
    if (n > 5_000) expect(await storage.parked.list({ limit: 10 })).toEqual([]);
    if (n % 100 === 0) for (const of of definitions) await retryAllParked(storage, of, { by: 'ops' });
    await turn();
  }
  // What comes after the last drain finds its key live.
  for (const order of ORDERS) await act({ do: 'append', order, cents: 1 });
  await relaying.caughtUp();
  await Promise.all(last.map((one) => one.caughtUp()));
  expect(await storage.parked.list({ limit: 10 })).toEqual([]);
  await Promise.all([...last, relaying].map((one) => one.stop()));
  check(storage, written);
}

function check(storage: MemoryStorage, written: ReadonlyMap<string, readonly number[]>): void {
  const rows = ({ rowTable }: FoldedProjection): readonly Row[] =>
    storage.readModels.reader([rowTable]).all(rowTable.name);
  const orders = [...written].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(rows(orderList).map(({ order_id: id, steps }) => [id, steps])).toEqual(
    orders.map(([order, cents]) => [order, ['placed', ...cents].join(' ')]),
  );
  const totals = Map.groupBy(orders, ([order]) => customerOf(order));
  expect(rows(customerTotals)).toEqual(
    [...totals].map(([customer, of]) => ({
      customer,
      orders: of.length,
      cents: of.flatMap(([, cents]) => cents).reduce((sum, one) => sum + one, 0),
    })),
  );
  const seen = new Map<string, string[]>();
  for (const [order, all] of orders)
    for (const id of ['ann', 'bob'])
      if (all.length > 0)
        seen.set(
          `${id} ${order}`,
          all.map((_, n) => `${order}@${n + 2}`),
        );
  const found = new Map<string, string[]>();
  for (const { id, trail } of rows(trails))
    for (const one of (trail as string).trim().split(' ')) {
      const name = `${String(id)} ${one.split('@')[0]}`;
      found.set(name, [...(found.get(name) ?? []), one]);
    }
  expect([...found].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual(
    [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
