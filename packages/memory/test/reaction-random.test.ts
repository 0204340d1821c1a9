import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { memory, memoryBroker } from '@leftfold/memory';
import { followReaction, reaction, relay, replay, underClock } from '@leftfold/subscriptions';
import type { ReplayPolicy, Running } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { frailProcess } from './another-process.ts';
import { impatient } from './impatient.ts';
import { append, paid } from './shop.ts';

/** What happens to a reaction: events come, its process ends or is killed (in the midst, after so many effects), and it is sent back. */
type Step =
  | { readonly kind: 'sell'; readonly stream: number; readonly events: number }
  | { readonly kind: 'settle' | 'restart' | 'replay' | 'replay-at-once' }
  | { readonly kind: 'kill'; readonly after: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sell' as const),
      stream: fc.integer({ min: 0, max: 3 }),
      events: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('settle', 'restart', 'replay', 'replay-at-once') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), after: fc.integer({ min: 0, max: 6 }) }) },
);

interface Run {
  readonly stream: string;
  readonly n: number;
  readonly replaying: boolean;
}

test.each(['log', 'broker'] as const)(
  'C9 whatever happens to a reaction that follows a %s, each effect is run, in the order of its stream; twice only after a kill or a replay in the midst of effects, and as a replay only what had been run',
  async (by) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 12 }),
        fc.constantFrom<ReplayPolicy>('skip', 'run', 'collect'),
        fc.constantFrom(1, 2),
        async (steps, policy, lanes) => {
          let now = 0;
          const storage = memory({ lanes, now: () => now });
          const broker = memoryBroker({ partitions: lanes });
          const source = by === 'log' ? storage.log : broker.source;
          const relaying = by === 'log' ? undefined : await relay({ storage, to: broker, service: 'shop' });
          const runs: Run[] = [];
          const sold = new Map<number, number>();
          let killAfter = Infinity;
          let process = frailProcess(storage);
          const definition = reaction('mail', { replay: policy, from: 'start' }).on(
            paid,
            async ({ data: { cents }, stream: { key } }, { replaying }) => {
              await setImmediate();
              runs.push({ stream: key, n: cents, replaying });
              if (killAfter-- <= 0) process.kill();
            },
          );
          const start = (): Promise<Running> =>
            underClock(impatient, () =>
              followReaction(definition, { from: source, storage: process.storage, leaseMs: 1_000 }),
            );
          const caughtUp = async (): Promise<void> => {
            await relaying?.caughtUp();
            await running.caughtUp();
          };
          let running = await start();
          /** Effects may be under way that cannot be noted any more. */
          let disturbances = 0;
          for (const one of steps) {
            if (one.kind === 'sell') {
              const before = sold.get(one.stream) ?? 0;
              const events = Array.from({ length: one.events }, (_, i) =>
                paid({ customer: 'c', cents: before + i + 1 }),
              );
              await append(storage.store, `o${one.stream}`, events);
              sold.set(one.stream, before + one.events);
            } else if (one.kind === 'settle') await caughtUp();
            else if (one.kind === 'replay' || one.kind === 'replay-at-once') {
              if (one.kind === 'replay') await caughtUp();
              else disturbances += 1;
              await replay(definition, { from: source, storage, as: policy });
            } else {
              if (one.kind === 'kill') {
                disturbances += 1;
                killAfter = one.after;
                for (let turn = 0; turn < 10 && killAfter >= 0; turn++) await setImmediate();
                killAfter = Infinity;
                process.kill();
              }
              await running.stop();
              now += 10_000;
              process = frailProcess(storage);
              running = await start();
            }
          }
          await caughtUp();
          await running.stop();
          await relaying?.stop();

          const fresh = runs.filter(({ replaying }) => !replaying);
          for (const [stream, events] of sold) {
            const ns = fresh.filter((run) => run.stream === `o${stream}`).map(({ n }) => n);
            expect([...new Set(ns)]).toEqual(Array.from({ length: events }, (_, i) => i + 1));
            if (disturbances === 0) expect(ns).toHaveLength(events);
          }
          for (const [i, run] of runs.entries()) {
            if (!run.replaying) continue;
            expect(policy).toBe('run');
            expect(runs.slice(0, i).some(({ stream, n }) => stream === run.stream && n === run.n)).toBe(true);
          }
          const collected = await storage.parked.list({ limit: 100 });
          expect(collected.every(({ key }) => policy === 'collect' && key.startsWith('replay/'))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  },
);
