import assert from 'node:assert/strict';
import type { Cursor, ModelPart, ModelTransaction, RowTable } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newOwner, newTable, rowKey } from './model-scene.ts';
import type { ModelStorage, OpenModels, Owner } from './model-scene.ts';
import { counted } from './row-changes.ts';

const to = 'moved' as Cursor;

/** Parts of a transaction that fail alone: attempts within one, and several followers' transactions as one. */
export const sharedTransactionCases = (open: OpenModels): readonly ConformanceCase[] => [
  {
    title: 'an attempt that rejects leaves nothing of it, and the transaction goes on with what stood before',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 1);
      const [owner, table] = [owners[0] as Owner, tables[0] as RowTable];
      const thrown = new Error('made up');
      await owner.transaction(async (tx) => {
        await tx.write(table, [counted('before', 1)]);
        const attempt = tx.attempt(async () => {
          await tx.write(table, [counted('before', 2, { existed: true }), counted('within', 1)]);
          throw thrown;
        });
        await assert.rejects(attempt, (error) => error === thrown);
        const kept = await tx.read(table, ['before', 'within'].map(rowKey), { lock: true });
        assert.deepEqual(
          kept.map(({ row }) => row?.['count']),
          [1, undefined],
        );
        assert.equal(
          await tx.attempt(async () => {
            await tx.write(table, [counted('after', 1)]);
            return 'answer';
          }),
          'answer',
        );
      });
      assert.deepEqual(await counts(storage, table, 'before', 'within', 'after'), [1, undefined, 1]);
    },
  },
  {
    title:
      'an attempt whose write is refused can be followed by others; so a batch is halved until what is refused is found',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 1);
      const [owner, table] = [owners[0] as Owner, tables[0] as RowTable];
      await (await newOwner(storage)).transaction((tx) => tx.write(table, [counted('there', 1)]));
      const refused: string[] = [];
      await owner.transaction(async (tx) => {
        for (const key of ['a', 'there', 'b', 'there', 'c']) {
          await tx.attempt(() => tx.write(table, [counted(key, 2)])).catch(() => refused.push(key));
        }
      });
      assert.deepEqual(refused, ['there', 'there']);
      assert.deepEqual(await counts(storage, table, 'a', 'there', 'b', 'c'), [2, 1, 2, 2]);
    },
  },
  {
    title: 'attempts may stand in attempts: what the outer one loses, all in it have lost',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 1);
      const [owner, table] = [owners[0] as Owner, tables[0] as RowTable];
      await owner.transaction(async (tx) => {
        await assert.rejects(
          tx.attempt(async () => {
            await tx.attempt(() => tx.write(table, [counted('inner', 1)]));
            throw new Error('outer');
          }),
          /outer/,
        );
        await tx.attempt(async () => {
          await tx.write(table, [counted('kept', 1)]);
          await assert.rejects(
            tx.attempt(async () => {
              await tx.write(table, [counted('lost', 1)]);
              throw new Error('inner');
            }),
            /inner/,
          );
        });
      });
      assert.deepEqual(await counts(storage, table, 'inner', 'kept', 'lost'), [undefined, 1, undefined]);
    },
  },
  {
    title: 'several followers commit as one, each its rows and its checkpoint',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 5);
      const outcomes = await storage.readModels.transactions(owners.map((owner, n) => part(owner, writing(tables, n))));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        owners.map(() => 'fulfilled'),
      );
      for (const [n, owner] of owners.entries()) assert.deepEqual(await outcome(storage, owner, tables, n), [to, n]);
      assert.deepEqual(await storage.readModels.transactions([]), []);
    },
  },
  {
    title:
      'C1 C4 of several followers one that fails, and one that has lost its lane, take nothing of the others with them',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 5);
      await newOwner(storage, { follower: (owners[1] as Owner).claim.follower });
      const thrown = new Error('made up');
      let calls = 0;
      const parts = owners.map((owner, n) =>
        part(owner, async (tx) => {
          if (n === 1) calls += 1;
          await writing(tables, n)(tx);
          if (n === 3) throw thrown;
        }),
      );
      const outcomes = await storage.readModels.transactions(parts);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal(codeOf(outcomes[1]), 'LF_LANE_LOST');
      assert.equal((outcomes[3] as PromiseRejectedResult).reason, thrown);
      assert.equal(calls, 0, 'who has lost the lane does nothing');
      for (const n of [0, 2, 4]) assert.deepEqual(await outcome(storage, owners[n] as Owner, tables, n), [to, n]);
      for (const n of [1, 3])
        assert.deepEqual(await outcome(storage, owners[n] as Owner, tables, n), ['start', undefined]);
    },
  },
  {
    title: 'C4 of several followers one whose write is refused, or that was raced for a row, is told so alone',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 3);
      const middle = tables[1] as RowTable;
      await (await newOwner(storage)).transaction((tx) => tx.write(middle, [counted('row', 7)]));
      const outcomes = await storage.readModels.transactions(owners.map((owner, n) => part(owner, writing(tables, n))));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.equal(codeOf(outcomes[1]), 'LF_ROW_RACED');
      assert.deepEqual(await outcome(storage, owners[0] as Owner, tables, 0), [to, 0]);
      assert.deepEqual(await outcome(storage, owners[1] as Owner, tables, 1), ['start', 7]);
      assert.deepEqual(await outcome(storage, owners[2] as Owner, tables, 2), [to, 2]);
    },
  },
  {
    title: 'within a transaction of several, an attempt fails alone as well',
    run: async () => {
      const { storage, owners, tables } = await scene(open, 2);
      const outcomes = await storage.readModels.transactions(
        owners.map((owner, n) =>
          part(owner, async (tx) => {
            await writing(tables, n)(tx);
            const attempt = tx.attempt(async () => {
              await tx.write(tables[n] as RowTable, [counted('lost', 1)]);
              throw new Error('made up');
            });
            await assert.rejects(attempt, /made up/);
          }),
        ),
      );
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'fulfilled'],
      );
      for (const [n, table] of tables.entries())
        assert.deepEqual(await counts(storage, table, 'row', 'lost'), [n, undefined]);
    },
  },
];

/** What a part was refused with. */
const codeOf = (settled: PromiseSettledResult<unknown> | undefined): unknown =>
  settled?.status === 'rejected' ? (settled.reason as { readonly code?: unknown }).code : undefined;
const part = ({ claim }: Owner, work: ModelPart['work']): ModelPart => ({ claim, move: { from: 'start', to }, work });
const writing =
  (tables: readonly RowTable[], n: number) =>
  (tx: ModelTransaction): Promise<void> =>
    tx.write(tables[n] as RowTable, [counted('row', n)]);

/** As many followers, each with a table. */
async function scene(
  open: OpenModels,
  many: number,
): Promise<{ storage: ModelStorage; owners: readonly Owner[]; tables: readonly RowTable[] }> {
  const storage = await open();
  const tables = Array.from({ length: many }, () => newTable());
  for (const table of tables) await storage.readModels.prepare(table);
  return { storage, owners: await Promise.all(tables.map(() => newOwner(storage))), tables };
}
/** Where the follower stands, and its row's count. */
async function outcome(
  storage: ModelStorage,
  { claim: { follower } }: Owner,
  tables: readonly RowTable[],
  n: number,
): Promise<readonly unknown[]> {
  const [checkpoint] = await storage.checkpoints.list(follower);
  return [checkpoint?.cursor, ...(await counts(storage, tables[n] as RowTable, 'row'))];
}
async function counts(storage: ModelStorage, table: RowTable, ...keys: readonly string[]): Promise<readonly unknown[]> {
  const kept = await (await newOwner(storage)).read(table, ...keys);
  return kept.map(({ row }) => row?.['count']);
}
