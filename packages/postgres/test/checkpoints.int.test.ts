import type { Lane } from '@leftfold/subscriptions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkpointStatements } from '../src/checkpoints/checkpoint-statements.ts';
import { renewalJson } from '../src/checkpoints/lane-standing.ts';
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
  const renewal = { follower: claim.follower, owner: 'me', leaseMs: 60_000, lanes: [lane], claims: [claim] };
  await fixture.database.transaction(async (tx) => {
    const rows = await tx.query(checkpointStatements('leftfold').renew, [JSON.stringify([renewalJson(renewal, 0)])]);
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'ours', n: 0, lane }));
    expect(await setting(tx, 'synchronous_commit')).toBe('off');
  });
  expect(await fixture.checkpoints.renew([renewal])).toMatchObject([{ ours: [lane] }]);
  expect(await setting(fixture.database, 'synchronous_commit')).toBe('on');
});

test('members that are gone are removed from the table by whoever renews next', async () => {
  const follower = { name: 'left behind', version: 1 };
  const renewal = (owner: string) => ({ follower, owner, leaseMs: 60_000, lanes: [], claims: [] });
  await fixture.checkpoints.renew([renewal('gone')]);
  await fixture.onlooker.query(`update leftfold.members set lease_until = clock_timestamp() where owner = 'gone'`);
  await fixture.checkpoints.renew([renewal('here')]);
  const { rows } = await fixture.onlooker.query(`select owner from leftfold.members where follower = 'left behind'`);
  expect(rows).toEqual([{ owner: 'here' }]);
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

test('a lane that is being moved for long does not keep the leases of the others from being renewed', async () => {
  const [stuck, free] = [await claimOf('stuck'), await claimOf('free')];
  const { onlooker } = fixture;
  await onlooker.query(
    `update leftfold.checkpoints set lease_until = clock_timestamp() where follower in ('stuck', 'free')`,
  );
  await onlooker.query('begin');
  await onlooker.query(`update leftfold.checkpoints set cursor = 'moved' where follower = 'stuck'`);
  const renewal = (claim: typeof stuck) => ({
    follower: claim.follower,
    owner: 'me',
    leaseMs: 60_000,
    lanes: [lane],
    claims: [claim],
  });
  const standings = await fixture.checkpoints.renew([renewal(stuck), renewal(free)]);
  expect(standings.map(({ ours }) => ours)).toEqual([[lane], [lane]]);
  await onlooker.query('commit');
  const { rows } = await onlooker.query(
    `select c.follower, c.lease_until > clock_timestamp() as runs, m.owner from leftfold.checkpoints c join leftfold.members m using (follower, version)
      where follower in ('stuck', 'free') order by 1`,
  );
  expect(rows).toEqual([
    { follower: 'free', runs: true, owner: 'me' },
    { follower: 'stuck', runs: false, owner: 'me' },
  ]);
  // Of one that was claimed meanwhile nothing is extended.
  await fixture.checkpoints.claim(stuck.follower, lane, { owner: 'other', leaseMs: 60_000, respectLease: true });
  expect(await fixture.checkpoints.renew([renewal(stuck)])).toMatchObject([{ ours: [] }]);
  // Neither the short wait nor anything else is left behind.
  expect(await setting(fixture.database, 'lock_timeout')).toBe('0');
});
