import { aggregate, event, t } from '@leftfold/core';
import { describe, expect, test } from 'vitest';
import { deciderSpec } from './decider-spec.ts';

const opened = event('bank.account.opened', { owner: t.string() }).version(
  2,
  { owner: t.string(), openedAt: t.nullable(t.timestampMillis()) },
  { up: ({ owner }) => ({ owner: owner.trim(), openedAt: null }) },
);
const deposited = event('bank.account.deposited', { paymentId: t.uuid(), cents: t.integer({ min: 1 }) });
type Account = { readonly owner: string | null; readonly cents: number; readonly openedAt: Date | null };

const account = aggregate('bank.account', {
  events: { opened, deposited },
  initial: (): Account => ({ owner: null, cents: 0, openedAt: null }),
  refusals: { NOT_OPEN: 'There is no account {id}', ALREADY_OPEN: 'This account is open', IBAN_TAKEN: 'Not yours' },
})
  .evolve({
    opened: (state, { owner, openedAt }) => ({ ...state, owner, openedAt }),
    deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
  })
  .decide({
    open: (state, { owner }: { readonly owner: string }, { now, refuse }) => {
      if (state.owner !== null) throw refuse('ALREADY_OPEN');
      return [opened({ owner, openedAt: now })];
    },
    deposit: (state, { cents }: { readonly cents: number }, { id, uuid, refuse }) => {
      if (state.owner === null) throw refuse('NOT_OPEN', { id });
      return { events: [deposited({ paymentId: uuid(), cents })], result: { cents: state.cents + cents } };
    },
    touch: () => [],
    connect: (_, { iban, old }: { readonly iban: string; readonly old: string }, { refuse }) => ({
      events: [],
      reserve: [
        ['iban', iban, refuse('IBAN_TAKEN', { iban })],
        ['bic', 'LF', refuse('IBAN_TAKEN')],
      ],
      release: [['iban', old]],
    }),
    roll: () => [
      deposited({ paymentId: '00000000-0000-4000-8000-000000000000', cents: Math.ceil(Math.random() * 1e9) }),
    ],
    spoil: (state) => {
      (state as { cents: number }).cents = 7;
      return [];
    },
    misfit: () => [deposited({ paymentId: 'not a uuid', cents: 1 })],
    crash: () => {
      throw new TypeError('a bug');
    },
    date: () => ({ events: [], result: new Date(0) as never }),
  });
const now = new Date('2026-02-28T12:00:00Z');
const spec = deciderSpec(account, { id: 'a-1', now });
const paymentId = '00000000-0000-7000-8000-000000000001';
const anOpenAccount = spec.given(opened({ owner: 'Ann', openedAt: now }));

describe('a spec that holds', () => {
  test('events, answer and state', () =>
    void spec
      .given(opened({ owner: 'Ann', openedAt: now }), deposited({ paymentId, cents: 5 }))
      .when.deposit({ cents: 3 })
      .then(deposited({ paymentId, cents: 3 }))
      .thenResult({ cents: 8 })
      .thenState({ cents: 8, openedAt: now }));
  test('a refusal, with its details', () => {
    spec.when.deposit({ cents: 3 }).thenRefused('NOT_OPEN');
    spec.when.deposit({ cents: 3 }).thenRefused('NOT_OPEN', { id: 'a-1' });
  });
  test('nothing to do', () => void anOpenAccount.when.touch().thenNothing().thenState({ cents: 0 }));
  test('an old version goes through its upcaster', () =>
    void spec
      .given(opened.at(1, { owner: ' Ann ' }))
      .when.touch()
      .thenState({ owner: 'Ann', openedAt: null }));
  test('a given event may break a constraint that was tightened since', () =>
    void anOpenAccount
      .given(deposited({ paymentId, cents: -5 }))
      .when.touch()
      .thenState({ cents: -5 }));
  test('unique keys that are taken and given back, in any order', () => {
    spec.when
      .connect({ iban: 'DE2', old: 'DE1' })
      .thenNothing()
      .thenReserved(['bic', 'LF'], ['iban', 'DE2'])
      .thenReleased(['iban', 'DE1']);
    anOpenAccount.when.deposit({ cents: 3 }).thenReserved().thenReleased();
  });
  test('a unique key that another stream holds, and others that it does not matter who holds', () => {
    const taken = spec
      .taken('iban', 'DE2')
      .taken('bic', 'XX')
      .given(opened({ owner: 'Ann', openedAt: now }));
    taken.when.connect({ iban: 'DE2', old: 'DE1' }).thenRefused('IBAN_TAKEN', { iban: 'DE2' });
    taken.when.connect({ iban: 'DE3', old: 'DE2' }).thenReserved(['iban', 'DE3'], ['bic', 'LF']);
  });
  test('may be returned and awaited like a promise', () => spec.when.touch().thenNothing());
  test('specs share no history', () => {
    const more = anOpenAccount.given(deposited({ paymentId, cents: 5 }));
    anOpenAccount.when.touch().thenState({ cents: 0 });
    more.when.touch().thenState({ cents: 5 });
  });
});

describe('a spec that does not hold says why', () => {
  const fails = (check: () => unknown, ...parts: readonly string[]): void => {
    let thrown: unknown;
    try {
      check();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'ERR_ASSERTION' });
    for (const part of parts) expect((thrown as Error).message).toContain(part);
  };
  test('other events', () =>
    fails(
      () => anOpenAccount.when.deposit({ cents: 3 }).then(deposited({ paymentId, cents: 4 })),
      "'deposit' decided other events",
      '-       cents: 4',
      '+       cents: 3',
    ));
  test('events where none were expected, none where some were', () => {
    fails(() => anOpenAccount.when.deposit({ cents: 3 }).thenNothing(), "'deposit' decided events where none");
    fails(() => anOpenAccount.when.touch().then(deposited({ paymentId, cents: 4 })), "'touch' decided other events");
  });
  test('a refusal instead of events', () =>
    fails(
      () => spec.when.deposit({ cents: 3 }).then(deposited({ paymentId, cents: 3 })),
      "'deposit' was refused with NOT_OPEN: There is no account a-1",
    ));
  test('events instead of a refusal, another code, other details', () => {
    fails(
      () => anOpenAccount.when.deposit({ cents: 3 }).thenRefused('NOT_OPEN'),
      "'deposit' was to be refused with NOT_OPEN, but decided bank.account.deposited",
    );
    fails(
      () => spec.when.deposit({ cents: 3 }).thenRefused('ALREADY_OPEN'),
      'refused with another code',
      'ALREADY_OPEN',
    );
    fails(() => spec.when.deposit({ cents: 3 }).thenRefused('NOT_OPEN', { id: 'b' }), 'other details', "id: 'a-1'");
  });
  test('another answer, another state', () => {
    fails(() => anOpenAccount.when.deposit({ cents: 3 }).thenResult({ cents: 4 }), 'gave another answer', 'cents: 3');
    fails(() => anOpenAccount.when.touch().thenState({ cents: 4 }), 'left another state', 'cents: 0');
  });
  test('other unique keys, taken or given back', () => {
    const connected = spec.when.connect({ iban: 'DE2', old: 'DE1' });
    fails(() => connected.thenReserved(['iban', 'DE2']), "'connect' took other unique keys", 'bic');
    fails(() => connected.thenReleased(), "'connect' gave back other unique keys", 'DE1');
    fails(() => spec.taken('bic', 'LF').when.connect({ iban: 'a', old: 'b' }).thenNothing(), 'refused with IBAN_TAKEN');
  });
  test('a unique key that no store takes', () =>
    fails(() => spec.when.connect({ iban: '', old: 'DE1' }), "'connect' decided a unique key that no store takes"));
  test('a fold that changes a state in place', () => {
    const careless = aggregate('bank.account', { events: { deposited }, initial: () => ({ all: new Set<number>() }) })
      .evolve({ deposited: (state, { cents }) => (state.all.add(cents), state) })
      .decide({ touch: () => [] });
    const given = deciderSpec(careless).given(deposited({ paymentId, cents: 5 }));
    fails(() => given.when.touch(), 'the fold of bank.account changed a state in place, at bank.account.deposited');
  });
  test('a decision that depends on chance', () =>
    fails(() => spec.when.roll(), "'roll' decided differently when it ran again"));
  test('a decision that changes the state', () =>
    fails(() => spec.when.spoil(), "'spoil' changed the state it was given"));
  test('an event that cannot be stored, with its path', () => {
    fails(
      () => spec.when.misfit(),
      "'misfit' decided an event that cannot be stored: bank.account.deposited at paymentId",
    );
    fails(() => anOpenAccount.when.deposit({ cents: 0 }), 'cents');
  });
  test('an event of a type that is retired', () => {
    const dropped = event('bank.account.dropped', {}, { retired: true });
    const careless = aggregate('bank.account', { events: { dropped }, initial: () => 0 })
      .evolve({ dropped: (n) => n + 1 })
      .decide({ drop: () => [dropped({})], touch: () => [] });
    fails(() => deciderSpec(careless).when.drop(), "'drop' decided an event that cannot be stored", 'is retired');
    deciderSpec(careless).given(dropped({})).when.touch().thenState(1);
  });
  test.each<[string, (old: { readonly tags: string[] }) => { readonly tags: readonly string[] }, string]>([
    [
      'changes what it is given',
      ({ tags }) => ({ tags: (tags.push('x'), [...tags]) }),
      'changes the payload it is given',
    ],
    ['comes to two results', () => ({ tags: [String(Math.random())] }), 'came to two results'],
    ['leaves a field out', () => ({}) as never, 'returns what does not fit: tags is missing'],
  ])('an upcaster of a given event that %s', (_, up, why) => {
    const tagged = event('bank.account.tagged', { tags: t.array(t.string()) }).version(
      2,
      { tags: t.array(t.string()) },
      { up: up as never },
    );
    const tags = aggregate('bank.account', { events: { tagged }, initial: () => 0 })
      .evolve({ tagged: (n) => n + 1 })
      .decide({ touch: () => [] });
    const given = () =>
      deciderSpec(tags)
        .given(tagged.at(1, { tags: [] }))
        .when.touch();
    fails(given, 'given bank.account.tagged version 1: the upcaster of bank.account.tagged from version 1 to 2', why);
  });
  test('an answer that is no JSON', () => fails(() => spec.when.date(), "the answer of 'date' is stored as JSON"));
  test('a given event that its version never allowed', () => {
    fails(() => spec.given(opened.at(1, { owner: 5 as never })), 'given bank.account.opened version 1', 'owner');
    fails(() => spec.given({ type: 'bank.account.closed', version: 1, data: {} } as never), 'it is none of');
  });
  test('a bug in a decision comes out as it is', () => expect(() => spec.when.crash()).toThrow(new TypeError('a bug')));
});
