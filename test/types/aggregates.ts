// Corners of aggregates and repositories that must compile: nothing optional given, one of each.
import { aggregate, aggregateRoot, event, repository, t, type EventStore, type StreamVersion } from '@leftfold/core';
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
(await orders.pay('1', { paymentId: 'p', amount: { cents: 1, currency: 'EUR' } })).result.missingCents satisfies number;
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
