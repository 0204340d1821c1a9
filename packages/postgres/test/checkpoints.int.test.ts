import type { Lane } from '@leftfold/subscriptions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpointStatements } from '../src/checkpoints/checkpoint-statements.ts';
import { moveCheckpoint } from '../src/checkpoints/move-checkpoint.ts';
import type { Session } from '../src/database.ts';
import { unprepared } from '../src/statement.ts';
import { cursorAt, openFixture, type Fixture } from './read-model-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  // One connection: a setting that is left behind on it is seen.
  fixture = await openFixture({ max: 1 });
});
afterAll(() => fixture.close());

const lane = '0' as Lane;
const claimOf = async (name: string) => {
  const claim = await fixture.checkpoints.claim({ name, version: 1 }, lane, {
    owner: 'me',
    leaseMs: 60_000,
    respectLease: true,
  });
  if (claim === undefined) throw new Error('a lane that nobody has was refused');
  return claim;
};
const setting = async (session: Session, name: string): Promise<string | undefined> => {
  const [row] = await session.query<{ readonly value: string }>(
    unprepared(`select current_setting('${name}') as value`),
  );
  return row?.value;
};

test('leases are renewed without waiting for the disk, and all else still waits for it', async () => {
  const claim = await claimOf('renewed');
  const mine = JSON.stringify([{ n: 0, follower: 'renewed', version: 1, lane, epoch: claim.epoch.toString() }]);
  await fixture.database.transaction(async (tx) => {
    expect(await tx.query(checkpointStatements('leftfold').renew, [mine, 60_000])).toEqual([{ n: 0 }]);
    expect(await setting(tx, 'synchronous_commit')).toBe('off');
  });
  expect(await fixture.checkpoints.renew([claim], 60_000)).toEqual([lane]);
  expect(await setting(fixture.database, 'synchronous_commit')).toBe('on');
});

test('R4 a transaction that holds a lane is ended by the server when its process stands still, and other transactions are not', async () => {
  const claim = await claimOf('held');
  const before = await setting(fixture.database, 'idle_in_transaction_session_timeout');
  await fixture.database.transaction(async (tx) => {
    await moveCheckpoint('leftfold')(tx, claim, { from: 'start', to: cursorAt(1) });
    expect(await setting(tx, 'idle_in_transaction_session_timeout')).toBe('30s');
  });
  expect(await setting(fixture.database, 'idle_in_transaction_session_timeout')).toBe(before);
});

test('a lease runs by the clock of the server, whatever this process thinks', async () => {
  const claim = await claimOf('by the server');
  const other = () =>
    fixture.checkpoints.claim(claim.follower, lane, { owner: 'other', leaseMs: 1000, respectLease: true });
  expect(await other()).toBeUndefined();
  await fixture.onlooker.query(
    `update leftfold.checkpoints set lease_until = clock_timestamp() where follower = 'by the server'`,
  );
  expect(await other()).toMatchObject({ epoch: claim.epoch + 1n });
});
