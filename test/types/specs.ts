// Specs: what must compile, with nothing annotated.
import { aggregate, event, t } from '@leftfold/core';
import { sqlProjection } from '@leftfold/postgres';
import { projection, type Storage } from '@leftfold/subscriptions';
import { deciderSpec, inStream, projectionSpec, snapshotSpec } from '@leftfold/testing';
import type { Transaction } from 'kysely';

declare const storage: Storage;

const opened = event('bank.account.opened', { owner: t.string(), cents: t.double() }).version(
  2,
  { owner: t.string(), cents: t.integer() },
  { up: ({ owner, cents }) => ({ owner, cents: Math.round(cents * 100) }) },
);
const deposited = event('bank.account.deposited', { cents: t.integer() });
const fold = aggregate('bank.account', {
  events: { opened, deposited },
  initial: () => ({ owner: '', cents: 0 }),
  refusals: { NOT_OPEN: 'There is no account', TOO_MUCH: '{cents} are too much' },
}).evolve({
  opened: (_, { owner, cents }) => ({ owner, cents }),
  deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
});
const account = fold.decide({
  deposit: (state, { cents }: { readonly cents: number }) => ({
    events: [deposited({ cents })],
    result: { cents: state.cents + cents },
  }),
  touch: () => [],
});

const spec = deciderSpec(account, { id: 'a', now: new Date(0), roles: ['teller'] });
spec.when.touch().thenNothing();
spec.given(opened({ owner: 'Ann', cents: 1 }), opened.at(1, { owner: 'Ann', cents: 0.01 })).when.deposit({ cents: 2 });
spec
  .given()
  .given(deposited({ cents: 1 }))
  .when.deposit({ cents: 2 })
  .then(deposited({ cents: 2 }))
  .thenResult({ cents: 3 });
spec.when.deposit({ cents: 2 }).thenState({ cents: 2 });
spec.when.deposit({ cents: 2 }).thenRefused('TOO_MUCH', { cents: 2 });
spec.when.touch().thenResult(undefined);

// Without refusals, without inputs.
const bare = aggregate('bank.bare', { events: { opened }, initial: () => 0 })
  .evolve({ opened: (n) => n + 1 })
  .decide({ open: (_, _input, { id }) => [opened({ owner: id, cents: 0 })] });
deciderSpec(bare)
  .given(opened.at(1, { owner: '', cents: 0 }))
  .when.open()
  .then(opened({ owner: 'spec', cents: 0 }));

const balances = projection('balances', {
  version: 1,
  key: 'owner',
  row: { owner: t.string(), cents: t.integer(), at: t.nullable(t.timestampMillis()) },
  order: 'any',
}).upsert(opened, { by: 'owner' }, (_, { data }) => ({ ...data, at: null }));

const rows = projectionSpec(balances).given(
  opened.at(1, { owner: 'Ann', cents: 0.01 }),
  opened({ owner: 'Ann', cents: 2 }),
);
await rows.thenRow({ owner: 'Ann' }, { cents: 3 });
await rows
  .permuted({ runs: 10, seed: 1 })
  .thenRow({ owner: 'Ann' }, null)
  .thenRows([{ owner: 'Ann', cents: 3, at: null }]);
await rows.thenFault('LF_FOLD_FAILED');
await projectionSpec(balances, { on: storage })
  .given(inStream('a-1', opened({ owner: 'Ann', cents: 2 })))
  .permuted()
  .thenRows([]);
rows.thenRow({}, {}) satisfies Promise<void>;

// what cannot be applied
await rows.thenParked('LF_FOLD_FAILED', 'Ann').thenRows([]);

// statements of one's own: the query sees the tables of `create`
const totals = sqlProjection('totals', {
  version: 1,
  create: async (db: Transaction<{ totals: { owner: string; cents: number } }>) => {
    await db.schema.createTable('totals').addColumn('owner', 'text').addColumn('cents', 'integer').execute();
  },
}).on(opened, async ({ data }, db) => void (await db.insertInto('totals').values(data).execute()));
await projectionSpec(totals, { on: storage })
  .given(opened.at(1, { owner: 'Ann', cents: 0.01 }))
  .permuted()
  .thenRows((db) => db.selectFrom('totals').selectAll().execute(), [{ owner: 'Ann', cents: 1 }])
  .given(opened({ owner: 'Ann', cents: 2 }))
  .thenParked('23505');

// unique keys and snapshots
const users = fold.decide({
  register: (_, { email }: { readonly email: string }, { refuse }) => ({
    events: [],
    reserve: [['email', email, refuse('TOO_MUCH')]],
  }),
});
deciderSpec(users).taken('email', 'a').when.register({ email: 'a' }).thenRefused('TOO_MUCH');
deciderSpec(users).when.register({ email: 'a' }).thenReserved(['email', 'a']).thenReleased();
snapshotSpec(fold, { given: [opened.at(1, { owner: '', cents: 0.01 }), deposited({ cents: 1 })] }).thenHash('');
