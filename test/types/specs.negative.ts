// Specs: what the compiler catches. Each line below fails to compile without its directive.
import { aggregate, event, t } from '@leftfold/core';
import { projection, reaction } from '@leftfold/subscriptions';
import { deciderSpec, inStream, projectionSpec, reactionSpec, snapshotSpec } from '@leftfold/testing';

const opened = event('bank.account.opened', { owner: t.string(), cents: t.double() }).version(
  2,
  { owner: t.string(), cents: t.integer(), at: t.nullable(t.date()) },
  { up: ({ owner, cents }) => ({ owner, cents: Math.round(cents * 100), at: null }) },
);
const deposited = event('bank.account.deposited', { cents: t.integer() });
const closed = event('bank.account.closed', {});
const account = aggregate('bank.account', {
  events: { opened, deposited },
  initial: () => ({ owner: '', cents: 0 }),
  refusals: { NOT_OPEN: 'There is no account' },
})
  .evolve({
    opened: (_, { owner, cents }) => ({ owner, cents }),
    deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
  })
  .decide({
    deposit: (state, { cents }: { readonly cents: number }) => ({
      events: [deposited({ cents })],
      result: { cents: state.cents + cents },
    }),
    touch: () => [],
  });
const spec = deciderSpec(account);
const mail = reaction('mail', { replay: 'skip' }).on(closed, async () => {});
const balances = projection('balances', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), cents: t.integer() },
  order: 'any',
}).upsert(opened, { by: 'owner' }, (_, { data }) => ({ owner: data.owner, cents: data.cents }));
const rows = projectionSpec(balances).given(opened({ owner: 'Ann', cents: 2, at: null }));

// An event of another aggregate; a payload of another version than it says.
// @ts-expect-error
spec.given(closed({}));
// @ts-expect-error
spec.given({ type: 'bank.account.opened', version: 2, data: { owner: '', cents: 1 } });
// A command that does not exist, another input, a missing one.
// @ts-expect-error
spec.when.close();
// @ts-expect-error
spec.when.deposit({ euros: 1 });
// @ts-expect-error
spec.when.deposit();
// An event of another aggregate, or of an old version: decisions make the latest only.
// @ts-expect-error
spec.when.touch().then(closed({}));
// @ts-expect-error
spec.when.touch().then(opened.at(1, { owner: '', cents: 1 }));
// A code that the aggregate does not declare.
// @ts-expect-error
spec.when.touch().thenRefused('CLOSED');
// An answer of another type, a member that the state does not have.
// @ts-expect-error
spec.when.deposit({ cents: 1 }).thenResult({ euros: 1 });
// @ts-expect-error
spec.when.touch().thenState({ euros: 1 });
// What is fixed for a spec are the id, the clock and the roles.
// @ts-expect-error
deciderSpec(account, { tenant: 'a' });

// An event that the projection does not handle, alone and in a stream.
// @ts-expect-error
projectionSpec(balances).given(deposited({ cents: 1 }));
// @ts-expect-error
projectionSpec(balances).given(inStream('a', deposited({ cents: 1 })));
// A column that the row does not have, one of another type, a row that is not whole.
// @ts-expect-error
rows.thenRow({ id: 'Ann' }, {});
// @ts-expect-error
rows.thenRow({ owner: 'Ann' }, { cents: '2' });
// @ts-expect-error
rows.thenRows([{ owner: 'Ann' }]);
// A fault that no fold has.
// @ts-expect-error
rows.thenFault('LF_LANE_LOST');
// Nothing was given.
// @ts-expect-error
projectionSpec(balances).thenRows([]);
// An event that the reaction does not handle; a word that is no part of an attempt; nothing was given.
// @ts-expect-error
reactionSpec(mail).given(deposited({ cents: 1 }));
const ranOnce = reactionSpec(mail).given(closed({}));
// @ts-expect-error
ranOnce.thenRan([{ replayed: true }]);
// @ts-expect-error
reactionSpec(mail).thenRan([]);
// A key that is no pair; an event of another aggregate in the spec of a snapshot.
// @ts-expect-error
spec.taken('iban');
// @ts-expect-error
spec.when.touch().thenReserved('iban', 'DE1');
// @ts-expect-error
snapshotSpec(account, { given: [closed({})] });
