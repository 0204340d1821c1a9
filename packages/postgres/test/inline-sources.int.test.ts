import type { StreamVersion } from '@leftfold/core';
import type { PostgresStorage } from '@leftfold/postgres';
import { follow, INLINE_LANE, type Checkpoints, type Running, type Storage } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { asyncProperty, assert, array, constantFrom, integer, oneof, record, type Arbitrary } from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { testLog } from './fresh-log.ts';
import {
  accountList,
  append,
  closed,
  foldOfLog,
  moved,
  opened,
  ownerTotals,
  rowsIn,
  seen,
  to,
} from './inline-scene.ts';

const ann = { owner: 'ann' };
const cents = (of: number) => moved({ ...ann, cents: of });

async function following(
  projection: typeof accountList | typeof ownerTotals,
  storage: Storage,
  from: Storage = storage,
): Promise<Running> {
  const running = await follow(projection, { from: from.log, storage });
  onTestFinished(() => running.stop());
  return running;
}
/** Follows to the end of the log, once. */
async function followed(storage: PostgresStorage): Promise<void> {
  const running = await following(accountList, storage);
  await running.caughtUp();
  await running.stop();
}
const isStopped = (running: Running, code: string): Promise<unknown> =>
  eventually(() => {
    const lanes = running.status().lanes.values();
    expect([...lanes]).toMatchObject([{ state: 'stopped', fault: { code } }]);
  });

test('rows of one stream are moved from the log inside appends and back, at any place, and stay the fold of the log', async () => {
  const { pool, storage, open } = await testLog();
  const inlined = open({ inline: [accountList] });
  const isFold = async (): Promise<void> =>
    expect((await rowsIn(pool, [accountList])).accounts).toEqual((await foldOfLog(pool, storage)).accounts);

  await append(storage.store, [to('a', [opened(ann), cents(1)]), to('b', [opened(ann)]), to('c', [opened(ann)])]);
  await followed(storage);
  // Nobody was told of these.
  await append(storage.store, [to('a', [cents(2), seen({})]), to('b', [closed(ann)])]);
  await append(inlined.store, [to('a', [cents(3)]), to('c', [cents(3)])]);
  await append(inlined.store, to('b', [opened({ owner: 'bob' }), seen({}), moved({ owner: 'bob', cents: 4 })]));
  await isFold();
  await append(storage.store, [to('a', [closed(ann)]), to('c', [cents(5), seen({})])]);
  await followed(storage);
  await isFold();
  await append(inlined.store, [to('a', [opened(ann)]), to('c', [seen({}), cents(6)])]);
  await isFold();
  // From the start once more: nothing is folded twice.
  await pool.query(`update leftfold.checkpoints set cursor = 'start' where follower = 'account-list'`);
  await followed(inlined);
  await isFold();
});

test('a stream that was written for long before catches up page by page', async () => {
  const { pool, storage, open } = await testLog();
  await append(storage.store, to('a', [opened(ann), ...Array.from({ length: 999 }, () => cents(1))]));
  await append(
    storage.store,
    to(
      'a',
      Array.from({ length: 300 }, () => cents(1)),
    ),
  );
  await append(open({ inline: [accountList] }).store, to('a', [cents(1)]));
  const { accounts } = await rowsIn(pool, [accountList]);
  expect(accounts).toMatchObject([{ cents: 1_300, _stream_version: 1_301n }]);
});

test('a row that fails to catch up refuses the append and says at which event', async () => {
  const { storage, open } = await testLog();
  await append(storage.store, to('a', [cents(1)]));
  const late = open({ inline: [accountList] }).store.append([to('a', [opened(ann)])]);
  await expect(late).rejects.toMatchObject({
    code: 'LF_INLINE_REFUSED',
    cause: { code: 'LF_ROW_MISSING', streamVersion: 1n },
  });
});

type Step =
  | { readonly by: 'inline' | 'plain'; readonly account: string; readonly cents: number; readonly more: boolean }
  | { readonly by: 'follower'; readonly what: 'start' | 'stop' | 'rewind' };
const step: Arbitrary<Step> = oneof(
  {
    weight: 6,
    arbitrary: record({
      by: constantFrom('inline' as const, 'inline' as const, 'plain' as const),
      account: constantFrom('a', 'b', 'c'),
      cents: integer({ min: 0, max: 5 }),
      more: constantFrom(true, false),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      by: constantFrom('follower' as const),
      what: constantFrom('start' as const, 'stop' as const, 'rewind' as const),
    }),
  },
);

test('C13 whoever feeds rows of one stream, appends, a follower, both at once: they are the fold of the log, nothing skipped or doubled', async () => {
  const { pool, storage, open } = await testLog();
  const inlined = [open({ inline: [accountList] }), open({ inline: [accountList] })];
  let run = 0;
  await assert(
    asyncProperty(array(array(step, { maxLength: 12 }), { minLength: 2, maxLength: 3 }), async (programs) => {
      run += 1;
      const start = (): Promise<Running> => follow(accountList, { from: storage.log, storage });
      let running = await start();
      const play = async (steps: readonly Step[], nth: number): Promise<void> => {
        for (const one of steps) {
          if (one.by === 'follower') {
            if (nth > 0) continue;
            if (one.what !== 'start') await running.stop();
            if (one.what === 'rewind')
              await pool.query(
                `update leftfold.checkpoints set cursor = 'start', epoch = epoch + 1 where follower = 'account-list' and lane = '0'`,
              );
            if (one.what !== 'stop') running = one.what === 'rewind' ? await start() : running;
            continue;
          }
          const { store } = one.by === 'plain' ? storage : (inlined[nth % 2] as PostgresStorage);
          const account = `${run}${one.account}`;
          // Whoever comes first opens it; 5 closes it, and opens it anew.
          const others =
            one.cents === 5 ? [closed(ann), opened(ann)] : [cents(one.cents), ...(one.more ? [seen({})] : [])];
          if ((await append(store, to(account, [opened(ann), ...others], 'absent'))) === 'conflict')
            await append(store, to(account, others, 'present'));
        }
      };
      await Promise.all(programs.map(play));
      await running.stop();
      // Streams that nobody appended to inline are the follower's.
      await followed(storage);
      expect((await rowsIn(pool, [accountList])).accounts).toEqual((await foldOfLog(pool, storage)).accounts);
    }),
    { numRuns: 12 },
  );
});

test('C13 rows that come and go inside appends while a follower that lags a little feeds them too: none is taken for one that never was', async () => {
  const { pool, storage, open } = await testLog();
  const { store } = open({ inline: [accountList] });
  const running = await following(accountList, storage);
  const comeAndGo = async (account: string): Promise<void> => {
    for (let round = 0; round < 40; round += 1) {
      for (const one of [opened(ann), cents(round), closed(ann)]) await append(store, to(account, [one]));
    }
    await append(store, to(account, [opened(ann), cents(1)]));
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(comeAndGo));
  await running.caughtUp();
  expect(running.status().lanes.flatMap(({ state, parkedKeys = 0 }) => [state, parkedKeys])).toEqual(['following', 0]);
  expect((await rowsIn(pool, [accountList])).accounts).toEqual((await foldOfLog(pool, storage)).accounts);
});

test('rows of several streams that appends feed are followed from nowhere else: told at once, and to a process that does not list it when it claims', async () => {
  const { pool, storage, open } = await testLog();
  const inlined = open({ inline: [ownerTotals] });
  await append(inlined.store, to('a', [opened(ann)]));
  const refused = follow(ownerTotals, { from: inlined.log, storage: inlined });
  await expect(refused).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
  await isStopped(await following(ownerTotals, storage), 'LF_SOURCE_CHANGED');
  await append(inlined.store, to('b', [opened(ann)]));
  expect((await rowsIn(pool, [ownerTotals])).owners).toMatchObject([{ events: 2 }]);
});

test('rows of several streams that are followed are not fed by appends: LF_SOURCE_CHANGED, at the start or at the append', async () => {
  const { storage, open } = await testLog();
  await append(storage.store, to('a', [opened(ann)]));
  const running = await following(ownerTotals, storage);
  await running.caughtUp();
  const inlined = open({ inline: [ownerTotals, accountList] });
  await expect(inlined.inline?.prepare()).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
  for (let times = 0; times < 2; times++) {
    const appending = append(inlined.store, to('a', [cents(1)]));
    await expect(appending).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
  }
  expect(await append(inlined.store, to('a', [seen({})], 1n as StreamVersion))).toBe('appended');
});

test('rows of several streams begin with their first event: a log that holds some is LF_SOURCE_CHANGED, one that was noted before is not', async () => {
  const { pool, storage, open } = await testLog();
  await append(storage.store, to('a', [seen({})]));
  const inlined = open({ inline: [ownerTotals] });
  await inlined.inline?.prepare();
  await append(inlined.store, to('a', [opened(ann)]));
  // Another process of the same release.
  await append(open({ inline: [ownerTotals] }).store, to('b', [opened(ann)]));
  expect((await rowsIn(pool, [ownerTotals])).owners).toMatchObject([{ events: 2 }]);
  await pool.query('delete from leftfold.checkpoints');
  const late = open({ inline: [ownerTotals] });
  await expect(late.inline?.prepare()).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
});

test('C1 a follower that has claimed but not moved when appends begin to feed rows of several streams stops; nothing counts twice', async () => {
  const { pool, storage, open } = await testLog();
  const running = await following(ownerTotals, storage);
  await eventually(async () => {
    expect(await storage.checkpoints.list({ name: 'owner-totals', version: 1 })).toHaveLength(1);
  });
  const inlined = [open({ inline: [ownerTotals] }), open({ inline: [ownerTotals] })];
  // Claims begin at once, so both may be at it.
  await Promise.all(inlined.map(({ store }, n) => append(store, to(`a${n}`, [opened(ann)]))));
  await isStopped(running, 'LF_SOURCE_CHANGED');
  expect((await rowsIn(pool, [ownerTotals])).owners).toMatchObject([{ events: 2 }]);
});

test('C1 a follower that moves while it is being noted that appends feed the rows goes on, and the append is refused', async () => {
  const { storage, pool } = await testLog();
  const id = { name: 'owner-totals', version: 1 };
  const { InlineProjections } = await import('@leftfold/subscriptions');
  // Between the look and the fence it claims and moves.
  let isNoted = false;
  const checkpoints: Checkpoints = {
    ...storage.checkpoints,
    save: async (claim, move) => {
      await storage.checkpoints.save(claim, move);
      if (claim.lane !== INLINE_LANE || isNoted) return;
      isNoted = true;
      await pool.query(
        `insert into leftfold.checkpoints (follower, version, lane, owner, epoch, cursor, ledger, lease_until) values ('owner-totals', 1, '0', 'x', 1, 'somewhere', '{"source":"log"}', now())`,
      );
    },
  };
  const projections = new InlineProjections([ownerTotals], { ...storage, checkpoints, holds: async () => false });
  for (let times = 0; times < 2; times++)
    await expect(projections.prepare()).rejects.toMatchObject({ code: 'LF_SOURCE_CHANGED' });
  const saved = await storage.checkpoints.list(id);
  expect(saved.map(({ lane, ledger }) => [lane, ledger])).toEqual([
    ['0', { source: 'log' }],
    [INLINE_LANE, null],
  ]);
});
