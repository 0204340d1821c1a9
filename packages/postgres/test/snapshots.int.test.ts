import { aggregate, aggregateRoot, decideAcross, event, repository, t } from '@leftfold/core';
import type { SnapshotFault } from '@leftfold/core';
import { expect, test, vi } from 'vitest';
import { testLog } from './fresh-log.ts';

const opened = event('bank.account.opened', { owner: t.string() });
const deposited = event('bank.account.deposited', { cents: t.integer() });
const account = aggregate('bank.account', {
  events: { opened, deposited },
  initial: () => ({ owner: '', cents: 0, last: null as Date | null }),
  refusals: { IBAN_TAKEN: '{iban} is in use' },
  snapshot: {
    every: 10,
    version: 1,
    state: t.record('AccountState', {
      owner: t.string(),
      cents: t.integer(),
      last: t.nullable(t.timestampMillis()),
    }),
  },
}).evolve({
  opened: (state, { owner }) => ({ ...state, owner }),
  deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents, last: new Date(cents) }),
});
const accounts = account.decide({
  open: (_, { owner, iban }: { readonly owner: string; readonly iban: string }, { refuse }) => ({
    events: [opened({ owner })],
    reserve: [['iban', iban, refuse('IBAN_TAKEN', { iban })]],
  }),
  deposit: (_, { cents }: { readonly cents: number }) => [deposited({ cents })],
});
const stream = account.stream('a-1');
const key = account.snapshot?.key ?? '';

test('a load from a snapshot comes to the state of the whole stream, values of every kind included', async () => {
  const { storage, pool } = await testLog();
  const repo = repository(accounts, storage.store);
  for (let cents = 1; cents <= 25; cents++) await repo.deposit('a-1', { cents });
  await vi.waitUntil(async () => (await storage.store.snapshots?.find(stream, key))?.version === 20n, {
    timeout: 10_000,
  });
  const fromSnapshot = await repository(accounts, storage.store).load('a-1');
  await pool.query('delete from leftfold.snapshots');
  expect(fromSnapshot).toEqual(await repository(accounts, storage.store).load('a-1'));
  expect(fromSnapshot.state).toEqual({ owner: '', cents: 325, last: new Date(25) });
});
test('a database whose snapshots cannot be reached carries out commands all the same, and says so once', async () => {
  const { storage, pool } = await testLog();
  await pool.query('drop table leftfold.snapshots');
  const faults: SnapshotFault[] = [];
  const repo = repository(accounts, storage.store, { onSnapshotFault: (fault) => faults.push(fault) });
  for (let cents = 1; cents <= 12; cents++) await repo.deposit('a-1', { cents });
  expect((await repo.load('a-1')).version).toBe(12n);
  await vi.waitUntil(() => faults.length > 0, { timeout: 10_000 });
  expect(faults.map(({ code }) => code)).toEqual(['LF_SNAPSHOT_FAILED']);
});
test('inside a transaction of the caller’s nothing is snapshotted or cached that a rollback, also to a savepoint, takes back', async () => {
  const { storage, connect } = await testLog();
  for (let cents = 1; cents <= 9; cents++) await repository(accounts, storage.store).deposit('a-1', { cents });
  const client = await connect();
  await client.query('begin');
  const within = repository(accounts, storage.store.within(client), { cache: { entries: 10 } });
  await within.load('a-1');
  await client.query('savepoint before');
  await within.deposit('a-1', { cents: 1_000 });
  expect((await within.load('a-1')).state.cents).toBe(1_045);
  await client.query('rollback to savepoint before');
  expect((await within.load('a-1')).state.cents).toBe(45);
  expect((await within.deposit('a-1', { cents: 5 })).version).toBe(10n);
  expect((await within.load('a-1')).state.cents).toBe(50);
  await client.query('rollback');
  expect(await storage.store.snapshots?.find(stream, key)).toBeUndefined();
  expect((await repository(accounts, storage.store).load('a-1')).state.cents).toBe(45);
});
test('class aggregates, several entities and unique keys work as they do in memory', async () => {
  class Account extends aggregateRoot(account) {
    rename(iban: string): void {
      this.keys.reserve('iban', iban, this.refuse('IBAN_TAKEN', { iban }));
    }
  }
  const { storage } = await testLog();
  const repo = repository(accounts, storage.store);
  await repo.open('a-1', { owner: 'Ann', iban: 'DE1' });
  const taken = { code: 'IBAN_TAKEN', details: { iban: 'DE1' } };
  await expect(repo.open('a-2', { owner: 'Bob', iban: 'DE1' })).rejects.toMatchObject(taken);
  await expect(repository(Account, storage.store).transact('a-3', (root) => root.rename('DE1'))).rejects.toMatchObject(
    taken,
  );
  const moves = Array.from({ length: 20 }, async (_, n) => {
    const [from, to] = n % 2 ? ['a-1', 'a-2'] : ['a-2', 'a-1'];
    return decideAcross(storage.store, { from: account.ref(from), to: account.ref(to) }, () => ({
      from: [deposited({ cents: -n })],
      to: [deposited({ cents: n })],
    }));
  });
  await Promise.all(moves);
  const [one, two] = [await repo.load('a-1'), await repo.load('a-2')];
  expect([one.version, two.version, one.state.cents + two.state.cents]).toEqual([21n, 20n, 0]);
});
test('in a transaction of the caller’s a key that is taken is refused in the domain’s words, and the transaction goes on', async () => {
  const { storage, connect } = await testLog();
  await repository(accounts, storage.store).open('a-1', { owner: 'Ann', iban: 'DE1' });
  const client = await connect();
  await client.query('begin');
  const within = repository(accounts, storage.store.within(client));
  await expect(within.open('a-2', { owner: 'Bob', iban: 'DE1' })).rejects.toMatchObject({ code: 'IBAN_TAKEN' });
  await within.open('a-2', { owner: 'Bob', iban: 'DE2' });
  await decideAcross(storage.store.within(client), { one: account.ref('a-1'), two: account.ref('a-2') }, (states) => ({
    one: [deposited({ cents: states.two.owner.length })],
  }));
  await client.query('commit');
  expect((await repository(accounts, storage.store).load('a-1')).state.cents).toBe(3);
});
test('states of folds that nobody uses any more are cleared away after a month, by the next snapshot of their stream', async () => {
  const { storage, pool } = await testLog();
  const snapshots = storage.store.snapshots;
  const snapshot = { version: 1n, lastEvent: '01910000-0000-7000-8000-000000000000', state: '{}' } as never;
  for (const of of ['dead', 'old', 'mine']) await snapshots?.save(stream, of, snapshot);
  await snapshots?.save(account.stream('a-2'), 'dead', snapshot);
  await pool.query(`update leftfold.snapshots set saved_at = now() - interval '31 days' where key = 'dead'`);
  await pool.query(`update leftfold.snapshots set saved_at = now() - interval '29 days' where key = 'old'`);
  await snapshots?.save(stream, 'mine', snapshot);
  const { rows } = await pool.query('select stream_id, key from leftfold.snapshots order by 1, 2');
  expect(rows.map(({ stream_id, key: of }) => `${stream_id} ${of}`)).toEqual([
    'bank.account-a-1 mine',
    'bank.account-a-1 old',
    'bank.account-a-2 dead',
  ]);
});
