import type { RowChange } from '@leftfold/subscriptions';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../src/database.ts';
import { postgresReadModels } from '../src/read-models/postgres-read-models.ts';
import { losingCommit } from './losing-commit.ts';
import { orderSummary } from './read-model-definitions.ts';
import { cursorAt, openFixture, Owner, waitingForLock, type Fixture } from './read-model-fixture.ts';
import { poolerOptions } from './fresh-log.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  await fixture.readModels.prepare(orderSummary);
});
afterAll(() => fixture.close());

let lane = 0;
let key: string;
beforeEach(() => {
  key = `00000000-0000-4000-8000-${String(++lane).padStart(12, '0')}`;
});
const owner = () => Owner.of(fixture, orderSummary, String(lane));

const paid = (change: Partial<RowChange> = {}): RowChange => ({
  tenant: '',
  key,
  row: { order_id: key, status: 'paid', total_cents: 250 },
  streamVersion: 2n,
  existed: false,
  ...change,
});
const stored = async (): Promise<unknown[]> => {
  const sql =
    'select status, total_cents::text, _stream_version::text from leftfold_order_summary_v1.order_summary where order_id = $1';
  return (await fixture.onlooker.query<object>(sql, [key])).rows;
};
const THERE = [{ status: 'paid', total_cents: '250', _stream_version: '2' }];
const nothing = () => Promise.resolve();

describe('a transaction of a read model', () => {
  test('commits rows and cursor together', async () => {
    const mine = await owner();
    const result = await mine.batch(async (tx) => {
      await tx.write(orderSummary, [paid()]);
      // Nobody sees one of the two before.
      expect(await stored()).toEqual([]);
      expect(await mine.cursor()).toBe('start');
      return 'of work';
    });
    expect(result).toBe('of work');
    expect(await stored()).toEqual(THERE);
    expect(await mine.cursor()).toBe(cursorAt(1));
  });

  test('C1 a zombie is sent away before its work begins, and writes nothing', async () => {
    const zombie = await owner();
    await Owner.of(fixture, orderSummary, String(lane), 'the next');
    let isCalled = false;
    const late = zombie.batch(async (tx) => {
      isCalled = true;
      await tx.write(orderSummary, [paid()]);
    });
    await expect(late).rejects.toMatchObject({ code: 'LF_LANE_LOST', retryable: true });
    expect(isCalled).toBe(false);
    expect(await stored()).toEqual([]);
    expect(await zombie.cursor()).toBe('start');
  });

  test('C1 whoever claims while a transaction is under way waits for it, and finds its cursor', async () => {
    const first = await owner();
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const underWay = first.batch(async (tx) => {
      await tx.write(orderSummary, [paid()]);
      begun.resolve();
      await gate.promise;
    });
    await begun.promise;
    const claiming = Owner.of(fixture, orderSummary, String(lane), 'the next');
    await waitingForLock(fixture);
    gate.resolve();
    await underWay;
    const next = await claiming;
    expect(next.claim.cursor).toBe(cursorAt(1));
    await expect(first.batch(nothing)).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
    await next.batch(nothing);
  });

  test('C1 a move from another cursor than the saved one is refused, though the epoch is ours', async () => {
    const mine = await owner();
    await mine.batch(nothing);
    for (const from of ['start', cursorAt(2)] as const) {
      const again = fixture.readModels.transaction(mine.claim, { from, to: cursorAt(3) }, (tx) =>
        tx.write(orderSummary, [paid()]),
      );
      await expect(again).rejects.toMatchObject({ code: 'LF_LANE_LOST' });
    }
    expect(await stored()).toEqual([]);
    expect(await mine.cursor()).toBe(cursorAt(1));
  });

  test('C1 of two batches at once from one cursor exactly one is kept', async () => {
    const mine = await owner();
    const batch = (n: number) =>
      fixture.readModels.transaction(mine.claim, { from: 'start', to: cursorAt(n) }, (tx) =>
        tx.write(orderSummary, [paid({ row: { order_id: key, status: 'open', total_cents: n } })]),
      );
    const outcomes = await Promise.allSettled([batch(1), batch(2), batch(3)]);
    const kept = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n + 1] : []));
    expect(kept).toHaveLength(1);
    expect(await mine.cursor()).toBe(cursorAt(kept[0] as number));
    expect(await stored()).toEqual([{ status: 'open', total_cents: String(kept[0]), _stream_version: '2' }]);
  });

  test('C4 when work throws, neither rows nor cursor are kept, and its error comes out', async () => {
    const mine = await owner();
    const mistake = new RangeError('of the fold');
    const failing = mine.batch(async (tx) => {
      await tx.write(orderSummary, [paid()]);
      throw mistake;
    });
    await expect(failing).rejects.toBe(mistake);
    expect(await stored()).toEqual([]);
    expect(await mine.cursor()).toBe('start');
  });

  test('C4 when a statement fails, neither is kept, even if work goes on as if nothing had happened', async () => {
    const mine = await owner();
    const failing = mine.batch(async (tx) => {
      await tx.write(orderSummary, [paid()]);
      await tx.write(orderSummary, [paid({ key: 'no uuid' })]).catch(() => undefined);
    });
    await expect(failing).rejects.toMatchObject({ code: '22P02' });
    expect(await stored()).toEqual([]);
    expect(await mine.cursor()).toBe('start');
  });

  test('C4 when the connection dies in between, neither is kept, and the pool goes on with another one', async () => {
    const mine = await owner();
    const cut = mine.batch(async (tx) => {
      await tx.write(orderSummary, [paid()]);
      await fixture.onlooker.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      );
      await tx.read(orderSummary, [{ tenant: '', key }], { lock: false });
    });
    await expect(cut).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
    expect(await stored()).toEqual([]);
    expect(await mine.cursor()).toBe('start');
    await fixture.readModels.transaction(mine.claim, { from: 'start', to: cursorAt(1) }, (tx) =>
      tx.write(orderSummary, [paid()]),
    );
    expect(await stored()).toEqual(THERE);
  });

  test.each(['before', 'after'] as const)(
    'C4 when the connection is lost around COMMIT, %s it was carried out, it may be tried again, and the checkpoint has the answer',
    async (when) => {
      const mine = await owner();
      const pool = losingCommit(fixture.pool, when);
      const readModels = postgresReadModels(openDatabase(pool, 'leftfold', poolerOptions), pool);
      const lost = readModels.transaction(mine.claim, { from: 'start', to: cursorAt(1) }, (tx) =>
        tx.write(orderSummary, [paid()]),
      );
      await expect(lost).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
      expect(await mine.cursor()).toBe(when === 'after' ? cursorAt(1) : 'start');
      expect(await stored()).toEqual(when === 'after' ? THERE : []);
    },
  );
});

describe('rows of one stream', () => {
  test('keep the version of their stream, also when they are deleted, and when they never were', async () => {
    const mine = await owner();
    const keys = [{ tenant: '', key }];
    const read = () => mine.batch((tx) => tx.read(orderSummary, keys, { lock: true }));
    expect(await read()).toEqual([{ row: null, streamVersion: 0n }]);
    await mine.batch((tx) => tx.write(orderSummary, [paid({ row: null, streamVersion: 3n })]));
    expect(await read()).toEqual([{ row: null, streamVersion: 3n }]);
    await mine.batch((tx) => tx.write(orderSummary, [paid({ streamVersion: 4n })]));
    expect(await read()).toEqual([{ row: paid().row, streamVersion: 4n }]);
    await mine.batch((tx) => tx.write(orderSummary, [paid({ row: null, streamVersion: 5n, existed: true })]));
    expect(await read()).toEqual([{ row: null, streamVersion: 5n }]);
    expect(await stored()).toEqual([]);
    await mine.batch((tx) => tx.write(orderSummary, [paid({ streamVersion: 6n })]));
    expect(await read()).toEqual([{ row: paid().row, streamVersion: 6n }]);
  });

  test('are told apart by tenant, and answered in the order in which they were asked for', async () => {
    const mine = await owner();
    const tenants = ['b', '', 'a'];
    await mine.batch((tx) => tx.write(orderSummary, [paid({ tenant: 'a' }), paid({ tenant: 'b', streamVersion: 9n })]));
    for (const lock of [true, false]) {
      const kept = await mine.batch((tx) =>
        tx.read(
          orderSummary,
          tenants.map((tenant) => ({ tenant, key })),
          { lock },
        ),
      );
      expect(kept.map(({ streamVersion }) => streamVersion)).toEqual([9n, 0n, 2n]);
    }
  });

  test('no keys and no changes are asked for and written with nothing', async () => {
    const mine = await owner();
    await mine.batch(async (tx) => {
      expect(await tx.read(orderSummary, [], { lock: true })).toEqual([]);
      await tx.write(orderSummary, []);
    });
  });
});
