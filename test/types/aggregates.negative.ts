// What the compiler catches in aggregates and repositories. Each line fails to compile without its directive.
import { aggregate, aggregateRoot, decideAcross, event, Refusal, repository, t, type EventStore } from '@leftfold/core';
import { orderCancelled, orderShipped } from '../../apps/orders/src/order/events.ts';
import { order } from '../../apps/orders/src/order/order.ts';

declare const store: EventStore;
const v1 = event('a.b.c', { id: t.uuid(), amount: t.double() });
const spec = { events: { v1, orderShipped }, initial: () => ({ n: 0 }), refusals: { NO: 'no' } };

// @ts-expect-error an event that nothing evolves
aggregate('a.b', spec).evolve({ v1: (s) => s });
// @ts-expect-error a state that is none
aggregate('a.b', spec).evolve({ v1: (s) => s, orderShipped: () => ({ m: 1 }) });
// @ts-expect-error an evolution of an event that the aggregate does not have
aggregate('a.b', spec).evolve({ v1: (s) => s, orderShipped: (s) => s, other: (s: { n: number }) => s });

const fold = aggregate('a.b', spec).evolve({ v1: (s) => s, orderShipped: (s) => s });
// @ts-expect-error an event of another aggregate
fold.decide({ x: () => [orderCancelled({ orderId: '', customerId: '', reason: 'customer' })] });
fold.decide({
  x: (_, _i: string, { refuse }) => {
    // @ts-expect-error a refusal nobody declared
    throw refuse('OTHER');
  },
});
// @ts-expect-error an impure decision
fold.decide({ x: async () => [] });
// @ts-expect-error an input that nobody typed
fold.decide({ x: (_, input, { id }) => [v1({ id, amount: input.amount })] });
// @ts-expect-error an answer that cannot be stored
fold.decide({ x: () => ({ events: [], result: { total: 5n } }) });
// @ts-expect-error an event of an older version
fold.decide({ x: () => [order.events.placed.at(1, { orderId: '', customerId: '', total: 1 })] });
// @ts-expect-error a name the repository needs
fold.decide({ load: () => [] });

const orders = repository(order, store);
// @ts-expect-error no such command
void orders.delete('1');
// @ts-expect-error the wrong input
void orders.ship('1', { carier: 'DHL' });
// @ts-expect-error a command without its input
void orders.ship('1');
// @ts-expect-error a version is not a number
void orders.ship('1', { carrier: 'DHL' }, { expect: 3n });
// @ts-expect-error an option that no command has
void orders.ship('1', { carrier: 'DHL' }, { idempotencykey: 'k' });

class Thing extends aggregateRoot(fold) {
  go(): void {
    // @ts-expect-error a class records only its own events
    this.record(orderCancelled({ orderId: '', customerId: '', reason: 'customer' }));
  }
  cheat(): void {
    // @ts-expect-error state is read-only
    this.state = { n: 1 };
  }
  no(): void {
    // @ts-expect-error a class refuses only with its own codes
    throw this.refuse('OTHER');
  }
}
// @ts-expect-error no save: what was decided must be decidable again
repository(Thing, store).save(new Thing('1', { n: 0 }, undefined as never));
// @ts-expect-error an async method would do I/O again on every conflict
void repository(Thing, store).transact('1', async (thing) => thing.go());

// @ts-expect-error a unique key without the refusal for the loser
fold.decide({ x: () => ({ events: [], reserve: [['email', 'a@b.example']] }) });
// @ts-expect-error a unique key with a refusal nobody declared
fold.decide({ x: (_, _i: string, { refuse }) => ({ events: [], reserve: [['email', 'a', refuse('OTHER')]] }) });
// @ts-expect-error a unique key with the refusal of another aggregate
fold.decide({ x: () => ({ events: [], reserve: [['email', 'a', new Refusal('OTHER', 'of another')]] }) });
// @ts-expect-error a unique key that is no pair
fold.decide({ x: () => ({ events: [], release: ['email'] }) });
class Keys extends aggregateRoot(fold) {
  take(): void {
    // @ts-expect-error the same in a class
    this.keys.reserve('email', 'a@b.example');
    // @ts-expect-error its own codes only
    this.keys.reserve('email', 'a@b.example', new Refusal('OTHER', 'of another'));
  }
}
// @ts-expect-error keys are taken by the methods of the class, not from outside
new Keys('1', { n: 0 }, undefined as never).keys.release('email', 'a');

// @ts-expect-error a snapshot whose schema does not give the state
aggregate('a.b', { ...spec, snapshot: { every: 10, version: 1, state: t.record('S', { n: t.string() }) } });
// @ts-expect-error a snapshot whose schema leaves a part of the state out
aggregate('a.b', { ...spec, snapshot: { every: 10, version: 1, state: t.record('S', {}) } });
// @ts-expect-error a snapshot without the schema of its state
aggregate('a.b', { ...spec, snapshot: { every: 10, version: 1 } });
// @ts-expect-error a snapshot without a version
aggregate('a.b', { ...spec, snapshot: { every: 10, state: t.record('S', { n: t.int() }) } });

void decideAcross(store, { a: fold.ref('1') }, () => ({
  // @ts-expect-error an event of another aggregate under this name
  a: [orderCancelled({ orderId: '', customerId: '', reason: 'customer' })],
}));
// @ts-expect-error a name that is none of the entities
void decideAcross(store, { a: fold.ref('1') }, () => ({ b: [] }));
void decideAcross(store, { a: fold.ref('1') }, (_, { refuse }) => {
  // @ts-expect-error a code that none of the aggregates declares
  throw refuse('OTHER');
});
// @ts-expect-error an async decision
void decideAcross(store, { a: fold.ref('1') }, async () => ({}));
// @ts-expect-error an expected version, of which stream?
void decideAcross(store, { a: fold.ref('1') }, () => ({}), { expect: 1n });
// @ts-expect-error a cache without bounds
repository(order, store, { cache: true });
