import type { Cursor } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { poolerOptions, testLog } from './fresh-log.ts';
import { program, ProgramRun, type Step } from './log-program.ts';

const RUNS = 70;
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`L1 L3 L4 L5 L7 L8 L10 L12 random programs of interleaved transactions and readers do what a model of the log does (seed ${seed})`, async () => {
  const { storage, pool, connect } = await testLog();
  const [control, ...clients] = [await connect(), await connect(), await connect(), await connect()];
  const logs = [1, 3].map((batchSize) => postgres({ ...poolerOptions, pool, batchSize }).log);
  const done = new Set<Step['does']>();

  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      const [start] = (await storage.log.head()).values();
      for (const { does } of steps) done.add(does);
      await new ProgramRun({ control, clients, store: storage.store, logs, start: start as Cursor }).run(steps);
    }),
    { seed, numRuns: RUNS },
  );

  expect(done.size).toBe(13);
}, 120_000);
