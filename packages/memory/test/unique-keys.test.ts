import { aggregate, aggregateRoot, event, isRefusal, repository, t, UniqueKeyTaken } from '@leftfold/core';
import type { EventStore } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { describe, expect, test } from 'vitest';
import { Aside } from './ledger.ts';

const registered = event('users.user.registered', { email: t.string() });
const emailChanged = event('users.user.email-changed', { email: t.string() });
const left = event('users.user.left', {});
const fold = aggregate('users.user', {
  events: { registered, emailChanged, left },
  initial: (): { readonly email: string | null } => ({ email: null }),
  refusals: { EMAIL_TAKEN: '{email} is in use', NAME_TAKEN: 'This name is in use' },
}).evolve({
  registered: (_, { email }) => ({ email }),
  emailChanged: (_, { email }) => ({ email }),
  left: () => ({ email: null }),
});
const user = fold.decide({
  register: (_, { email, name }: { readonly email: string; readonly name: string }, { refuse }) => ({
    events: [registered({ email })],
    reserve: [
      ['name', name, refuse('NAME_TAKEN')],
      ['email', email, refuse('EMAIL_TAKEN', { email })],
    ],
    result: 'welcome',
  }),
  changeEmail: (old, { email }: { readonly email: string }, { refuse }) => ({
    events: [emailChanged({ email })],
    reserve: [['email', email, refuse('EMAIL_TAKEN', { email })]],
    release: old.email === null ? [] : [['email', old.email]],
  }),
  reserveOnly: (_, { email }: { readonly email: string }, { refuse }) => ({
    events: [],
    reserve: [['email', email, refuse('EMAIL_TAKEN', { email })]],
    result: 'yours',
  }),
  leave: ({ email }) => ({ events: [left({})], release: email === null ? [] : [['email', email]] }),
  badKey: (_, __, { refuse }) => ({ events: [], reserve: [['', 'x', refuse('NAME_TAKEN')]] }),
});
const users = (store: EventStore = memory().store) => repository(user, store);
const [ann, bob] = [
  { email: 'ann@a.example', name: 'ann' },
  { email: 'bob@a.example', name: 'bob' },
];

describe('a unique key', () => {
  test('that another stream holds is refused with the refusal of that key, and nothing is written', async () => {
    const repo = users();
    await repo.register('u-1', ann);
    const again = repo.register('u-2', { ...bob, email: ann.email });
    await expect(again).rejects.toMatchObject({ code: 'EMAIL_TAKEN', details: { email: ann.email } });
    await expect(again.catch((error: unknown) => isRefusal(error, 'EMAIL_TAKEN'))).resolves.toBe(true);
    await expect(repo.register('u-2', { ...bob, name: 'ann' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect((await repo.load('u-2')).version).toBe(0n);
    await repo.register('u-2', bob);
  });
  test('is told by its name and its value: another key of the same value has another refusal', async () => {
    const repo = users();
    await repo.register('u-1', { email: 'same', name: 'ann' });
    const other = repo.register('u-2', { email: 'same', name: 'same' });
    await expect(other).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
  });
  test('of fifty commands at once goes to one', async () => {
    const repo = users();
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => repo.register(`u-${n}`, { email: ann.email, name: `${n}` })),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
  test('is free again when it was given back; one that the stream holds may be taken again', async () => {
    const repo = users();
    await repo.register('u-1', ann);
    await repo.changeEmail('u-1', { email: ann.email });
    await expect(repo.changeEmail('u-2', { email: ann.email })).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
    await repo.changeEmail('u-1', { email: bob.email });
    await repo.changeEmail('u-2', { email: ann.email });
    await repo.leave('u-2');
    await repo.changeEmail('u-3', { email: ann.email });
  });
  test('changes hands without events, too', async () => {
    const repo = users();
    expect(await repo.reserveOnly('u-1', ann)).toMatchObject({ result: 'yours', version: 0n });
    await expect(repo.reserveOnly('u-2', ann)).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
  });
  test('is one per tenant', async () => {
    const repo = users();
    const of = (tenant: string) => ({ metadata: { tenant } });
    await repo.register('u-1', ann, of('north'));
    await repo.register('u-1', ann, of('south'));
    await expect(repo.register('u-2', ann, of('south'))).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });
  test('that was taken with an idempotency key is answered again, not refused', async () => {
    const repo = users();
    const idempotencyKey = 'k-1';
    const first = await repo.register('u-1', ann, { idempotencyKey });
    expect(await repo.register('u-2', ann, { idempotencyKey })).toEqual({ ...first, replayed: true });
    const refused = { idempotencyKey: 'k-2' };
    await expect(repo.register('u-2', ann, refused)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await repo.reserveOnly('u-3', { email: 'c@a.example' }, { idempotencyKey: 'k-3' });
    expect(await repo.reserveOnly('u-3', { email: 'c@a.example' }, { idempotencyKey: 'k-3' })).toMatchObject({
      replayed: true,
      result: 'yours',
    });
  });
  test('of a form that no store takes is a fault, not a refusal', async () => {
    await expect(users().badKey('u-1')).rejects.toMatchObject({ code: 'LF_UNIQUE_KEY_INVALID' });
  });
  test('is refused in the domain’s words inside a caller’s transaction, too, where the store throws', async () => {
    const { store } = memory();
    await users(store).register('u-1', ann);
    const within = new Aside(store, {
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        if (outcome.kind === 'taken') throw new UniqueKeyTaken(outcome.key, outcome.by);
        return outcome;
      },
    });
    await expect(users(within).register('u-2', ann)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });
  test('is refused again after a conflict was decided anew', async () => {
    const { store } = memory();
    const elsewhere = users(new Aside(store));
    let isFirst = true;
    const racing = new Aside(store, {
      append: async (appends, options) => {
        if (isFirst) await elsewhere.register('u-1', ann);
        isFirst = false;
        return store.append(appends, options);
      },
    });
    expect((await users(racing).changeEmail('u-1', bob)).version).toBe(2n);
    await elsewhere.reserveOnly('u-9', ann);
  });
});

test('a class takes and gives back keys through its root', async () => {
  class Account extends aggregateRoot(fold) {
    move(email: string): string {
      const { email: old } = this.state;
      if (old !== null) this.keys.release('email', old);
      this.keys.reserve('email', email, this.refuse('EMAIL_TAKEN', { email }));
      this.record(emailChanged({ email }));
      return email;
    }
  }
  const { store } = memory();
  const accounts = repository(Account, store);
  expect((await accounts.transact('u-1', (account) => account.move(ann.email))).result).toBe(ann.email);
  await expect(accounts.transact('u-2', (account) => account.move(ann.email))).rejects.toMatchObject({
    code: 'EMAIL_TAKEN',
    details: { email: ann.email },
  });
  await accounts.transact('u-1', (account) => void account.move(bob.email));
  await accounts.transact('u-2', (account) => void account.move(ann.email));
});
