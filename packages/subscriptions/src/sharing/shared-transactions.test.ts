import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Claim } from '../checkpoints.ts';
import type { RowTable } from '../projection/row-table.ts';
import type { ModelTransaction, ReadModels } from '../read-models.ts';
import type { Cursor, Lane } from '../source.ts';
import { SharedTransactions } from './shared-transactions.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lane = '0' as Lane;
const move = { from: 'start', to: 'there' as Cursor } as const;
const claim = (name: string) => ({ follower: { name, version: 1 }, lane }) as Claim;
const table = {} as RowTable;

/** Does all works side by side, and reads for all at once, when each has asked; that takes so long. */
function merging(readMs: number): ReadModels {
  const models: Pick<ReadModels, 'transactions'> = {
    async transactions(parts) {
      let asked = 0;
      const answered = Promise.withResolvers<void>();
      const read = async () => {
        if (++asked === parts.length) {
          vi.advanceTimersByTime(readMs);
          answered.resolve();
        }
        await answered.promise;
        return [];
      };
      const tx = { read, write: async () => {} } as Partial<ModelTransaction> as ModelTransaction;
      return Promise.allSettled(parts.map(({ work }) => work(tx)));
    },
  };
  return models as ReadModels;
}

/** One batch of two followers, the second of which has so much to do. Answers whether their next ones are made together, too. */
async function stayTogether(readMs: number, workMs: number): Promise<boolean> {
  const shared = new SharedTransactions(merging(readMs));
  const readers = ['a-v1', 'b-v1'];
  shared.together(lane, readers);
  const work = (ms: number) => async (tx: ModelTransaction) => {
    vi.advanceTimersByTime(ms);
    await tx.read(table, [], { lock: true });
  };
  const { readModels } = shared;
  await Promise.all([
    readModels.transaction(claim('a'), move, work(1)),
    readModels.transaction(claim('b'), move, work(workMs)),
  ]);
  return shared.together(lane, readers) !== undefined;
}

test('whoever keeps the others waiting makes its next transactions alone, also where all wait for rows at once', async () => {
  expect(await stayTogether(0, 500)).toBe(false);
});

test('rows that are read for all are held against nobody', async () => {
  expect(await stayTogether(5_000, 1)).toBe(true);
});
