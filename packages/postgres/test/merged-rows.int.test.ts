import { t } from '@leftfold/core';
import type { Lane, ModelPart, ModelTransaction, RowChange, RowTable } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modelTable } from '../src/read-models/model-table.ts';
import { writeRows } from '../src/read-models/write-rows.ts';
import { cursorAt, openFixture, waitingForLock, type Fixture } from './read-model-fixture.ts';

/** Read models of several followers: rows that one stream feeds leave a version behind when they go, others do not. */
const tables = ['a', 'b', 'c', 'd'].map((name, n): RowTable => ({
  projection: `merged-${name}`,
  version: 1,
  name: `merged_${name}`,
  columns: { id: t.string(), count: t.int() },
  key: 'id',
  order: n % 2 === 0 ? 'stream' : 'any',
  indexes: [],
}));
const KEYS = ['k1', 'k2', 'k3', 'k4'];

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  for (const table of tables) await fixture.readModels.prepare(table);
});
afterAll(() => fixture.close());
let round = 0;

/** What a follower does to its rows in one go: so much more, or `'gone'`. */
interface Step {
  readonly keys: readonly string[];
  readonly change: number | 'gone';
  /** In an attempt, which is kept, or not. */
  readonly attempt?: 'kept' | 'lost';
}
interface Work {
  readonly table: RowTable;
  readonly steps: readonly Step[];
  /** Fails at the end. */
  readonly fails: boolean;
}

async function doStep(tx: ModelTransaction, tenant: string, table: RowTable, { keys, change }: Step, now: bigint) {
  const asked = keys.map((key) => ({ tenant, key }));
  const kept = await tx.read(table, asked, { lock: true });
  const changes = asked.flatMap((at, n): readonly RowChange[] => {
    const row = kept[n]?.row ?? null;
    const [existed, streamVersion] = [row !== null, now];
    if (change === 'gone')
      return existed || table.order === 'stream' ? [{ ...at, row: null, streamVersion, existed }] : [];
    const count = ((row?.['count'] as number | undefined) ?? 0) + change;
    return [{ ...at, row: { id: at.key, count }, streamVersion, existed }];
  });
  if (changes.length > 0) await tx.write(table, changes);
}
async function doWork(tx: ModelTransaction, tenant: string, { table, steps, fails }: Work): Promise<void> {
  for (const [n, step] of steps.entries()) {
    const go = () => doStep(tx, tenant, table, step, BigInt(round * 100 + n + 1));
    if (step.attempt === undefined) await go();
    else {
      const lost = new Error('lost');
      const attempted = tx.attempt(async () => {
        await go();
        if (step.attempt === 'lost') throw lost;
      });
      await attempted.catch((error: unknown) => {
        if (error !== lost) throw error;
      });
    }
  }
  if (fails) throw new Error(`${table.name} fails`);
}

/** Parts in lanes of their own, so what is before them is nobody's. */
const partsOf = (tenant: string, lane: string, works: readonly Work[]): Promise<readonly ModelPart[]> =>
  Promise.all(
    works.map(async (work): Promise<ModelPart> => {
      const follower = { name: work.table.projection, version: 1 };
      const options = { owner: lane, leaseMs: 60_000, respectLease: false };
      const claim = await fixture.checkpoints.claim(follower, lane as Lane, options);
      if (claim === undefined) throw new Error('a claim without respect is never refused');
      return { claim, move: { from: claim.cursor, to: cursorAt(++round) }, work: (tx) => doWork(tx, tenant, work) };
    }),
  );

/** The rows of a tenant. */
async function stored(tenant: string): Promise<unknown> {
  const all: unknown[] = [];
  for (const table of tables) {
    const at = tableOf(table);
    const { rows } = await fixture.onlooker.query(`select id, count from ${at} where _tenant = $1 order by id`, [
      tenant,
    ]);
    all.push([at, rows]);
  }
  return all;
}
const tableOf = ({ name }: RowTable): string => `leftfold_${name}_v1.${name}`;

const step = fc.record(
  {
    keys: fc.shuffledSubarray(KEYS),
    change: fc.oneof(
      { weight: 3, arbitrary: fc.nat({ max: 5 }) },
      { weight: 1, arbitrary: fc.constant('gone' as const) },
    ),
    attempt: fc.constantFrom('kept' as const, 'lost' as const),
  },
  { requiredKeys: ['keys', 'change'] },
);
const work = (table: RowTable) =>
  fc.record({
    table: fc.constant(table),
    steps: fc.array(step, { maxLength: 3 }),
    fails: fc.nat({ max: 9 }).map((n) => n === 0),
  });
/** One transaction's. A table's follower takes part in it or does not. */
const works = fc
  .tuple(...tables.map((table) => fc.option(work(table), { nil: undefined })))
  .map((all) => all.filter((one) => one !== undefined));

test('rows that are read and written for several followers at once become what they become for each alone', async () => {
  const plan = fc.array(works, { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(plan, async (transactions) => {
      const tenants = [`together ${++round}`, `alone ${round}`] as const;
      const outcomes: string[][] = [[], []];
      for (const [n, each] of transactions.entries()) {
        const began = round;
        const together = await partsOf(tenants[0], `together ${began}/${n}`, each);
        const settled = await fixture.readModels.transactions(together);
        const alone = await partsOf(tenants[1], `alone ${began}/${n}`, each);
        outcomes[0]?.push(...settled.map(({ status }) => status));
        for (const { claim, move, work: doing } of alone) {
          const [one] = await Promise.allSettled([fixture.readModels.transaction(claim, move, doing)]);
          outcomes[1]?.push(one.status);
        }
      }
      expect(outcomes[0]).toEqual(outcomes[1]);
      expect(await stored(tenants[0])).toEqual(await stored(tenants[1]));
    }),
    { numRuns: 25 },
  );
});

test('C13 transactions of several followers wait in no circle, with each other or with one follower’s, and lose no update', async () => {
  const any = tables.filter(({ order }) => order === 'any');
  const touched = fc.shuffledSubarray(KEYS, { minLength: 1 });
  const batch = fc.tuple(touched, touched, fc.constantFrom('both', 'first', 'second'));
  const plan = fc.array(fc.array(batch, { minLength: 8, maxLength: 8 }), { minLength: 5, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(plan, async (owners) => {
      const tenant = `shared ${++round}`;
      const expected = any.map(() => new Map<string, number>());
      await Promise.all(
        owners.map(async (batches, owner) => {
          for (const [n, [first, second, who]] of batches.entries()) {
            const all = [first, second].map((keys, of): Work => {
              return { table: any[of] as RowTable, steps: [{ keys, change: 1 }], fails: false };
            });
            const here = all.filter((_, of) => who === 'both' || (who === 'first') === (of === 0));
            for (const { table, steps } of here) {
              const of = expected[any.indexOf(table)] as Map<string, number>;
              for (const key of steps[0]?.keys ?? []) of.set(key, (of.get(key) ?? 0) + 1);
            }
            let parts = await partsOf(tenant, `${tenant}/${owner}/${n}`, n % 2 === 0 ? here : here.toReversed());
            while (parts.length > 0) {
              const running = parts;
              const settled = await fixture.readModels.transactions(running);
              // A deadlock is LF_SERIALIZATION, and tried again by nobody here.
              for (const one of settled)
                if (one.status === 'rejected' && one.reason.code !== 'LF_ROW_RACED') throw one.reason;
              parts = running.filter((_, of) => settled[of]?.status === 'rejected');
            }
          }
        }),
      );
      for (const [of, table] of any.entries()) {
        const text = `select id, count from ${tableOf(table)} where _tenant = $1`;
        const { rows } = await fixture.onlooker.query<{ id: string; count: number }>(text, [tenant]);
        expect(new Map(rows.map(({ id, count }) => [id, count]))).toEqual(expected[of]);
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

test('C13 a row that never was is deleted in the order of tables, so nobody waits in a circle with an append that does the same', async () => {
  const [deleting, , inserting] = tables as [RowTable, RowTable, RowTable];
  const tenant = `never ${++round}`;
  const parts = await partsOf(tenant, tenant, [
    { table: deleting, steps: [{ keys: ['k1'], change: 'gone' }], fails: false },
    { table: inserting, steps: [{ keys: ['k1'], change: 1 }], fails: false },
  ]);
  const writing = (table: RowTable) => writeRows(modelTable('leftfold', table));
  const at = { tenant, key: 'k1', streamVersion: 1n, existed: false };
  let sharing: ReturnType<Fixture['readModels']['transactions']> | undefined;
  await fixture.database.transaction(async (append) => {
    await writing(deleting)(append, [{ ...at, row: null }]);
    sharing = fixture.readModels.transactions(parts);
    await waitingForLock(fixture);
    await writing(inserting)(append, [{ ...at, row: { id: 'k1', count: 1 } }]);
  });
  expect(await sharing).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'LF_ROW_RACED' } }]);
});

test('a follower whose table is gone takes nothing of the others with it', async () => {
  const [first, second] = tables as [RowTable, RowTable];
  const gone: RowTable = { ...first, projection: 'merged-gone', name: 'merged_gone' };
  await fixture.readModels.prepare(gone);
  await fixture.onlooker.query('drop schema leftfold_merged_gone_v1 cascade');
  const tenant = `gone ${++round}`;
  const one: Pick<Work, 'steps' | 'fails'> = { steps: [{ keys: ['k1'], change: 1 }], fails: false };
  const all = [first, gone, second].map((table): Work => ({ table, ...one }));
  const settled = await fixture.readModels.transactions(await partsOf(tenant, tenant, all));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
