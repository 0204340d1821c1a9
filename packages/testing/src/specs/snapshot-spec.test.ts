import { aggregate, event, t } from '@leftfold/core';
import { expect, test } from 'vitest';
import { snapshotSpec } from './snapshot-spec.ts';

const opened = event('bank.account.opened', { owner: t.string() }).version(
  2,
  { owner: t.string(), limit: t.int() },
  { up: ({ owner }) => ({ owner, limit: 10 }) },
);
const deposited = event('bank.account.deposited', { cents: t.integer() });
interface Account {
  readonly owner: string;
  readonly cents: number;
  readonly counts: { readonly [day: string]: number };
}
const State = t.record('AccountState', { owner: t.string(), cents: t.integer(), counts: t.map(t.int()) });
const initial = (): Account => ({ owner: '', cents: 0, counts: {} });

/** The account, with a change to its fold. */
function account({
  version = 1,
  fee = 0,
  evolve = (state: Account, cents: number): Account => ({ ...state, cents: state.cents + cents - fee }),
} = {}) {
  return aggregate('bank.account', {
    events: { opened, deposited },
    initial,
    snapshot: { every: 10, version, state: State },
  }).evolve({
    opened: (state, { owner, limit }) => ({ ...state, owner, cents: limit }),
    deposited: (state, { cents }) => evolve(state, cents),
  });
}
const given = [opened.at(1, { owner: 'Ann' }), deposited({ cents: 5 }), opened({ owner: 'Ann', limit: 20 })];
const HASH = '1c202117-c259a93ad6b50cbd';

function failure(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_ASSERTION' });
    return (error as Error).message;
  }
  throw new Error('it holds');
}

test('a fold that comes to the same states has the same hash', () => {
  snapshotSpec(account(), { given }).thenHash(HASH);
});
test('a fold that comes to others under the same version is told to raise it, with both hashes', () => {
  const message = failure(() => snapshotSpec(account({ fee: 1 }), { given }).thenHash(HASH));
  expect(message).toContain(HASH);
  expect(message).toMatch(/has the hash [0-9a-f]{8}-[0-9a-f]{16}, not/);
  expect(message).toContain('raise snapshot.version from 1 to 2');
});
test('once the version is raised, only the hash is to be committed', () => {
  expect(failure(() => snapshotSpec(account({ fee: 1, version: 2 }), { given }).thenHash(HASH))).toContain(
    'a key of their own, so older ones are ignored: commit this hash',
  );
});
test('a first hash is told by the failure of an empty one', () => {
  expect(failure(() => snapshotSpec(account(), { given }).thenHash(''))).toContain(`hash ${HASH}, not yet committed`);
});
test('every event must be there in every version: what is not folded can change unseen', () => {
  expect(failure(() => snapshotSpec(account(), { given: [deposited({ cents: 5 })] }))).toContain(
    'given lacks bank.account.opened version 1, bank.account.opened version 2',
  );
});
test('a state that does not fit its schema is told with the field', () => {
  const evolve = (state: Account): Account => ({ ...state, cents: 0.5 });
  expect(failure(() => snapshotSpec(account({ evolve }), { given }))).toContain(
    'the state after event 2, bank.account.deposited, does not fit snapshot.state: cents',
  );
});
test('a state that comes back different is told: −0 does', () => {
  const evolve = (state: Account): Account => ({ ...state, cents: -0 });
  expect(failure(() => snapshotSpec(account({ evolve }), { given }))).toContain('comes back from a snapshot different');
});
test('a fold that rests on the order of keys is told: a map comes back sorted', () => {
  const first = { b: 1, a: 2 };
  const evolve = (state: Account): Account =>
    Object.keys(state.counts).length === 0
      ? { ...state, counts: first }
      : { ...state, cents: Object.values(state.counts)[0] ?? 0 };
  expect(failure(() => snapshotSpec(account({ evolve }), { given: [...given, deposited({ cents: 1 })] }))).toContain(
    'depends on whether the one before came from a snapshot',
  );
});
test('a fold that changes a state in place is told', () => {
  const evolve = (state: Account, cents: number): Account => Object.assign(state, { cents: state.cents + cents });
  expect(failure(() => snapshotSpec(account({ evolve }), { given }))).toContain('changed a state in place');
});
test('an aggregate without snapshots has no hash', () => {
  const bare = aggregate('bank.account', { events: { deposited }, initial: () => 0 }).evolve({ deposited: (n) => n });
  expect(failure(() => snapshotSpec(bare, { given: [] }))).toContain('bank.account declares no snapshot');
});
