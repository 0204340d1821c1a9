import { setImmediate as turn } from 'node:timers/promises';
import { aggregate, decideAcross, event, repository, t } from '@leftfold/core';
import type { EventStore } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { describe, expect, test, vi } from 'vitest';
import { Aside } from './ledger.ts';

const placed = event('shop.order.placed', { quantity: t.int() });
const order = aggregate('shop.order', {
  events: { placed },
  initial: () => ({ quantity: 0 }),
  refusals: { ORDER_EXISTS: 'This order was placed before' },
}).evolve({ placed: ({ quantity }, more) => ({ quantity: quantity + more.quantity }) });

const received = event('shop.stock.received', { quantity: t.int() });
const reserved = event('shop.stock.reserved', { quantity: t.int({ min: 1 }) });
const stock = aggregate('shop.stock', {
  events: { received, reserved },
  initial: () => ({ available: 0 }),
  refusals: { OUT_OF_STOCK: 'Only {available} left' },
  snapshot: { every: 2, version: 1, state: t.record('StockState', { available: t.int() }) },
}).evolve({
  received: ({ available }, { quantity }) => ({ available: available + quantity }),
  reserved: ({ available }, { quantity }) => ({ available: available - quantity }),
});
const stocks = (store: EventStore) => repository(stock.decide({ receive: () => [received({ quantity: 10 })] }), store);

/** An order and its reservation, both or neither. */
const sell = (store: EventStore, orderId: string, quantity: number, options = {}) =>
  decideAcross(
    store,
    { order: order.ref(orderId), stock: stock.ref('sku') },
    (states, { refuse }) => {
      if (states.order.quantity > 0) throw refuse('ORDER_EXISTS');
      const { available } = states.stock;
      if (quantity > available) throw refuse('OUT_OF_STOCK', { available });
      return { order: [placed({ quantity })], stock: [reserved({ quantity })] };
    },
    options,
  );
async function inStock(): Promise<EventStore> {
  const { store } = memory();
  await stocks(store).receive('sku');
  return store;
}
const availableIn = async (store: EventStore): Promise<number> => (await stocks(store).load('sku')).state.available;

describe('a decision over several entities', () => {
  test('is recorded in one append, and answers with the version of each', async () => {
    const appends: number[] = [];
    const inner = await inStock();
    const store = new Aside(inner, {
      append: (of, options) => (appends.push(of.length), inner.append(of, options)),
    });
    const receipt = await sell(store, 'o-1', 3);
    expect(receipt).toMatchObject({ versions: { order: 1n, stock: 2n }, replayed: false });
    expect(receipt.token).not.toBe('');
    expect([appends, await availableIn(store)]).toEqual([[2], 7]);
  });
  test('that is refused by either of them writes nothing', async () => {
    const store = await inStock();
    await expect(sell(store, 'o-1', 11)).rejects.toMatchObject({ code: 'OUT_OF_STOCK', message: 'Only 10 left' });
    await sell(store, 'o-1', 1);
    await expect(sell(store, 'o-1', 1)).rejects.toMatchObject({ code: 'ORDER_EXISTS' });
    expect(await availableIn(store)).toBe(9);
  });
  test('with an event that does not fit writes nothing', async () => {
    const store = await inStock();
    await expect(sell(store, 'o-1', 0)).rejects.toMatchObject({ code: 'LF_EVENT_INVALID', path: 'quantity' });
    expect(await availableIn(store)).toBe(10);
  });
  test('is made anew on all states when any of the streams has moved', async () => {
    const inner = await inStock();
    const elsewhere = new Aside(inner);
    let races = 0;
    const store = new Aside(inner, {
      append: async (of, options) => {
        if (races++ < 2) await sell(elsewhere, `other-${races}`, 4);
        return inner.append(of, options);
      },
    });
    await expect(sell(store, 'o-1', 3)).rejects.toMatchObject({ code: 'OUT_OF_STOCK', details: { available: 2 } });
  });
  test('gives up after its attempts, and says over which streams', async () => {
    const inner = await inStock();
    const elsewhere = stocks(new Aside(inner));
    const store = new Aside(inner, {
      append: async (of, options) => {
        await elsewhere.receive('sku');
        return inner.append(of, options);
      },
    });
    await expect(sell(store, 'o-1', 1, { attempts: 2 })).rejects.toMatchObject({
      code: 'LF_CONCURRENCY_EXHAUSTED',
      attempts: 2,
      stream: 'shop.order-o-1, shop.stock-sku',
    });
  });
  test('without events is a success that writes nothing, and says where the streams stand', async () => {
    const store = await inStock();
    const nothing = await decideAcross(store, { b: stock.ref('sku'), a: order.ref('o-1') }, () => ({}));
    expect(nothing).toMatchObject({ versions: { a: 0n, b: 1n }, replayed: false });
  });
  test('of two hundred at once, in any order of names, each finds its turn, and none sells what is not there', async () => {
    const store = await inStock();
    const sales = Array.from({ length: 200 }, async (_, n) => {
      const entities = { order: order.ref(`o-${n % 20}`), stock: stock.ref('sku') };
      const turned = { stock: entities.stock, order: entities.order };
      return decideAcross(store, n % 2 ? entities : turned, (states) =>
        states.stock.available > 0 && states.order.quantity === 0
          ? { order: [placed({ quantity: 1 })], stock: [reserved({ quantity: 1 })] }
          : {},
      );
    });
    await Promise.all(sales);
    expect(await availableIn(store)).toBe(0);
  });
  test('takes its snapshots as commands do', async () => {
    const store = await inStock();
    await sell(store, 'o-1', 3);
    const key = stock.snapshot?.key ?? '';
    await vi.waitUntil(async () => (await store.snapshots?.find(stock.stream('sku'), key))?.version === 2n, {
      timeout: 20_000,
    });
    await sell(store, 'o-2', 3);
    await turn();
    expect(await availableIn(store)).toBe(4);
  });
  test('gets one clock, the same ids and the metadata in every attempt', async () => {
    const inner = await inStock();
    const elsewhere = stocks(new Aside(inner));
    let isFirst = true;
    const store = new Aside(inner, {
      append: async (of, options) => {
        if (isFirst) await elsewhere.receive('sku');
        isFirst = false;
        return inner.append(of, options);
      },
    });
    const seen: unknown[] = [];
    await decideAcross(
      store,
      { stock: stock.ref('sku') },
      (_, { now, uuid, metadata, roles }) => {
        seen.push([now.getTime(), uuid(), uuid(), metadata.actor, roles]);
        return { stock: [received({ quantity: 1 })] };
      },
      { context: () => ({ metadata: { actor: 'ann' }, roles: ['clerk'] }) },
    );
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({ 3: 'ann', 4: ['clerk'] });
  });
});

describe('an idempotency key of a decision over several entities', () => {
  const idempotencyKey = 'k-1';
  test('gets the first answer when it is repeated, also where the domain would refuse it now', async () => {
    const store = await inStock();
    const first = await sell(store, 'o-1', 3, { idempotencyKey });
    expect(await sell(store, 'o-1', 3, { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect(await availableIn(store)).toBe(7);
  });
  test('is refused for other entities', async () => {
    const store = await inStock();
    await sell(store, 'o-1', 3, { idempotencyKey });
    await expect(sell(store, 'o-2', 3, { idempotencyKey })).rejects.toMatchObject({
      code: 'LF_IDEMPOTENCY_KEY_REUSED',
    });
  });
});

describe('refused before anything is read', () => {
  test('one entity under two names', async () => {
    const { store } = memory();
    const twice = decideAcross(store, { a: order.ref('o-1'), b: order.ref('o-1') }, () => ({}));
    await expect(twice).rejects.toMatchObject({ code: 'LF_STREAM_REPEATED' });
  });
  test('an expected version, which would be of one stream', async () => {
    await expect(sell(memory().store, 'o-1', 1, { expect: 1n })).rejects.toMatchObject({ code: 'LF_OPTION_UNKNOWN' });
  });
  test.each([{ attempts: 0 }, { attempts: 21 }])('%j', async (options) => {
    await expect(sell(memory().store, 'o-1', 1, options)).rejects.toMatchObject({ code: 'LF_OPTION_OUT_OF_RANGE' });
  });
});
test('events for a name that is none of the entities are refused, not left out', async () => {
  const { store } = memory();
  const decided = decideAcross(store, { order: order.ref('o-1') }, () => ({ stock: [] }) as never);
  await expect(decided).rejects.toMatchObject({ code: 'LF_EVENT_FOREIGN' });
});
test('a decision that is a promise is refused', async () => {
  const decided = decideAcross(memory().store, { order: order.ref('o-1') }, (async () => ({})) as never);
  await expect(decided).rejects.toMatchObject({ code: 'LF_DECISION_ASYNC' });
});
