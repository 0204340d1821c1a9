import assert from 'node:assert/strict';
import { t } from '@leftfold/core';
import type { Cursor, RowTable } from '@leftfold/subscriptions';
import type { ConformanceCase } from '../conformance-case.ts';
import { newOwner, newTable, rowKey } from './model-scene.ts';
import type { ModelStorage, OpenModels, Owner } from './model-scene.ts';
import { counted } from './row-changes.ts';

const to = 'moved' as Cursor;

/** Rows and checkpoint: both or neither. */
export const modelTransactionCases = (open: OpenModels): readonly ConformanceCase[] => [
  {
    title: 'C4 rows and checkpoint are committed together, and the answer is what the work answered',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const move = { from: 'start', to, ledger: { kept: true } } as const;
      const answer = await storage.readModels.transaction(owner.claim, move, async (tx) => {
        await tx.write(table, [counted('a', 1)]);
        return 'answer';
      });
      assert.equal(answer, 'answer');
      const [checkpoint] = await storage.checkpoints.list(owner.claim.follower);
      assert.deepEqual([checkpoint?.cursor, checkpoint?.ledger], [to, { kept: true }]);
      assert.equal(await countOf(storage, table, 'a'), 1);
    },
  },
  {
    title: 'C4 when the work throws, neither rows nor checkpoint change, and what it threw comes out',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const thrown = new Error('the fold failed');
      const failing = owner.transaction(async (tx) => {
        await tx.write(table, [counted('a', 1)]);
        throw thrown;
      });
      await assert.rejects(failing, (error) => error === thrown);
      assert.equal((await storage.checkpoints.list(owner.claim.follower))[0]?.cursor, 'start');
      assert.equal(await countOf(storage, table, 'a'), undefined);
      await owner.transaction((tx) => tx.write(table, [counted('a', 2)]));
      assert.equal(await countOf(storage, table, 'a'), 2, 'the next one goes on');
    },
  },
  {
    title:
      'C4 a transaction may do less than its move says: the checkpoint stands where it ended, with its rows, or nothing has changed',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const half = 'half' as Cursor;
      const move = { from: 'start', to, ledger: { kept: true } } as const;
      const cut = (key: string, fails: boolean): Promise<void> =>
        storage.readModels.transaction(owner.claim, move, async (tx) => {
          await tx.write(table, [counted(key, 1)]);
          await tx.endAt(half);
          if (fails) throw new Error('the connection is gone');
        });
      await assert.rejects(cut('a', true));
      assert.equal((await storage.checkpoints.list(owner.claim.follower))[0]?.cursor, 'start');
      await cut('b', false);
      const [checkpoint] = await storage.checkpoints.list(owner.claim.follower);
      assert.deepEqual([checkpoint?.cursor, checkpoint?.ledger], [half, { kept: true }]);
      assert.deepEqual([await countOf(storage, table, 'a'), await countOf(storage, table, 'b')], [undefined, 1]);
      // It goes on from there, and from nowhere else.
      const rest = (from: Cursor): Promise<void> =>
        storage.readModels.transaction(owner.claim, { from, to }, async () => {});
      await assert.rejects(rest(to), { code: 'LF_LANE_LOST' });
      await rest(half);
    },
  },
  {
    title: 'C4 of those who share a transaction one may do less than its move says, and the others all of theirs',
    run: async () => {
      const { storage, owner } = await scene(open);
      const other = await newOwner(storage);
      const half = 'half' as Cursor;
      const outcomes = await storage.readModels.transactions([
        { claim: owner.claim, move: { from: 'start', to }, work: (tx) => tx.endAt(half) },
        { claim: other.claim, move: { from: 'start', to }, work: async () => {} },
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'fulfilled'],
      );
      const placeOf = async ({ claim }: Owner): Promise<unknown> =>
        (await storage.checkpoints.list(claim.follower))[0]?.cursor;
      assert.deepEqual([await placeOf(owner), await placeOf(other)], [half, to]);
    },
  },
  {
    title: 'C1 an old owner’s transaction is LF_LANE_LOST before its work begins',
    run: async () => {
      const { storage, owner } = await scene(open);
      await newOwner(storage, { follower: owner.claim.follower });
      let calls = 0;
      const zombie = owner.transaction(async () => void (calls += 1));
      await assert.rejects(zombie, { code: 'LF_LANE_LOST', retryable: true });
      assert.equal(calls, 0);
    },
  },
  {
    title: 'C1 a transaction from another cursor than the saved one is LF_LANE_LOST before its work begins',
    run: async () => {
      const { storage, owner } = await scene(open);
      let calls = 0;
      const work = async (): Promise<void> => void (calls += 1);
      await storage.readModels.transaction(owner.claim, { from: 'start', to }, work);
      for (const from of ['start', 'elsewhere' as Cursor] as const) {
        await assert.rejects(storage.readModels.transaction(owner.claim, { from, to }, work), { code: 'LF_LANE_LOST' });
      }
      assert.equal(calls, 1);
    },
  },
  {
    title: 'C1 a lane that is claimed during a transaction goes on from its outcome: the batch counts once',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const old = owner.transaction(async (tx) => {
        await tx.write(table, [counted('a', 1)]);
        begun.resolve();
        await goOn.promise;
      });
      await begun.promise;
      const claiming = newOwner(storage, { follower: owner.claim.follower });
      goOn.resolve();
      const [outcome] = await Promise.allSettled([old]);
      const { claim } = await claiming;
      const isCommitted = outcome.status === 'fulfilled';
      assert.equal(claim.cursor === 'start', !isCommitted, `committed: ${isCommitted}, found ${claim.cursor}`);
      assert.equal(await countOf(storage, table, 'a'), isCommitted ? 1 : undefined);
    },
  },
  {
    title:
      'a row believed absent that is there fails the write with LF_ROW_RACED, and nothing of the transaction is kept',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const other = await newOwner(storage);
      await other.transaction((tx) => tx.write(table, [counted('a', 1)]));
      const raced = owner.transaction(async (tx) => {
        await tx.write(table, [counted('b', 2)]);
        await tx.write(table, [counted('a', 2)]);
      });
      await assert.rejects(raced, { code: 'LF_ROW_RACED', retryable: true });
      assert.deepEqual([await countOf(storage, table, 'a'), await countOf(storage, table, 'b')], [1, undefined]);
      assert.equal((await storage.checkpoints.list(owner.claim.follower))[0]?.cursor, 'start');
    },
  },
  {
    title: 'C13 owners that fold one hot row, at first absent, lose no update',
    run: async () => {
      const { storage, table } = await scene(open);
      const owners = await Promise.all(Array.from({ length: 4 }, () => newOwner(storage)));
      await Promise.all(owners.map((owner) => addTimes(owner, table, ['hot', 'warm'], 15)));
      assert.deepEqual([await countOf(storage, table, 'hot'), await countOf(storage, table, 'warm')], [60, 60]);
    },
  },
  {
    title: 'C13 owners that fold the same rows in opposite order do not wait for each other for ever',
    run: async () => {
      const { storage, table } = await scene(open);
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
      const owners = await Promise.all(Array.from({ length: 4 }, () => newOwner(storage)));
      await Promise.all(owners.map((owner, index) => addTimes(owner, table, index % 2 ? keys : keys.toReversed(), 5)));
      for (const key of keys) assert.equal(await countOf(storage, table, key), 20);
    },
  },
  {
    title: 'a table is prepared once by whoever comes first, also when many do it at once',
    run: async () => {
      const storage = await open();
      const table = newTable({ indexes: [['count'], ['count', 'id']] });
      await Promise.all(Array.from({ length: 10 }, () => storage.readModels.prepare(table)));
      const owner = await newOwner(storage);
      await owner.transaction((tx) => tx.write(table, [counted('a', 1)]));
      await storage.readModels.prepare({ ...table });
      assert.equal(await countOf(storage, table, 'a'), 1, 'preparing again keeps the rows');
    },
  },
  {
    title: 'a table of this version with other columns is LF_ROW_TABLE_CHANGED; a next version has its own',
    run: async () => {
      const storage = await open();
      const table = newTable();
      await storage.readModels.prepare(table);
      const { id, count } = table.columns as { id: t.AnySchema; count: t.AnySchema };
      const others = [
        { id, count, more: t.int() },
        { id },
        { id, count: t.string() },
        { id, count: t.nullable(t.int()) },
        { id, total: count },
      ];
      for (const columns of others) {
        await assert.rejects(storage.readModels.prepare({ ...table, columns }), {
          code: 'LF_ROW_TABLE_CHANGED',
          retryable: false,
        });
        await storage.readModels.prepare({ ...newTable(), columns });
      }
      await storage.readModels.prepare({ ...table, version: 2, columns: { id, count, more: t.int() } });
    },
  },
];

/** The case that needs two transactions under way at once, where the adapter has such. */
export const rowRaceCases = (open: OpenModels): readonly ConformanceCase[] => [
  {
    title: 'C13 of two transactions that both believe a row absent the later writer fails with LF_ROW_RACED',
    run: async () => {
      const { storage, owner, table } = await scene(open);
      const other = await newOwner(storage);
      const raced = owner.transaction(async (tx) => {
        const [kept] = await tx.read(table, [rowKey('a')], { lock: true });
        assert.equal(kept?.row, null);
        await other.transaction((inOther) => inOther.write(table, [counted('a', 1)]));
        await tx.write(table, [counted('a', 1)]);
      });
      await assert.rejects(raced, { code: 'LF_ROW_RACED', retryable: true });
      assert.equal(await countOf(storage, table, 'a'), 1);
    },
  },
];

/** Adds one to the counts of these rows, as a batch of a follower does it: lock, fold, write; once more when it was raced. */
async function addTimes(owner: Owner, table: RowTable, keys: readonly string[], times: number): Promise<void> {
  for (let done = 0; done < times;) {
    try {
      await owner.transaction(async (tx) => {
        const kept = await tx.read(table, keys.map(rowKey), { lock: true });
        await tx.write(
          table,
          keys.map((key, index) => {
            const row = kept[index]?.row;
            return counted(key, ((row?.['count'] as number | undefined) ?? 0) + 1, { existed: row !== null });
          }),
        );
      });
      done += 1;
    } catch (error) {
      if ((error as { code?: string }).code !== 'LF_ROW_RACED') throw error;
    }
  }
}

async function scene(open: OpenModels): Promise<{ storage: ModelStorage; owner: Owner; table: RowTable }> {
  const storage = await open();
  const table = newTable();
  await storage.readModels.prepare(table);
  return { storage, owner: await newOwner(storage), table };
}
async function countOf(storage: ModelStorage, table: RowTable, key: string): Promise<unknown> {
  const [kept] = await (await newOwner(storage)).read(table, key);
  return kept?.row?.['count'];
}
