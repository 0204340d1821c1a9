import type { RowTable } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { doMerged, type Answer, type Ask, type RowsAsked } from './merged-work.ts';

const table = {} as RowTable;
const keys = (key: string) => [{ tenant: '', key }];
const kept = (row: string) => ({ row: { row }, streamVersion: 0n });

/** Answers each read with a row of its key; notes what is asked for at once. */
function asking(refused?: (ask: Ask) => unknown) {
  const rounds: string[] = [];
  const together = async (asks: readonly Ask[]): Promise<readonly Answer[]> => {
    rounds.push(asks.map((ask) => `${'keys' in ask ? 'read' : 'write'} ${ask.piece}`).join(', '));
    await Promise.resolve();
    return asks.map((ask): Answer => {
      const error = refused?.(ask);
      if (error !== undefined) return { error };
      return { rows: 'keys' in ask ? ask.keys.map(({ key }) => kept(key)) : [] };
    });
  };
  return { rounds, together };
}
const asIs = (_: number, error: unknown): Error => error as Error;

test('what all pieces read is asked for at once, then what they write; each gets its own', async () => {
  const { rounds, together } = asking();
  const seen: unknown[] = [];
  const piece = (key: string) => async (rows: RowsAsked) => {
    seen.push((await rows.read(table, keys(key)))[0]?.row);
    await rows.write(table, []);
  };
  await doMerged([piece('a'), async () => {}, piece('b')], together, asIs);
  expect(rounds).toEqual(['read 0, read 2', 'write 0, write 2']);
  expect(seen).toEqual([{ row: 'a' }, { row: 'b' }]);
});

test('who has more to read holds up nobody’s reads, and nothing is written before all that was to be read is', async () => {
  const { rounds, together } = asking();
  const reader = async (rows: RowsAsked) => {
    await rows.read(table, keys('a'));
    await rows.read(table, keys('b'));
    await rows.write(table, []);
  };
  const writer = (rows: RowsAsked) => rows.write(table, []);
  await doMerged([writer, reader], together, asIs);
  expect(rounds).toEqual(['read 1', 'read 1', 'write 0, write 1']);
});

test('one runs at a time, however often it waits for something else', async () => {
  const { together } = asking();
  let running = 0;
  let most = 0;
  const alone = async () => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const piece = async (rows: RowsAsked) => {
    await alone();
    await rows.read(table, keys('a'));
    await alone();
    await rows.write(table, []);
    await alone();
  };
  await doMerged(
    Array.from({ length: 6 }, () => piece),
    together,
    asIs,
  );
  expect(most).toBe(1);
});

test('when one fails the others end where they stand, and its failure is told with its place', async () => {
  const { rounds, together } = asking();
  const ended: number[] = [];
  const piece = (nth: number) => async (rows: RowsAsked) => {
    try {
      await rows.read(table, keys('a'));
      if (nth === 1) throw new Error('made up');
      await rows.write(table, []);
    } finally {
      ended.push(nth);
    }
  };
  const told = doMerged([0, 1, 2].map(piece), together, (index, error) => new Error(`${index}`, { cause: error }));
  await expect(told).rejects.toMatchObject({ message: '1', cause: { message: 'made up' } });
  expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(rounds).toEqual(['read 0, read 1, read 2']);
});

test('what one piece is refused is its own failure; what cannot be asked for at all is nobody’s', async () => {
  const raced = new Error('raced');
  const { together } = asking((ask) => (ask.piece === 1 && 'changes' in ask ? raced : undefined));
  const piece = (rows: RowsAsked) => rows.write(table, []);
  const failed = (index: number, cause: unknown) => new Error(`piece ${index}`, { cause });
  await expect(doMerged([piece, piece], together, failed)).rejects.toMatchObject({ message: 'piece 1', cause: raced });
  const lost = new Error('the connection is gone');
  await expect(doMerged([piece, piece], () => Promise.reject(lost), failed)).rejects.toBe(lost);
});

test('a write that nobody awaited is done before its piece has ended, and its failure is the piece’s', async () => {
  const { rounds, together } = asking((ask) => (ask.piece === 1 ? new Error('refused') : undefined));
  const careless = async (rows: RowsAsked) => {
    rows.write(table, []).catch(() => undefined);
  };
  await doMerged([careless], together, asIs);
  expect(rounds).toEqual(['write 0']);
  const failed = (index: number, cause: unknown) => new Error(`piece ${index}`, { cause });
  await expect(doMerged([careless, careless], together, failed)).rejects.toThrow('piece 1');
});

test('who asks again when another has failed is refused, and holds up nobody', async () => {
  const { rounds, together } = asking();
  const stubborn = async (rows: RowsAsked) => {
    await rows.read(table, keys('a')).catch(() => rows.write(table, []));
  };
  const failing = async () => {
    throw new Error('made up');
  };
  await expect(doMerged([stubborn, failing], together, asIs)).rejects.toThrow('made up');
  expect(rounds).toEqual([]);
});
