import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Claim } from '../checkpoints.ts';
import { RowRaced } from '../read-models.ts';
import type { ModelTransaction, ReadModels } from '../read-models.ts';
import type { Cursor, Lane } from '../source.ts';
import { takingTurns } from './row-turns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const move = { from: 'start', to: 'there' as Cursor } as const;
const claim = (name: string, lane: string) => ({ follower: { name, version: 1 }, lane: lane as Lane }) as Claim;

/** Read models whose transactions are the work alone. They tell when each begins, and end when they are told to. */
function scene(...meeting: readonly string[]) {
  const begun: string[] = [];
  const real: Pick<ReadModels, 'transaction' | 'transactions' | 'appliedAhead'> = {
    transaction: (_, __, work) => work({} as ModelTransaction),
    transactions: (parts) => Promise.allSettled(parts.map(({ work }) => work({} as ModelTransaction))),
    appliedAhead: async () => [],
  };
  const followers = meeting.map((name) => ({ name, version: 1 }));
  const models = takingTurns(real as ReadModels, followers);
  /** Two have met in a row. */
  const meet = () =>
    models
      .transaction(claim(meeting[0] as string, '0'), move, () => Promise.reject(new RowRaced('totals')))
      .catch(() => {});
  const begin = (of: string, ...names: readonly string[]) => {
    const ended = Promise.withResolvers<void>();
    const work = () => {
      begun.push(of);
      return ended.promise;
    };
    const [first = of] = names;
    const outcome =
      names.length < 2
        ? models.transaction(claim(first, of), move, work)
        : models.transactions(names.map((name) => ({ claim: claim(name, of), move, work })));
    outcome.catch(() => {});
    return { outcome, end: ended.resolve, fail: ended.reject };
  };
  /** All that follows from promises alone. */
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { models, real, begun, begin, settle, meet };
}

test('of one follower whose rows many streams feed the next transaction begins when the one before has ended', async () => {
  const { begun, begin, settle, meet } = scene('totals');
  await meet();
  const first = begin('0', 'totals');
  begin('1', 'totals');
  await settle();
  expect(begun).toEqual(['0']);
  first.end();
  await settle();
  expect(begun).toEqual(['0', '1']);
});

test('one that fails gives its turn on, and its failure is its own', async () => {
  const { begun, begin, settle, meet } = scene('totals');
  await meet();
  const first = begin('0', 'totals');
  const second = begin('1', 'totals');
  first.fail(new Error('refused'));
  second.end();
  await expect(first.outcome).rejects.toThrow('refused');
  await expect(second.outcome).resolves.toBeUndefined();
  await settle();
  expect(begun).toEqual(['0', '1']);
});

test('others do not wait: of another follower, and of one whose rows are each of one stream', async () => {
  const { begun, begin, settle, meet } = scene('totals', 'ranks');
  await meet();
  begin('0', 'totals');
  begin('0 of ranks', 'ranks');
  begin('0 of orders', 'orders');
  begin('1 of orders', 'orders');
  await settle();
  expect(begun.toSorted()).toEqual(['0', '0 of orders', '0 of ranks', '1 of orders']);
});

test('several that share a transaction wait for all who have begun for one of them, and are waited for', async () => {
  const { begun, begin, settle, meet } = scene('ranks', 'totals');
  await meet();
  const [ranks, totals] = [begin('0 of ranks', 'ranks'), begin('1 of totals', 'totals')];
  const both = begin('both', 'ranks', 'totals');
  begin('2 of totals', 'totals');
  ranks.end();
  await settle();
  expect(begun).toEqual(['0 of ranks', '1 of totals']);
  totals.end();
  await settle();
  expect(begun.slice(2)).toEqual(['both', 'both']);
  both.end();
  await settle();
  expect(begun.slice(4)).toEqual(['2 of totals']);
});

test('one that hangs holds the next for a tenth of a second from when it began, and nobody after that', async () => {
  const { begun, begin, settle, meet } = scene('totals');
  await meet();
  begin('hanging', 'totals');
  const second = begin('1', 'totals');
  begin('2', 'totals');
  await vi.advanceTimersByTimeAsync(99);
  expect(begun).toEqual(['hanging']);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(['hanging', '1']);
  second.end();
  await settle();
  expect(begun).toEqual(['hanging', '1', '2']);
});

test('where the last one took long the next has twice as long, and a second at most', async () => {
  const { begun, begin, settle, meet } = scene('totals');
  await meet();
  const slow = begin('slow', 'totals');
  await vi.advanceTimersByTimeAsync(300);
  slow.end();
  await settle();
  begin('hanging', 'totals');
  begin('1', 'totals');
  await vi.advanceTimersByTimeAsync(599);
  expect(begun).toEqual(['slow', 'hanging']);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(['slow', 'hanging', '1']);

  const other = scene('totals');
  await other.meet();
  const slowest = other.begin('slowest', 'totals');
  await vi.advanceTimersByTimeAsync(9_000);
  slowest.end();
  await other.settle();
  other.begin('hanging', 'totals');
  other.begin('1', 'totals');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(other.begun).toEqual(['slowest', 'hanging', '1']);
});

test('nobody waits where none have met for ten seconds, since the start or since the last ones did', async () => {
  const { begun, begin, settle, meet } = scene('totals', 'ranks');
  await vi.advanceTimersByTimeAsync(10_000);
  begin('0', 'totals');
  begin('1', 'totals');
  await settle();
  expect(begun).toEqual(['0', '1']);
  await meet();
  await vi.advanceTimersByTimeAsync(9_999);
  begin('2', 'totals');
  begin('3', 'totals');
  await settle();
  expect(begun).toEqual(['0', '1', '2']);
  await vi.advanceTimersByTimeAsync(1);
  begin('4', 'totals');
  await settle();
  expect(begun).toEqual(['0', '1', '2', '4']);
});

test('one of several that has met another in its rows counts as well, whatever becomes of the rest', async () => {
  const { models, begun, begin, settle } = scene('totals', 'ranks');
  await vi.advanceTimersByTimeAsync(10_000);
  await models.transactions([
    { claim: claim('ranks', '0'), move, work: async () => {} },
    { claim: claim('totals', '0'), move, work: () => Promise.reject(new RowRaced('totals')) },
  ]);
  begin('0', 'totals');
  begin('1', 'totals');
  await settle();
  expect(begun).toEqual(['0']);
});

test('without such a follower the read models are the very ones; all else of them goes through', async () => {
  const { models, real } = scene('totals');
  expect(takingTurns(real as ReadModels, [])).toBe(real);
  await expect(models.appliedAhead(claim('totals', '0'))).resolves.toEqual([]);
});
