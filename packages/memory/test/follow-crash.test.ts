import { memory, memoryBroker } from '@leftfold/memory';
import { follow, relay } from '@leftfold/subscriptions';
import type { AnyProjection } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Life, mortalStorage } from './mortal.ts';
import { append, customerTotals, orderList, paid, placed, shipped } from './shop.ts';

/** One process: what was appended before it started, and when it dies. */
const life = fc.record({
  appends: fc.array(fc.tuple(fc.constantFrom('o1', 'o2', 'o3', 'o4'), fc.integer({ min: 0, max: 9 })), {
    maxLength: 6,
  }),
  calls: fc.integer({ min: 1, max: 12 }),
  isAfter: fc.boolean(),
});

test.each(['log', 'broker'])(
  'C1 C4 wherever projectors die, fed by the %s, every event has its effect exactly once and in order',
  async (by) => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
        const storage = memory();
        const broker = memoryBroker({ partitions: 2 });
        const relaying = await relay({ storage, to: broker, service: 'shop' });
        const steps = new Map<string, string[]>();
        for (const { appends, calls, isAfter } of lives) {
          for (const [order, cents] of appends) {
            const before = steps.get(order);
            steps.set(order, before ? [...before, ...(cents > 0 ? [String(cents)] : [])] : ['placed']);
            const customer = order < 'o3' ? 'ann' : 'bob';
            const next = cents > 0 ? paid({ customer, cents }) : shipped({});
            await append(storage.store, order, [before ? next : placed({ customer })]);
          }
          await relaying.caughtUp();
          const living = new Life(calls, isAfter);
          const mortal = mortalStorage(storage, living);
          const from = by === 'log' ? mortal.log : broker.source;
          const started = await Promise.allSettled(
            [orderList, customerTotals].map((of: AnyProjection) => follow(of, { from, storage: mortal, owner: 'p' })),
          );
          const running = started.flatMap((of) => (of.status === 'fulfilled' ? [of.value] : []));
          await Promise.race([living.ended, Promise.all(running.map((one) => one.caughtUp().catch(() => {})))]);
          await Promise.all(running.map((one) => one.stop()));
        }
        const from = by === 'log' ? storage.log : broker.source;
        for (const definition of [orderList, customerTotals]) {
          const last = await follow(definition, { from, storage, owner: 'p' });
          await last.caughtUp();
          await last.stop();
        }
        await relaying.stop();

        const { readModels } = storage;
        const list = readModels.reader([orderList.rowTable]).all('order_list');
        expect(list.map(({ order_id: id, steps: of }) => [id, of])).toEqual(
          [...steps]
            .map(([order, of]) => [order, of.join(' ')])
            .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
        );
        const cents = (order: string): number =>
          (steps.get(order) ?? []).slice(1).reduce((sum, step) => sum + Number(step), 0);
        const totals = [
          { customer: 'ann', of: ['o1', 'o2'] },
          { customer: 'bob', of: ['o3', 'o4'] },
        ].flatMap(({ customer, of }) => {
          const there = of.filter((order) => steps.has(order));
          const sum = there.reduce((all, order) => all + cents(order), 0);
          return there.length === 0 ? [] : [{ customer, orders: there.length, cents: sum }];
        });
        expect(readModels.reader([customerTotals.rowTable]).all('customer_totals')).toEqual(totals);
      }),
      { numRuns: 40 },
    );
  },
);
