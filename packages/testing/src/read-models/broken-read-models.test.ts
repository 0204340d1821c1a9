import { memory } from '@leftfold/memory';
import type { ModelTransaction, ReadModels, RowChange } from '@leftfold/subscriptions';
import { describe, expect, test } from 'vitest';
import { newOwner } from './model-scene.ts';
import type { ModelStorage } from './model-scene.ts';
import { readModelsConformance } from './read-models-conformance.ts';

/** The same transactions, with one of their two calls changed. */
const changing = (
  { readModels }: ModelStorage,
  change: (tx: ModelTransaction) => Partial<ModelTransaction>,
): Partial<ReadModels> => ({
  transaction: (claim, move, work) =>
    readModels.transaction(claim, move, (tx) =>
      work({
        own: (tables) => tx.own(tables),
        parked: tx.parked,
        attempt: (part) => tx.attempt(part),
        endAt: (place) => tx.endAt(place),
        forgetAhead: (notes) => tx.forgetAhead(notes),
        read: (...args) => tx.read(...args),
        write: (...args) => tx.write(...args),
        ...change(tx),
      }),
    ),
});
const writing = (storage: ModelStorage, change: (row: RowChange) => RowChange): Partial<ReadModels> =>
  changing(storage, (tx) => ({ write: (table, changes) => tx.write(table, changes.map(change)) }));

/** What must not be, as a wrapper around read models that are right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(storage: ModelStorage) => Partial<ReadModels>, string] } = {
  'the checkpoint is saved apart from the rows': [
    (storage) => ({
      transaction: async (claim, move, work) => {
        await storage.checkpoints.save(claim, move);
        const { claim: own } = await newOwner(storage);
        return storage.readModels.transaction(own, { from: 'start', to: move.to }, work);
      },
    }),
    'C4 when the work throws, neither rows nor checkpoint change, and what it threw comes out',
  ],
  'a transaction that did a part moves the checkpoint behind all of it': [
    (storage) => changing(storage, () => ({ endAt: async () => {} })),
    'C4 a transaction may do less than its move says: the checkpoint stands where it ended, with its rows, or nothing has changed',
  ],
  'the checkpoint is compared after the work': [
    (storage) => ({
      transaction: async (claim, move, work) => {
        const { claim: own } = await newOwner(storage);
        const result = await storage.readModels.transaction(own, { from: 'start', to: move.to }, work);
        await storage.checkpoints.save(claim, move);
        return result;
      },
    }),
    'C1 an old owner’s transaction is LF_LANE_LOST before its work begins',
  ],
  'rows are read outside the transaction': [
    (storage) => ({
      transaction: async (claim, move, work) => {
        const writes: Parameters<ModelTransaction['write']>[] = [];
        const { claim: own } = await newOwner(storage);
        const ended = await storage.readModels.transaction(own, { from: 'start', to: move.to }, async (tx) => tx);
        const result = await work({
          own: (tables) => ended.own(tables),
          parked: ended.parked,
          attempt: (part) => part(),
          endAt: async () => {},
          forgetAhead: async () => {},
          read: (...args) => ended.read(...args),
          write: async (...args) => void writes.push(args),
        });
        await storage.readModels.transaction(claim, move, async (tx) => {
          for (const [table, changes] of writes)
            await tx.write(
              table,
              changes.map((change) => ({ ...change, existed: true })),
            );
        });
        return result;
      },
    }),
    'C13 owners that fold one hot row, at first absent, lose no update',
  ],
  'a row believed absent is written over': [
    (storage) => writing(storage, (change) => ({ ...change, existed: true })),
    'a row believed absent that is there fails the write with LF_ROW_RACED, and nothing of the transaction is kept',
  ],
  'a deleted row leaves no version': [
    (storage) => writing(storage, (change) => (change.row === null ? { ...change, streamVersion: 0n } : change)),
    'a row of one stream keeps its version, and leaves it behind when it is deleted',
  ],
  'the tenant is no part of the key': [
    (storage) => writing(storage, (change) => ({ ...change, tenant: '', existed: true })),
    'tenants, versions and awkward keys are rows of their own',
  ],
  'rows are answered as the database found them': [
    (storage) =>
      changing(storage, (tx) => ({
        read: async (table, keys, options) => {
          const kept = await tx.read(
            table,
            keys.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
            options,
          );
          return kept.filter(({ row }) => row !== null);
        },
      })),
    'the answer of a read has one entry per key in the order asked; of an absent one neither row nor version',
  ],
  'a long comes as a number': [
    (storage) =>
      writing(storage, (change) => ({
        ...change,
        row: change.row && {
          ...change.row,
          ...('large' in change.row && { large: BigInt(Number(change.row['large'])) }),
        },
      })),
    'a row of every column type comes back in memory form: the largest values',
  ],
  'any table will do': [
    () => ({ prepare: async () => {} }),
    'a table of this version with other columns is LF_ROW_TABLE_CHANGED; a next version has its own',
  ],
};

describe('the suite catches read models in which', () => {
  for (const [name, [breaks, title]] of Object.entries(BREAKS)) {
    test(`${name}: "${title}"`, async () => {
      const storage = memory();
      const { readModels, checkpoints } = storage;
      const broken: ReadModels = {
        prepare: (...args) => readModels.prepare(...args),
        transaction: (...args) => readModels.transaction(...args),
        transactions: (...args) => readModels.transactions(...args),
        appliedAhead: () => readModels.appliedAhead(),
        aside: () => readModels.aside(),
        reader: (...args) => readModels.reader(...args),
        ...breaks(storage),
      };
      const suite = readModelsConformance({
        storage: () => ({ readModels: broken, checkpoints }),
        capabilities: { concurrentTransactions: false },
      });
      const caught = suite.find((one) => one.title === title);
      await expect(caught?.run()).rejects.toBeInstanceOf(Error);
    });
  }
});
