import { setImmediate as turn } from 'node:timers/promises';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryBroker } from '@leftfold/memory';
import { follow, jsonCodec, parseRecord, recognise, relay } from '@leftfold/subscriptions';
import type { AnyProjection, RecordPlace, Running } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { restlessBroker, restlessCodec, RestlessLog, restlessStorage, seeded } from './restless.ts';
import type { Weather } from './restless.ts';
import { append, customerTotals, noted, orderList, paid, placed, shipped } from './shop.ts';

const TOPIC = 'shop.order';
const STEPS = 40;
const customerOf = (order: string): string => (order < 'o3' ? 'ann' : 'bob');

/** What a consumer that knows the numbers applies; a number stands for one event, however often and by whomever it was sent. */
function applied(broker: MemoryBroker): readonly ReturnType<typeof parseRecord>[] {
  return broker.records(TOPIC).flatMap((partition) => {
    const events = new Map<number, string>();
    let place: RecordPlace | 'start' = 'start';
    return partition.map(parseRecord).filter(({ stamp, envelope: { id } }) => {
      expect(events.get(stamp.sequence) ?? id).toBe(id);
      events.set(stamp.sequence, id);
      const recognition = recognise(place, stamp);
      if (recognition.kind === 'fault') throw recognition.fault;
      if (recognition.kind === 'next') place = recognition.place;
      return recognition.kind === 'next';
    });
  });
}

test('R3 R4 C1 C4 A7 several relays and projectors at once, whose leases lapse, whose calls and schema registries fail and who come and go: nothing is lost, doubled or inverted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
      const random = seeded(seed);
      const weather: Weather = { isCalm: false, random };
      let now = 1;
      const ended = new AbortController();
      const inner = memory({ now: () => now });
      const storage = { ...inner, log: new RestlessLog(inner.log, random, ended.signal) };
      const broker = memoryBroker({ partitions: 3, codec: restlessCodec(jsonCodec(), weather) });
      const running: Running[] = [];
      const gone: (Promise<void> | undefined)[] = [];
      let owners = 0;
      const startRelay = async (): Promise<void> => {
        const options = { service: 'shop', owner: `relay-${owners++}`, leaseMs: 1_000 };
        const [of, to] = [restlessStorage(storage, weather), restlessBroker(broker, weather)];
        running.push(await relay({ storage: of, to, ...options }));
      };
      const startProjector = async (definition: AnyProjection, by: 'log' | 'broker'): Promise<void> => {
        const of = restlessStorage(storage, weather);
        const from = by === 'log' ? of.log : broker.source;
        running.push(await follow(definition, { from, storage: of, owner: `projector-${owners++}`, leaseMs: 1_000 }));
      };
      // Rows of one stream may be fed by both; of the others each event would count twice.
      const startAny = [
        startRelay,
        () => startProjector(orderList, 'log'),
        () => startProjector(orderList, 'broker'),
        () => startProjector(customerTotals, 'broker'),
      ];
      for (const start of startAny) await start();

      const steps = new Map<string, readonly string[]>();
      let published = 0;
      for (let step = 1; step <= STEPS; step++) {
        const fate = random();
        if (fate < 0.6) {
          const order = `o${1 + Math.floor(random() * 5)}`;
          const customer = customerOf(order);
          const before = steps.get(order);
          // One that no projection handles, one that never leaves the log.
          const aside = before && [shipped({}), noted({ note: 'x' })][Math.floor(random() * 8)];
          const next = before ? paid({ customer, cents: step }) : placed({ customer });
          await append(storage.store, order, [aside ?? next]);
          if (!aside) steps.set(order, before ? [...before, String(step)] : ['placed']);
          if (aside?.type !== noted.type) published += 1;
        } else if (fate < 0.75) now += 2_000;
        else if (fate < 0.85) gone.push(running.splice(Math.floor(random() * running.length), 1)[0]?.stop());
        else await startAny[Math.floor(random() * startAny.length)]?.();
        for (let turns = random() * 10; turns > 0; turns--) await turn();
      }

      // The day ends well: all of them go, and one of each comes for what is left.
      weather.isCalm = true;
      await Promise.all([...gone, ...running.map((one) => one.stop())]);
      now += 1_000_000;
      for (const start of startAny) {
        await start();
        await running.at(-1)?.caughtUp();
        await running.at(-1)?.stop();
      }
      ended.abort();

      expect(applied(broker)).toHaveLength(published);
      const rows = storage.readModels.reader([orderList.rowTable, customerTotals.rowTable]);
      expect(rows.all('order_list').map(({ order_id: id, steps: of }) => [id, of])).toEqual(
        [...steps]
          .map(([order, of]) => [order, of.join(' ')])
          .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
      );
      const totals = Map.groupBy(steps, ([order]) => customerOf(order));
      expect(rows.all('customer_totals')).toEqual(
        [...totals]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([customer, of]) => ({
            customer,
            orders: of.length,
            cents: of.flatMap(([, [, ...cents]]) => cents).reduce((sum, cents) => sum + Number(cents), 0),
          })),
      );
    }),
    { numRuns: 60 },
  );
});
