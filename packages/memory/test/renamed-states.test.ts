import { aggregate, event, repository, t, type AnyEventType } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { expect, test } from 'vitest';

const begun = event('shop.order.begun', { n: t.int() });
const started = event('shop.order.started', { n: t.int() }, { aliases: ['shop.order.begun'] }).version(
  2,
  { n: t.long() },
  { up: ({ n }) => ({ n: BigInt(n) }) },
);
/** A release of the aggregate whose one event is of this type; its state is what it saw. */
const releaseOf = (type: AnyEventType) =>
  aggregate('shop.order', {
    events: { type },
    initial: (): readonly string[] => [],
    snapshot: { every: 2, version: 1, state: t.array(t.string()) },
  })
    .evolve({ type: (seen, { n }: { n: number | bigint }) => [...seen, `${typeof n} ${n}`] })
    .decide({ go: (_seen, n: number) => [type({ n: type.latest === 1 ? n : BigInt(n) })] });

test.each([0, 10])(
  'a stream of a renamed type goes on: no state of before is folded on, a command of before is answered as then, %s states kept in memory',
  async (entries) => {
    const { store } = memory();
    const older = repository(releaseOf(begun), store);
    for (const n of [1, 2, 3]) await older.go('1', n, { idempotencyKey: `request ${n}` });

    const younger = repository(releaseOf(started), store, { ...(entries > 0 && { cache: { entries } }) });
    expect(await younger.go('1', 3, { idempotencyKey: 'request 3' })).toMatchObject({ replayed: true, version: 3n });
    for (const n of [4, 5]) await younger.go('1', n);
    expect((await younger.load('1')).state).toEqual(['bigint 1', 'bigint 2', 'bigint 3', 'bigint 4', 'bigint 5']);
  },
);
