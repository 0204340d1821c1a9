// Corners of aggregates and repositories that must compile: nothing optional given, one of each.
import {
  aggregate,
  aggregateRoot,
  decideAcross,
  event,
  repository,
  t,
  type EventStore,
  type StreamVersion,
} from '@leftfold/core';
import { order } from '../../apps/orders/src/order/order.ts';

declare const store: EventStore;

const opened = event('a.b.opened', { id: t.uuid() });
const fold = aggregate('a.b', { events: { opened }, initial: () => 0 }).evolve({ opened: (n) => n + 1 }); // no refusals
const bare = fold.decide({ open: (_, _input, { id }) => [opened({ id })], touch: () => [] }); // no inputs, no answers
class Bare extends aggregateRoot(fold) {
  open(): void {
    this.record(opened({ id: this.id }));
  }
}

const repo = repository(bare, store);
(await repo.open('1')).result satisfies undefined;
await repo.open('1', undefined, { idempotencyKey: 'k' });
await repo.touch('1', { idempotencyKey: 'k' });
(await repo.load('1')).state satisfies number;
(await repository(Bare, store).load('1')).state satisfies number;
await repo.load('1', { signal: AbortSignal.timeout(5) });
bare.decisions.touch();

// the answer of a command is the answer of its decision
const orders = repository(order, store);
(await orders.pay('1', { paymentId: 'p', amount: { cents: 1, currency: 'EUR' }, method: 'card' })).result
  .missingCents satisfies number;
(await orders.ship('1', { carrier: 'DHL' })).result satisfies undefined;
(await orders.load('1')).version satisfies StreamVersion;
const { result } = await orders.transact('1', (state) => ({ events: [], result: { status: state.status } }));
result.status satisfies 'none' | 'open' | 'paid' | 'shipped' | 'cancelled';
for await (const recorded of orders.history('1')) {
  if (recorded.type === 'orders.order.shipped') recorded.data.carrier satisfies string;
}

// outcomes are values
const outcome = await store.append([], {
  reply: { tenant: '', key: 'k', requestHash: 'h', reply: '{}', keepMs: 1000 },
});
if (outcome.kind === 'replied') outcome.versions satisfies readonly StreamVersion[];

// unique keys, in both styles; only the refusals of the aggregate
const user = aggregate('a.user', {
  events: { opened },
  initial: (): { readonly email: string | null } => ({ email: null }),
  refusals: { EMAIL_TAKEN: '{email} is in use', NAME_TAKEN: 'taken' },
  snapshot: { every: 100, version: 1, state: t.record('UserState', { email: t.nullable(t.string()) }) },
}).evolve({ opened: (state) => state });
const users = user.decide({
  register: (_, { email }: { readonly email: string }, { id, refuse }) => ({
    events: [opened({ id })],
    reserve: [
      ['email', email, refuse('EMAIL_TAKEN', { email })],
      ['name', email, refuse('NAME_TAKEN')],
    ],
    release: [['email', 'old']],
    result: 5,
  }),
  leave: ({ email }) => ({ events: [], release: email === null ? [] : [['email', email]] }),
});
(await repository(users, store).register('1', { email: 'a@b.example' })).result satisfies number;
class User extends aggregateRoot(user) {
  move(email: string): void {
    this.keys.reserve('email', email, this.refuse('EMAIL_TAKEN', { email }));
    this.keys.release('email', 'old');
  }
}
const people = repository(User, store, { cache: { entries: 1_000 }, onSnapshotFault: ({ code }) => void code });
await people.transact('1', (one) => one.move('a@b.example'));

// several entities: states and codes of each, by name
const across = await decideAcross(
  store,
  { order: order.ref('1'), user: users.ref('2'), bare: fold.ref('3') },
  (states, { refuse, now, uuid }) => {
    states.bare satisfies number;
    if (states.user.email === null) throw refuse('EMAIL_TAKEN');
    if (states.order.status === 'none') throw refuse('ORDER_NOT_FOUND');
    now satisfies Date;
    return { user: [opened({ id: uuid() })], bare: [] };
  },
  { idempotencyKey: 'k', metadata: { actor: 'ann' }, attempts: 5 },
);
across.versions.order satisfies StreamVersion;
await decideAcross(store, { bare: fold.ref('3') }, () => ({}));
// a state that is absent at first
aggregate('a.b', {
  events: { opened },
  initial: (): { readonly n: number } | null => null,
  snapshot: { every: 1, version: 1, state: t.nullable(t.record('S', { n: t.int() })) },
}).evolve({ opened: () => ({ n: 1 }) });
