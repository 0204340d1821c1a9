import type { ModelTransaction, RowChange, RowTable } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { customerTotals, orderSummary } from './read-model-definitions.ts';
import { cursorAt, openFixture, Owner, waitingForLock, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
  await fixture.readModels.prepare(customerTotals);
  await fixture.readModels.prepare(orderSummary);
});
afterAll(() => fixture.close());

let round = 0;
let tenant: string;
beforeEach(() => {
  tenant = `tenant ${++round}`;
});
/** A lane for each owner; the follower is the same, so rows are shared and checkpoints are not. */
const owners = (count: number, table: RowTable = customerTotals): Promise<Owner[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => Owner.of(fixture, table, `${round}/${n}`)));

/** Reads these rows, as a batch does, and answers how they change when each gets one order more. */
async function oneMore(tx: ModelTransaction, keys: readonly string[]): Promise<readonly RowChange[]> {
  const kept = await tx.read(
    customerTotals,
    keys.map((key) => ({ tenant, key })),
    { lock: true },
  );
  return keys.map((key, n) => {
    const row = kept[n]?.row ?? null;
    const orders = ((row?.['orders'] as number | undefined) ?? 0) + 1;
    return { tenant, key, row: { customer_id: key, orders }, streamVersion: 0n, existed: row !== null };
  });
}
async function totals(): Promise<{ readonly [key: string]: number }> {
  const text = 'select customer_id, orders from leftfold_customer_totals_v1.customer_totals where _tenant = $1';
  const { rows } = await fixture.onlooker.query<{ customer_id: string; orders: number }>(text, [tenant]);
  return Object.fromEntries(rows.map(({ customer_id, orders }) => [customer_id, orders]));
}

describe('rows fed by several streams', () => {
  test('C13 two owners fold one row that is still absent: the second runs its batch again, and no update is lost', async () => {
    const [first, second] = (await owners(2)) as [Owner, Owner];
    const bothHaveRead = barrier(2);
    const runs = { first: 0, second: 0 };
    const run = (name: keyof typeof runs, owner: Owner) =>
      owner.batch(async (tx) => {
        const changes = await oneMore(tx, ['hot']);
        if (++runs[name] === 1) await bothHaveRead();
        await tx.write(customerTotals, changes);
      });
    await Promise.all([run('first', first), run('second', second)]);
    expect(await totals()).toEqual({ hot: 2 });
    expect(runs.first + runs.second).toBe(3);
    expect([await first.cursor(), await second.cursor()]).toEqual([cursorAt(1), cursorAt(1)]);
  });

  test('C13 a row that is there is read by the second owner only when the first is done, and then as it has become', async () => {
    const [first, second] = (await owners(2)) as [Owner, Owner];
    await first.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, ['hot'])));
    const hasRead = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const one = first.batch(async (tx) => {
      const changes = await oneMore(tx, ['hot']);
      hasRead.resolve();
      await gate.promise;
      await tx.write(customerTotals, changes);
    });
    await hasRead.promise;
    const other = second.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, ['hot'])));
    // Without a lock the second owner would be through by now, with what it read before.
    await Promise.race([waitingForLock(fixture), other]);
    gate.resolve();
    await Promise.all([one, other]);
    expect(await totals()).toEqual({ hot: 3 });
  });

  test('C13 a row that is deleted while its batch waits for it is absent when the batch has it', async () => {
    const [first, second] = (await owners(2)) as [Owner, Owner];
    await first.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, ['hot'])));
    const hasRead = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const deleting = first.batch(async (tx) => {
      const [change] = (await oneMore(tx, ['hot'])) as [RowChange];
      hasRead.resolve();
      await gate.promise;
      await tx.write(customerTotals, [{ ...change, row: null }]);
    });
    await hasRead.promise;
    const other = second.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, ['hot'])));
    await waitingForLock(fixture);
    gate.resolve();
    await Promise.all([deleting, other]);
    expect(await totals()).toEqual({ hot: 1 });
  });

  test('a row that was deleted unseen is not written again as if it were there', async () => {
    const [first, second] = (await owners(2)) as [Owner, Owner];
    await first.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, ['gone'])));
    let runs = 0;
    await second.batch(async (tx) => {
      const keys = [{ tenant, key: 'gone' }];
      // Unlocked, as no projector of such rows reads them.
      const [kept] = await tx.read(customerTotals, keys, { lock: false });
      if (++runs === 1)
        await fixture.onlooker.query('delete from leftfold_customer_totals_v1.customer_totals where _tenant = $1', [
          tenant,
        ]);
      const row = { customer_id: 'gone', orders: kept?.row === null ? 10 : 20 };
      await tx.write(customerTotals, [{ tenant, key: 'gone', row, streamVersion: 0n, existed: kept?.row !== null }]);
    });
    expect([runs, await totals()]).toEqual([2, { gone: 10 }]);
  });

  test('C13 owners who share many keys lose no update and never wait in a circle, whatever the order of their keys', async () => {
    // Few keys at first absent, and more owners than keys of one batch: every batch meets another.
    const keys = Array.from({ length: 14 }, (_, n) => `key ${n}`);
    const batch = fc.shuffledSubarray(keys, { minLength: 2 });
    const plan = fc.array(fc.array(batch, { minLength: 12, maxLength: 12 }), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(plan, async (batches) => {
        tenant = `tenant ${++round}`;
        const all = await owners(batches.length);
        await Promise.all(
          all.map(async (owner, n) => {
            for (const shared of batches[n] ?? []) {
              await owner.batch(async (tx) => tx.write(customerTotals, await oneMore(tx, shared)));
            }
          }),
        );
        const expected: { [key: string]: number } = {};
        for (const key of batches.flat(2)) expected[key] = (expected[key] ?? 0) + 1;
        expect(await totals()).toEqual(expected);
      }),
      // A deadlock ends in LF_SERIALIZATION, which the owner does not try again.
      { numRuns: 6, endOnFailure: true },
    );
  });

  test('C13 owners who delete and bring back shared rows never wait in a circle either', async () => {
    const keys = Array.from({ length: 8 }, (_, n) => `key ${n}`);
    const batch = fc.tuple(fc.shuffledSubarray(keys, { minLength: 3 }), fc.shuffledSubarray(keys));
    const plan = fc.array(fc.array(batch, { minLength: 15, maxLength: 15 }), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(plan, async (batches) => {
        tenant = `tenant ${++round}`;
        const all = await owners(batches.length);
        await Promise.all(
          all.map(async (owner, n) => {
            for (const [shared, doomed] of batches[n] ?? []) {
              await owner.batch(async (tx) => {
                const changes = await oneMore(tx, shared);
                await tx.write(
                  customerTotals,
                  changes.map((change) => (doomed.includes(change.key) ? { ...change, row: null } : change)),
                );
              });
            }
          }),
        );
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});

test('rows of one stream that two owners believe absent are written by one of them, and the other runs again', async () => {
  const [first, second] = (await owners(2, orderSummary)) as [Owner, Owner];
  const key = '00000000-0000-4000-8000-000000000001';
  const bothHaveRead = barrier(2);
  const seen: unknown[] = [];
  const run = async (owner: Owner, streamVersion: bigint): Promise<void> => {
    let isFirstRun = true;
    await owner.batch(async (tx) => {
      const [kept] = await tx.read(orderSummary, [{ tenant, key }], { lock: true });
      if (isFirstRun) await bothHaveRead();
      else seen.push(kept?.row);
      isFirstRun = false;
      const row = { order_id: key, status: 'open', total_cents: 1 };
      await tx.write(orderSummary, [{ tenant, key, row, streamVersion, existed: kept?.row !== null }]);
    });
  };
  await Promise.all([run(first, 1n), run(second, 1n)]);
  expect(seen).toEqual([{ order_id: key, status: 'open', total_cents: 1 }]);
});

test('a row of one stream that another source has deleted meanwhile is not brought back by one that lags behind', async () => {
  const [ahead, behind] = (await owners(2, orderSummary)) as [Owner, Owner];
  const key = '00000000-0000-4000-8000-000000000002';
  const row = { order_id: key, status: 'open', total_cents: 1 };
  const seen: unknown[] = [];
  await behind.batch(async (tx) => {
    const [kept] = await tx.read(orderSummary, [{ tenant, key }], { lock: true });
    seen.push(kept);
    if (seen.length > 1) return;
    for (const change of [
      { row, streamVersion: 1n, existed: false },
      { row: null, streamVersion: 2n, existed: true },
    ]) {
      await ahead.batch((other) => other.write(orderSummary, [{ tenant, key, ...change }]));
    }
    await tx.write(orderSummary, [{ tenant, key, row, streamVersion: 1n, existed: false }]);
  });
  expect(seen).toEqual([
    { row: null, streamVersion: 0n },
    { row: null, streamVersion: 2n },
  ]);
});

test('C13 a row of one stream that is deleted while its batch waits for it is deleted when the batch has it, not one that never was', async () => {
  const [ahead, behind] = (await owners(2, orderSummary)) as [Owner, Owner];
  const key = '00000000-0000-4000-8000-000000000003';
  const keys = [{ tenant, key }];
  const row = { order_id: key, status: 'open', total_cents: 1 };
  await ahead.batch((tx) => tx.write(orderSummary, [{ tenant, key, row, streamVersion: 1n, existed: false }]));
  const hasRead = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const deleting = ahead.batch(async (tx) => {
    await tx.read(orderSummary, keys, { lock: true });
    hasRead.resolve();
    await gate.promise;
    await tx.write(orderSummary, [{ tenant, key, row: null, streamVersion: 2n, existed: true }]);
  });
  await hasRead.promise;
  const other = behind.batch((tx) => tx.read(orderSummary, keys, { lock: true }));
  await waitingForLock(fixture);
  gate.resolve();
  await deleting;
  expect(await other).toEqual([{ row: null, streamVersion: 2n }]);
});

/** Resolves for all when the last has come. */
function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = count;
  return () => {
    if (--missing === 0) resolve();
    return promise;
  };
}
