import { t } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cancelled, customers, orders, paid, paidOrder, placed, placedOrder, recorded } from '../../test/orders.ts';
import { foldBatch, planFold, type FoldEvent } from './fold-batch.ts';
import { projection, type FoldedProjection } from '../projection/projection.ts';
import type { KeptRow, RowChange } from '../read-models.ts';

const NEVER: KeptRow = { row: null, streamVersion: 0n };
const AT = new Date('2026-01-02T03:04:05.678Z');
const ORDER_ROW = { order_id: 'o1', total: { cents: '500', currency: 'EUR' }, paid_cents: 0, placed_at: AT };

/** Rows by key, as a storage keeps them between batches. */
function folding(definition: FoldedProjection): {
  readonly apply: (events: readonly FoldEvent[]) => readonly RowChange[];
  rows: Map<string, KeptRow>;
} {
  const rows = new Map<string, KeptRow>();
  return {
    rows,
    apply: (events) => {
      const plan = planFold(definition, events);
      const changes = foldBatch(
        plan,
        plan.keys.map(({ tenant, key }) => rows.get(`${tenant}/${key}`) ?? NEVER),
      );
      for (const { tenant, key, row, streamVersion } of changes) rows.set(`${tenant}/${key}`, { row, streamVersion });
      return changes;
    },
  };
}
const fault = (code: string, more: object = {}): unknown => expect.objectContaining({ code, ...more });

test('a batch asks for each row once and leaves out what is not handled', () => {
  const events = [
    placedOrder('o1'),
    paidOrder('o1', 2, 5),
    placedOrder('o2'),
    recorded(cancelled, 'o3', 1, { orderId: 'o3' }),
  ];
  expect(planFold(orders, events).keys.map(({ key }) => key)).toEqual(['o1', 'o2', 'o3']);
  expect(planFold(customers, events).keys.map(({ key }) => key)).toEqual(['c1']);
});
test('the same key of two tenants is two rows', () => {
  const of = (tenant: string): FoldEvent => recorded(cancelled, 'o1', 1, { orderId: 'o1' }, tenant);
  expect(planFold(orders, [of(''), of('acme'), of('acme')]).keys).toEqual([
    { tenant: '', key: 'o1' },
    { tenant: 'acme', key: 'o1' },
  ]);
});
test('events are folded in order over what is kept, and only rows that changed are answered', () => {
  const { apply } = folding(orders);
  expect(apply([placedOrder('o1'), paidOrder('o1', 2, 300), paidOrder('o1', 3, 200)])).toEqual([
    { tenant: '', key: 'o1', row: { ...ORDER_ROW, paid_cents: 500 }, streamVersion: 3n, existed: false },
  ]);
  expect(apply([paidOrder('o1', 4, 1)])).toMatchObject([{ row: { paid_cents: 501 }, existed: true }]);
  expect(apply([paidOrder('o1', 4, 1)])).toEqual([]);
});

test('insert on a row that is there is a fault that names projection, event and stream', () => {
  const { apply } = folding(orders);
  apply([placedOrder('o1')]);
  expect(() => apply([placedOrder('o1', 'c1', 2)])).toThrow(
    fault('LF_ROW_EXISTS', {
      projection: 'order-list',
      eventId: 'event-o1-2',
      eventType: 'shop.order.placed',
      stream: 'shop.order-o1',
      streamVersion: 2n,
      retryable: false,
    }),
  );
});
test('update of a row that is not there is a fault', () => {
  expect(() => folding(orders).apply([paidOrder('o1', 2, 5)])).toThrow(fault('LF_ROW_MISSING'));
});
test('events at or below the version of their row are skipped, so the same may come again from any source', () => {
  const { apply, rows } = folding(orders);
  apply([placedOrder('o1'), paidOrder('o1', 2, 300)]);
  const before = new Map(rows);
  expect(apply([placedOrder('o1'), paidOrder('o1', 2, 300)])).toEqual([]);
  expect(rows).toEqual(before);
});
test('a deleted row leaves its version behind, so its events do not bring it back', () => {
  const { apply } = folding(orders);
  const gone = recorded(cancelled, 'o1', 2, { orderId: 'o1' });
  expect(apply([placedOrder('o1'), gone])).toEqual([
    { tenant: '', key: 'o1', row: null, streamVersion: 2n, existed: false },
  ]);
  expect(apply([placedOrder('o1'), gone])).toEqual([]);
  expect(apply([placedOrder('o1', 'c1', 3)])).toMatchObject([{ row: ORDER_ROW, streamVersion: 3n }]);
});

test('rows of several streams are folded by every event, whatever the version of its stream', () => {
  const { apply } = folding(customers);
  const changes = apply([placedOrder('o1'), placedOrder('o2'), paidOrder('o2', 2, 7), paidOrder('o1', 2, 3)]);
  expect(changes).toEqual([
    { tenant: '', key: 'c1', row: { customer_id: 'c1', orders: 2, paid_cents: 10 }, streamVersion: 0n, existed: false },
  ]);
});
test('a route may name several rows, or none', () => {
  const both = projection('p', { version: 1, key: 'id', row: { id: t.string(), n: t.int() }, order: 'any' }).upsert(
    paid,
    { by: ({ data }) => (data.cents === 0 ? [] : [data.orderId, data.customerId, data.orderId]) },
    (row, { data }) => ({ id: row?.id ?? (row === undefined && data.cents === 1 ? 'c1' : data.orderId), n: 1 }),
  );
  expect(planFold(both, [paidOrder('o1', 1, 5)]).keys.map(({ key }) => key)).toEqual(['o1', 'c1']);
  expect(planFold(both, [paidOrder('o1', 1, 0)])).toMatchObject({ keys: [], steps: [] });
  expect(() => folding(both).apply([paidOrder('o1', 1, 5)])).toThrow(fault('LF_ROW_KEY_CHANGED'));
});
test('a fold is told which row it makes, so rows that are not there yet can be made of an event that fans out', () => {
  const shared = projection('shared', {
    version: 1,
    key: 'name',
    row: { name: t.string(), payments: t.int() },
    order: 'any',
  }).upsert(paid, { by: ({ stream }) => ['all', `order ${stream.key}`] }, (row, _, name) => ({
    name,
    payments: (row?.payments ?? 0) + 1,
  }));
  const { apply } = folding(shared);
  const made = apply([paidOrder('o1', 2, 300), paidOrder('o2', 2, 200)]);
  expect(made.map(({ row }) => row)).toEqual([
    { name: 'all', payments: 2 },
    { name: 'order o1', payments: 1 },
    { name: 'order o2', payments: 1 },
  ]);
});
test('deleting rows of several streams touches only those that are there', () => {
  const left = projection('p', { version: 1, key: 'id', row: { id: t.string() }, order: 'any' })
    .upsert(placed, { by: 'orderId' }, (_, { data }) => ({ id: data.orderId }))
    .delete(cancelled, { by: 'orderId' });
  const gone = recorded(cancelled, 'o1', 2, { orderId: 'o1' });
  expect(folding(left).apply([gone])).toEqual([]);
  expect(folding(left).apply([placedOrder('o1'), gone])).toEqual([]);
  const { apply } = folding(left);
  apply([placedOrder('o1')]);
  expect(apply([gone])).toEqual([{ tenant: '', key: 'o1', row: null, streamVersion: 0n, existed: true }]);
});
test('a route sees no personal data', () => {
  const seen: object[] = [];
  const spying = projection('p', { version: 1, key: 'id', row: { id: t.string() }, order: 'any' }).delete(placed, {
    by: ({ data }) => {
      seen.push(data);
      return data.orderId;
    },
  });
  planFold(spying, [placedOrder('o1')]);
  expect(seen.map((data) => Object.keys(data))).toEqual([['orderId', 'customerId', 'total']]);
});
test.each([undefined, null, 5, ['o1', null], [['o1']]])('a route that answers %j is a fault', (answer) => {
  const lost = projection('p', { version: 1, key: 'id', row: { id: t.string() }, order: 'any' }).delete(paid, {
    by: () => answer as unknown as string,
  });
  expect(() => planFold(lost, [paidOrder('o1', 1, 5)])).toThrow(fault('LF_ROW_KEY_INVALID'));
});

/** A projection with one column of each kind, whose fold answers what it is told. */
const Tags = t.array(t.string());
const answering = (answer: unknown): FoldedProjection =>
  projection('p', {
    version: 1,
    key: 'id',
    row: {
      id: t.string(),
      n: t.integer({ max: 10 }),
      at: t.nullable(t.timestampMillis()),
      price: t.decimal(9, 2),
      tags: Tags,
      total: t.nullable(Money),
    },
  }).insert(paid, () => answer as never);
const Money = t.record('Money', { cents: t.integer() });
const GOOD = { id: 'o1', n: 1, at: AT, price: '1.5', tags: ['a'], total: { cents: '5' } };

test('a row is settled as a database gives it back, so a fold sees the same within a batch and after it', () => {
  const [change] = folding(answering({ ...GOOD, n: -0, total: { cents: '5', more: true } })).apply([
    paidOrder('o1', 1, 5),
  ]);
  expect(change?.row).toStrictEqual({ ...GOOD, n: 0, price: '1.50' });
  expect(change?.row?.['at']).not.toBe(AT);
});
test('constraints are not checked: a fold must be able to keep what an old event said', () => {
  expect(folding(answering({ ...GOOD, n: 11 })).apply([paidOrder('o1', 1, 5)])).toHaveLength(1);
});
test.each([
  ['n', { ...GOOD, n: 1.5 }],
  ['n', { ...GOOD, n: '1' }],
  ['n', { ...GOOD, n: undefined }],
  ['n', { id: 'o1' }],
  ['at', { ...GOOD, at: AT.toISOString() }],
  ['price', { ...GOOD, price: '1.555' }],
  ['id', { ...GOOD, id: 'a\0b' }],
  ['tags', { ...GOOD, tags: [1] }],
  ['total', { ...GOOD, total: { cents: 5n } }],
  ['more', { ...GOOD, more: 1 }],
  ['', null],
  ['', 'row'],
  ['', Promise.resolve(GOOD)],
])('a row that does not fit is a fault at its column (%s)', (path, answer) => {
  expect(() => folding(answering(answer)).apply([paidOrder('o1', 1, 5)])).toThrow(fault('LF_ROW_INVALID', { path }));
});
test('a fold that throws what has no text is a fault like any other', () => {
  const odd = projection('odd', { version: 1, key: 'id', row: { id: t.string() } }).upsert(paid, () => {
    throw Object.create(null) as Error;
  });
  expect(() => folding(odd).apply([paidOrder('o1', 1, 5)])).toThrow(fault('LF_FOLD_FAILED'));
});
test('a fold that throws is a fault that keeps its cause', () => {
  const cause = new RangeError('too much');
  const failing = projection('p', { version: 1, key: 'id', row: { id: t.string() } }).upsert(paid, () => {
    throw cause;
  });
  expect(() => folding(failing).apply([paidOrder('o1', 1, 5)])).toThrow(fault('LF_FOLD_FAILED', { cause }));
});
test('a fold that writes into its row or its event throws: it would make what others see depend on it', () => {
  const meddling = projection('p', { version: 1, key: 'id', row: { id: t.string(), n: t.int() } })
    .insert(placed, ({ data }) => ({ id: data.orderId, n: 0 }))
    .update(paid, (row) => {
      (row as { n: number }).n += 1;
      return row;
    });
  expect(() => folding(meddling).apply([placedOrder('o1'), paidOrder('o1', 2, 5)])).toThrow(fault('LF_FOLD_FAILED'));
});

test('however a history is cut into batches, and whatever of it comes again, the rows are the same', () => {
  const history = fc.array(
    fc.record({ order: fc.constantFrom('o1', 'o2', 'o3'), what: fc.constantFrom('pay', 'cancel'), cents: fc.nat(99) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(history, fc.array(fc.nat(30)), fc.nat(5), (steps, cuts, again) => {
      const versions = new Map<string, number>();
      const isThere = new Set<string>();
      const events = steps.map(({ order, what, cents }): FoldEvent => {
        const version = (versions.get(order) ?? 0) + 1;
        versions.set(order, version);
        if (!isThere.has(order)) {
          isThere.add(order);
          return placedOrder(order, 'c1', version);
        }
        if (what === 'pay') return paidOrder(order, version, cents);
        isThere.delete(order);
        return recorded(cancelled, order, version, { orderId: order });
      });
      const whole = folding(orders);
      whole.apply(events);
      const cut = folding(orders);
      const ends = [...new Set(cuts.filter((at) => at < events.length)), events.length].sort((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        cut.apply(events.slice(Math.max(0, from - again), end));
        from = end;
      }
      expect(cut.rows).toEqual(whole.rows);
    }),
  );
});
