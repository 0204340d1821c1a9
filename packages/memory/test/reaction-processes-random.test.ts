import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { followReaction, park, reaction, replay, underClock } from '@leftfold/subscriptions';
import type { ParkedHead, ReplayPolicy, Running } from '@leftfold/subscriptions';
import { expect, test, vi } from 'vitest';
import { anotherProcess, frailProcess } from './another-process.ts';
import { impatient } from './impatient.ts';
import { append, paid } from './shop.ts';

/** What happens to a reaction that two processes follow: effects fail and are mended, people ask for retries, commits are not heard of, processes die, it is sent back. */
type Step =
  | { readonly kind: 'sell'; readonly stream: number; readonly events: number }
  | { readonly kind: 'break'; readonly stream: number }
  | { readonly kind: 'lose' | 'kill'; readonly process: number }
  | { readonly kind: 'settle' | 'mend' | 'retry' | 'replay' };
const stream = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('sell' as const), stream, events: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('break' as const), stream }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('lose', 'kill'), process: fc.integer({ min: 0, max: 1 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('settle', 'mend', 'retry', 'replay') }) },
);

/** A process whose next transaction that does anything to what is parked is committed, and not answered, if it is told so. */
function forgetful(storage: MemoryStorage) {
  const process = frailProcess(anotherProcess(storage));
  let loses = false;
  const { readModels } = storage;
  const transaction: typeof readModels.transaction = async (...args) => {
    const done = await readModels.transaction(...args);
    if (!loses) return done;
    loses = false;
    throw Object.assign(new Error('cut'), { code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
  };
  const models = Object.assign(Object.create(readModels) as typeof readModels, { transaction });
  return { storage: { ...process.storage, readModels: models }, kill: process.kill, lose: () => void (loses = true) };
}

test('C9 C15 whatever happens to a reaction that two processes follow: per stream each effect comes in order, nothing is lost, and a replay runs only what had been run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 14 }),
      fc.constantFrom<ReplayPolicy>('skip', 'run', 'collect'),
      async (steps, policy) => {
        let now = 0;
        const storage = memory({ lanes: 2, now: () => now });
        const broken = new Set<string>();
        const sold = new Map<string, number>();
        const runs: { readonly stream: string; readonly n: number; readonly replaying: boolean }[] = [];
        const definition = reaction('mail', { replay: policy, from: 'start', recovery: { live: park() } }).on(
          paid,
          async ({ data: { cents }, stream: { key } }, { replaying }) => {
            await setImmediate();
            if (broken.has(key) && cents % 2 === 0) throw new TypeError('broken');
            runs.push({ stream: key, n: cents, replaying });
          },
        );
        const start = async () => {
          const process = forgetful(storage);
          const running: Running = await underClock(impatient, () =>
            followReaction(definition, { from: storage.log, storage: process.storage, leaseMs: 1_000 }),
          );
          return { ...process, running };
        };
        const processes = [await start(), await start()];
        const settle = async (): Promise<void> => {
          for (const { running } of processes) await running.caughtUp({ timeoutMs: 4_000 });
        };
        const heads = (): Promise<readonly ParkedHead[]> => storage.parked.list({ limit: 100 });
        const ask = async (): Promise<void> => {
          for (const head of await heads()) await storage.parked.request(head, { kind: 'retry', by: 'ops' });
        };
        for (const one of steps) {
          if (one.kind === 'sell') {
            const key = `o${one.stream}`;
            const before = sold.get(key) ?? 0;
            const events = Array.from({ length: one.events }, (_, i) => paid({ customer: 'c', cents: before + i + 1 }));
            await append(storage.store, key, events);
            sold.set(key, before + one.events);
          } else if (one.kind === 'break') broken.add(`o${one.stream}`);
          else if (one.kind === 'lose') processes[one.process]?.lose();
          else if (one.kind === 'kill') {
            processes[one.process]?.kill();
            await processes[one.process]?.running.stop();
            now += 10_000;
            processes[one.process] = await start();
          } else if (one.kind === 'settle') await settle();
          else if (one.kind === 'mend') broken.clear();
          else if (one.kind === 'retry') await ask();
          else await replay(definition, { from: storage.log, storage: anotherProcess(storage), as: policy });
        }
        broken.clear();
        await settle();
        // What was parked comes by request, and so does what a replay has kept; another one may be needed for what failed meanwhile, and a lease that its owner has lost sight of has to end.
        await vi.waitUntil(
          async () => {
            now += 100;
            await settle();
            await ask();
            return (await heads()).length === 0;
          },
          { timeout: 15_000, interval: 10 },
        );
        await settle();
        for (const { running } of processes) await running.stop();
        expect(await heads()).toEqual([]);
        for (const [key, events] of sold) {
          const fresh = runs.filter((run) => run.stream === key && !run.replaying).map(({ n }) => n);
          expect([...new Set(fresh)]).toEqual(Array.from({ length: events }, (_, i) => i + 1));
        }
        for (const [i, run] of runs.entries()) {
          if (!run.replaying) continue;
          expect(policy).not.toBe('skip');
          expect(runs.slice(0, i).some((was) => was.stream === run.stream && was.n === run.n && !was.replaying)).toBe(
            true,
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});
