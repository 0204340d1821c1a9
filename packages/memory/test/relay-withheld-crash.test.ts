import type { StreamId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { giveUp, redrive, relay, withheldKeys } from '@leftfold/subscriptions';
import type { Running } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Life, mortalBroker, mortalStorage } from './mortal.ts';
import { refusingBroker, told, TOPIC, type Told } from './poison.ts';
import { append, noted, paid } from './shop.ts';

const ORDERS = ['o1', 'o2', 'o3', 'calm'];

/** What happens before a process starts, when it dies, what else the broker answers, and what the broker's limit is by then. It never falls: see 0030. */
const life = fc.record({
  appends: fc.array(fc.tuple(fc.constantFrom(...ORDERS), fc.constantFrom(1, 1, 1, 150, 250, 999, null)), {
    maxLength: 8,
  }),
  requests: fc.array(fc.tuple(fc.constantFrom('redrive', 'give-up'), fc.nat(3)), { maxLength: 2 }),
  calls: fc.integer({ min: 1, max: 40 }),
  isAfter: fc.boolean(),
  hasRival: fc.boolean(),
  /** Whether it lives on until it has looked what was requested since it began. */
  looksAgain: fc.nat(9).map((n) => n === 0),
  sends: fc.array(fc.constantFrom('unknown', 'partly', 'notWritten', 'written'), { maxLength: 3 }),
  limit: fc.constantFrom(100, 100, 200, 300),
});

/** Of one key, as a consumer sees it: each event once, in order; small records stand in its place meanwhile, and nothing newer passes. */
function check(of: readonly Told[], isCalm: boolean): readonly number[] {
  const settled: number[] = [];
  const open = new Set<number>();
  for (const { version, what } of of) {
    if (isCalm) expect(what).toBe('event');
    if (what === 'withheld') {
      expect(settled).not.toContain(version);
      open.add(version);
    } else {
      // Whatever comes is the oldest that is missing.
      expect(version).toBeLessThanOrEqual(Math.min(version, ...open));
      expect(open.has(version)).toBe(what !== 'event');
      expect(settled.at(-1) ?? 0).toBeLessThan(version);
      open.delete(version);
      settled.push(version);
    }
  }
  expect([...open]).toEqual([]);
  return settled;
}

test('R1 R3 R14 R15 wherever relays die, two at once or one, and whatever is refused, redriven and given up meanwhile: per key all arrive in order, the others are never held up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), async (lives) => {
      const storage = memory();
      const limit = { cents: 0 };
      const answers: string[] = [];
      const broker = refusingBroker(limit, 2, ([record]) => {
        const { topic = TOPIC, partition = 0 } = record ?? {};
        const cause = new Error('made up');
        const answer = answers.shift();
        if (answer === 'unknown') return { topic, partition, kind: 'unknown', cause };
        if (answer === 'partly') return { topic, partition, kind: 'unknown', cause, wrote: 1 };
        if (answer === 'notWritten') return { topic, partition, kind: 'notWritten', refused: false, cause };
        return undefined;
      });
      const published = new Map<string, number[]>();
      const versions = new Map<string, number>();
      for (const { appends, requests, calls, isAfter, hasRival, looksAgain, sends, limit: cents } of lives) {
        limit.cents = Math.max(limit.cents, cents);
        for (const [order, what] of appends) {
          const version = (versions.get(order) ?? 0) + 1;
          versions.set(order, version);
          const isPrivate = what === null;
          if (!isPrivate) published.set(order, [...(published.get(order) ?? []), version]);
          const paying = paid({ customer: 'c', cents: order === 'calm' ? 1 : (what ?? 1) });
          await append(storage.store, order, [isPrivate ? noted({ note: 'x' }) : paying]);
        }
        const heads = (await Array.fromAsync(withheldKeys(storage))).map(({ head }) => head);
        for (const [kind, n] of requests) {
          const head = heads[n];
          if (head === undefined) continue;
          if (kind === 'redrive') await redrive(storage, head, { by: 'test' });
          else await giveUp(storage, head, { by: 'test', reason: 'test' });
        }
        answers.splice(0, answers.length, ...sends);
        const relays: { readonly living: Life; readonly running: Running }[] = [];
        for (const left of hasRival ? [calls, 20] : [calls]) {
          const living = new Life(left, isAfter);
          const to = mortalBroker(broker, living);
          // Of one name, so that each takes the lane from the other, which finds out late.
          const running = await relay({ storage: mortalStorage(storage, living), to, service: 'shop', owner: 'relay' });
          relays.push({ living, running });
        }
        await Promise.race([
          Promise.all(relays.map(({ living }) => living.ended)),
          Promise.all(relays.map(({ running }) => running.caughtUp().catch(() => {}))),
        ]);
        if (looksAgain) await tended(relays);
        await Promise.all(relays.map(({ running }) => running.stop()));
      }
      limit.cents = 1_000;
      answers.length = 0;
      const next = await relay({ storage, to: broker, service: 'shop', owner: 'relay' });
      await next.caughtUp();
      await next.stop();
      const last = await relay({ storage, to: broker, service: 'shop', owner: 'relay' });
      for await (const { head } of withheldKeys(storage)) await redrive(storage, head, { by: 'test' });
      await vi.waitFor(async () => expect(await Array.fromAsync(withheldKeys(storage))).toEqual([]), {
        timeout: 20_000,
        interval: 20,
      });
      await last.caughtUp();
      await last.stop();

      const arrived = Map.groupBy(told(broker).flat(), ({ key }) => key);
      for (const order of ORDERS)
        expect(check(arrived.get(order) ?? [], order === 'calm')).toEqual(published.get(order) ?? []);
      for (const [, rows] of Map.groupBy(await allRows(), ({ stream }) => stream))
        expect(rows.every(({ state }) => state !== 'withheld')).toBe(true);

      async function allRows() {
        const keys = ORDERS.map((order) => ({ topic: TOPIC, tenant: '', stream: `shop.order-${order}` as StreamId }));
        return (await Promise.all(keys.map((key) => storage.withheld.events(key, { limit: 1_000 })))).flat();
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);

/** Long enough for a look at what was requested, or for an end. */
async function tended(relays: readonly { readonly living: Life }[]): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const handle = setTimeout(timer.resolve, 1_100);
  await Promise.race([timer.promise, Promise.all(relays.map(({ living }) => living.ended))]);
  clearTimeout(handle);
}
