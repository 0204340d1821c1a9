import { event, t } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { park, projection, retry, stop } from '@leftfold/subscriptions';
import { describe, expect, test } from 'vitest';
import { projectionSpec } from './projection-spec.ts';
import { inStream } from './spec-records.ts';

const placed = event('shop.order.placed', { orderId: t.string(), customerId: t.string(), cents: t.integer() }).version(
  2,
  { orderId: t.string(), customerId: t.string(), total: t.record('Money', { cents: t.integer() }) },
  { up: ({ cents, ...order }) => ({ ...order, total: { cents } }) },
);
const paid = event('shop.order.paid', { orderId: t.string(), customerId: t.string(), cents: t.integer() });
const cancelled = event('shop.order.cancelled', { orderId: t.string() });
const noted = event('shop.note', { text: t.string() });

const orders = projection('order-list', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.string(), cents: t.integer(), paid_cents: t.integer(), placed_at: t.timestampMillis() },
})
  .insert(placed, ({ data, recordedAt }) => ({
    order_id: data.orderId,
    cents: data.total.cents,
    paid_cents: 0,
    placed_at: recordedAt,
  }))
  .update(paid, (row, { data }) => ({ paid_cents: row.paid_cents + data.cents }))
  .delete(cancelled)
  .upsert(noted, (row) => row ?? { order_id: 'n', cents: 0, paid_cents: 0, placed_at: new Date(0) });

const totals = projection('customer-totals', {
  version: 1,
  key: 'customer_id',
  row: { customer_id: t.string(), orders: t.int(), paid_cents: t.integer() },
  order: 'any',
})
  .upsert(placed, { by: 'customerId' }, (row, { data }) => ({
    customer_id: data.customerId,
    orders: (row?.orders ?? 0) + 1,
    paid_cents: row?.paid_cents ?? 0,
  }))
  .upsert(paid, { by: 'customerId' }, (row, { data }) => ({
    customer_id: data.customerId,
    orders: row?.orders ?? 0,
    paid_cents: (row?.paid_cents ?? 0) + data.cents,
  }));

/** Keeps what arrived last, not what happened last: not the same in every order. */
const lastPaid = projection('last-paid', {
  version: 1,
  key: 'customer_id',
  row: { customer_id: t.string(), cents: t.integer() },
  order: 'any',
}).upsert(paid, { by: 'customerId' }, (_, { data }) => ({ customer_id: data.customerId, cents: data.cents }));

const order = (orderId: string, cents = 500, customerId = 'c') => placed({ orderId, customerId, total: { cents } });
const payment = (orderId: string, cents: number, customerId = 'c') => paid({ orderId, customerId, cents });
const failureOf = (check: Promise<void>): Promise<Error & { code?: string }> =>
  check.then(
    () => expect.unreachable('the spec held'),
    (error: unknown) => error as Error & { code?: string },
  );

test('an event that was written before its type was renamed is given under its former name', async () => {
  const ordered = event('store.sale.ordered', { orderId: t.string() });
  const renamed = event('shop.order.placed', { orderId: t.string() }, { aliases: ['store.sale.ordered'] });
  const list = projection('renamed', {
    version: 1,
    key: 'order_id',
    row: { order_id: t.string(), type: t.string() },
  }).upsert(renamed, (_, { data, type }) => ({ order_id: data.orderId, type }));
  // The types know the present name alone.
  const former = ordered({ orderId: '1' }) as never;
  await projectionSpec(list)
    .given(former, renamed({ orderId: '2' }))
    .permuted()
    .thenRows([
      { order_id: '1', type: 'shop.order.placed' },
      { order_id: '2', type: 'shop.order.placed' },
    ]);
});

describe('a spec that holds', () => {
  test('rows of one stream, in given order and in any other', () =>
    projectionSpec(orders)
      .given(order('1'), order('2', 700), payment('1', 200), payment('1', 300), payment('2', 1))
      .permuted()
      .thenRow({ order_id: '1' }, { cents: 500, paid_cents: 500, placed_at: new Date(0) })
      .thenRow({ order_id: '2' }, { paid_cents: 1, placed_at: new Date(1000) })
      .thenRow({ order_id: '3' }, null)
      .thenRow({ cents: 700 }, { order_id: '2' }));
  test('rows that many streams feed, in any order of streams, with crashes', () =>
    projectionSpec(totals)
      .given(order('1'), payment('1', 200), order('2'), payment('2', 1), order('3', 1, 'd'))
      .permuted({ runs: 200 })
      .thenRows([
        { customer_id: 'd', orders: 1, paid_cents: 0 },
        { customer_id: 'c', orders: 2, paid_cents: 201 },
      ]));
  test('old versions go through their upcasters', () =>
    projectionSpec(orders)
      .given(placed.at(1, { orderId: '1', customerId: 'c', cents: 7 }))
      .thenRow({ order_id: '1' }, { cents: 7 }));
  test('a deleted row is gone, and comes back by no repetition', () =>
    projectionSpec(orders)
      .given(order('1'), cancelled({ orderId: '1' }))
      .permuted({ runs: 100 })
      .thenRows([]));
  test('a chain goes on with more events', () =>
    projectionSpec(totals)
      .given(order('1'))
      .thenRow({ customer_id: 'c' }, { orders: 1 })
      .given(order('2'))
      .thenRow({ customer_id: 'c' }, { orders: 2 }));
  test('a stream that its events do not name', () =>
    projectionSpec(orders)
      .given(inStream('n', noted({ text: 'x' }), noted({ text: 'y' })))
      .thenRow({ order_id: 'n' }, {}));
  test('on a storage of the user’s, side by side', async () => {
    const storage = memory();
    const spec = projectionSpec(totals, { on: storage }).given(order('1'), order('2'));
    await Promise.all([1, 2].map(() => spec.permuted({ runs: 5 }).thenRow({ customer_id: 'c' }, { orders: 2 })));
  });
});

describe('a spec that does not hold says why', () => {
  test('other columns, no row, a row too many', async () => {
    const spec = projectionSpec(orders).given(order('1'));
    const other = await failureOf(spec.thenRow({ order_id: '1' }, { cents: 501 }));
    expect(other.code).toBe('ERR_ASSERTION');
    expect(other.message).toContain('the row with {"order_id":"1"} has other columns');
    expect(other.message).toContain('+   cents: 500');
    const none = await failureOf(spec.thenRow({ order_id: '2' }, {}));
    expect(none.message).toBe('there is no row with {"order_id":"2"}, among 1 rows');
    expect((await failureOf(spec.thenRow({ order_id: '1' }, null))).message).toContain('there is a row with');
    expect((await failureOf(spec.thenRows([]))).message).toContain('other rows');
  });
  test('the first check of a chain that fails is the one told', async () => {
    const chain = projectionSpec(orders)
      .given(order('1'))
      .thenRow({ order_id: '2' }, {})
      .thenRow({ order_id: '3' }, {});
    expect((await failureOf(chain)).message).toContain('{"order_id":"2"}');
  });
  test('a fault where rows were expected, another fault, none', async () => {
    const missing = projectionSpec(orders).given(payment('1', 5));
    await missing.thenFault('LF_ROW_MISSING');
    expect((await failureOf(missing.thenRow({ order_id: '1' }, null))).message).toContain('LF_ROW_MISSING');
    expect((await failureOf(missing.thenFault('LF_ROW_EXISTS'))).message).toContain('another code');
    const fine = projectionSpec(orders).given(order('1'));
    expect((await failureOf(fine.thenFault('LF_ROW_EXISTS'))).message).toBe(
      'it was to stop with LF_ROW_EXISTS, but made 1 rows',
    );
    await projectionSpec(orders).given(order('1'), order('1')).thenFault('LF_ROW_EXISTS');
  });
  test('folds that do not commute, with a seed that shows it again', async () => {
    const spec = projectionSpec(lastPaid).given(payment('1', 1), payment('2', 2), payment('3', 3));
    await spec.thenRow({ customer_id: 'c' }, { cents: 3 });
    const failure = await failureOf(spec.permuted().thenRow({ customer_id: 'c' }, { cents: 3 }));
    expect(failure.message).toMatch(/^other rows with permuted\(\{ seed: \d+, runs: 1 \}\), as .*\[.*paid 1#1/);
    const [seed] = /\d+/.exec(failure.message) ?? [];
    const again = await failureOf(spec.permuted({ seed: Number(seed), runs: 1 }).thenRow({ customer_id: 'c' }, {}));
    expect(again.message).toBe(failure.message);
  });
  test('a fold that counts for itself', async () => {
    let count = 0;
    const counting = projection('counting', {
      version: 1,
      key: 'customer_id',
      row: { customer_id: t.string(), n: t.int() },
      order: 'any',
    }).upsert(paid, { by: 'customerId' }, (_, { data }) => ({ customer_id: data.customerId, n: ++count }));
    const failure = await failureOf(
      projectionSpec(counting).given(payment('1', 1)).permuted().thenRow({ customer_id: 'c' }, { n: 1 }),
    );
    expect(failure.message).toContain('other rows with permuted');
  });
  test('an event whose stream cannot be told, and one that is not handled', async () => {
    const untold = await failureOf(
      projectionSpec(orders)
        .given(noted({ text: 'x' }))
        .thenRows([]),
    );
    expect(untold.message).toContain(
      "given shop.note: it has no field shopId or orderId that tells its stream; say given(inStream('…', event))",
    );
    const foreign = await failureOf(
      projectionSpec(lastPaid)
        .given(order('1') as never)
        .thenRows([]),
    );
    expect(foreign.message).toBe('given shop.order.placed: it is none of shop.order.paid');
  });
});

describe('what cannot be applied', () => {
  /** Nothing above ninety can be booked. */
  const strict = (order: 'stream' | 'any', recovery = {}) =>
    order === 'stream'
      ? projection('strict', { version: 1, key: 'id', row: { id: t.string(), cents: t.integer() }, recovery }).upsert(
          paid,
          (row, { data, stream }) => ({ id: stream.key, cents: book(row?.cents, data.cents) }),
        )
      : projection('strict', {
          version: 1,
          key: 'id',
          row: { id: t.string(), cents: t.integer() },
          order: 'any',
          recovery,
        }).upsert(paid, { by: 'customerId' }, (row, { data }) => ({
          id: data.customerId,
          cents: book(row?.cents, data.cents),
        }));
  const book = (before = 0, cents: number): number => {
    if (cents > 90) throw new RangeError(`cannot book ${cents}`);
    return before + cents;
  };
  const given = [
    payment('1', 1),
    payment('2', 2),
    payment('1', 99),
    payment('1', 3),
    payment('2', 4),
    payment('3', 5, 'd'),
  ];

  test('C6 it is parked with all that follows of its key, and the others are applied, in any order', () =>
    projectionSpec(strict('stream'))
      .given(...given)
      .permuted()
      .thenParked('LF_FOLD_FAILED', '1')
      .thenRow({ id: '1' }, { cents: 1 })
      .thenRow({ id: '2' }, { cents: 6 })
      .thenRow({ id: '3' }, { cents: 5 }));
  test('C6 where streams share rows its key is the row', () =>
    projectionSpec(strict('any'))
      .given(...given)
      .thenParked('LF_FOLD_FAILED', 'c')
      .thenRows([
        { id: 'c', cents: 3 },
        { id: 'd', cents: 5 },
      ]));
  test('a spec does not wait for repetitions: the last step of the policy is taken at once', async () => {
    const patient = retry({ times: 100, backoffMs: 60_000, then: 'park' });
    await projectionSpec(strict('stream', { live: patient }))
      .given(payment('1', 99))
      .thenParked('LF_FOLD_FAILED');
    const [stopped, parked] = [stop(), park()].map((live) =>
      projectionSpec(strict('stream', { live })).given(payment('1', 99)),
    );
    await parked?.thenFault('LF_FOLD_FAILED');
    await stopped?.thenFault('LF_FOLD_FAILED');
    const failure = await failureOf(stopped?.thenParked('LF_FOLD_FAILED') ?? Promise.resolve());
    expect(failure.message).toMatch(/^it was to park a key with LF_FOLD_FAILED, but stopped with LF_FOLD_FAILED: /);
  });
  test('a spec that expects rows, another code, or another key says what was parked', async () => {
    const spec = projectionSpec(strict('stream')).given(...given);
    expect((await failureOf(spec.thenRow({ id: '2' }, {}))).message).toMatch(
      /^it parked 1 with LF_FOLD_FAILED: .*cannot book 99/,
    );
    expect((await failureOf(spec.thenParked('LF_ROW_MISSING'))).message).toContain('it parked with another code');
    expect((await failureOf(spec.thenParked('LF_FOLD_FAILED', '1', '2'))).message).toContain('it parked other keys');
    const sound = projectionSpec(strict('stream')).given(payment('1', 1));
    expect((await failureOf(sound.thenParked('LF_FOLD_FAILED'))).message).toBe(
      'it was to park a key with LF_FOLD_FAILED, but made 1 rows',
    );
  });
});
