import { event, t, type AnyEventType } from '@leftfold/core';
import { expect, test } from 'vitest';
import { cancelled, customers, orders, paid, placed } from '../../test/orders.ts';
import { projection } from './projection.ts';

const row = { id: t.string(), n: t.int() };
const INVALID: unknown = expect.objectContaining({ code: 'LF_PROJECTION_INVALID' });
/** As a caller without types sees it. */
type Untyped = { readonly [verb: string]: (on: AnyEventType, ...rest: readonly unknown[]) => unknown };
const untyped = (made: unknown): Untyped => made as Untyped;

test('a projection says all a storage needs to make its table', () => {
  expect(orders.rowTable).toMatchObject({
    projection: 'order-list',
    version: 1,
    name: 'order_list',
    key: 'order_id',
    order: 'stream',
    indexes: [['placed_at']],
  });
  expect(Object.keys(orders.rowTable.columns)).toEqual(['order_id', 'total', 'paid_cents', 'placed_at']);
  expect(customers.rowTable.order).toBe('any');
});
test('a projection knows what it does for each type it handles', () => {
  expect([...orders.handlers].map(([type, { verb }]) => [type, verb])).toEqual([
    ['shop.order.placed', 'insert'],
    ['shop.order.paid', 'update'],
    ['shop.order.cancelled', 'delete'],
  ]);
  expect(customers.handlers.get('shop.order.paid')).toMatchObject({ verb: 'upsert', by: 'customerId' });
});
test('each verb answers a new value and leaves the one it was called on as it was', () => {
  const empty = projection('p', { version: 1, key: 'id', row });
  const one = empty.delete(cancelled);
  expect(empty.handlers.size).toBe(0);
  expect(one.handlers.size).toBe(1);
  expect(Object.isFrozen(one)).toBe(true);
});

test.each(['Orders', 'order_list', '-x', 'x-', 'a--b', '1a', '', 'é', 'a'.repeat(49)])(
  'the name %j is refused, since tables and checkpoints are named by it',
  (name) => {
    expect(() => projection(name, { version: 1, key: 'id', row })).toThrow(INVALID);
  },
);
test('the name of the relay is refused: the two would have one cursor', () => {
  expect(() => projection('relay', { version: 1, key: 'id', row })).toThrow(INVALID);
});
test.each([0, -1, 1.5, Number.NaN, 10_000])('the version %s is refused', (version) => {
  expect(() => projection('p', { version, key: 'id', row })).toThrow(INVALID);
});
test.each(['_version', 'Id', '1st', 'a-b', 'a b', 'é', '', 'a'.repeat(64)])('the column %j is refused', (column) => {
  expect(() => projection('p', { version: 1, key: 'id', row: { ...row, [column]: t.int() } })).toThrow(INVALID);
});
test('a key or an index that is no column is refused', () => {
  expect(() => projection('p', { version: 1, key: 'nope' as 'id', row })).toThrow(INVALID);
  expect(() => projection('p', { version: 1, key: 'toString' as 'id', row })).toThrow(INVALID);
  expect(() => projection('p', { version: 1, key: 'id', row, indexes: [['n'], ['nope' as 'n']] })).toThrow(INVALID);
  expect(() => projection('p', { version: 1, key: 'id', row, indexes: [[]] })).toThrow(INVALID);
});
test('a type that is handled already is refused, also under another verb', () => {
  expect(() => orders.delete(placed)).toThrow(INVALID);
});
test('two types that have a name in common, present or former, are refused', () => {
  const renamed = event('shop.order.settled', { orderId: t.string() }, { aliases: ['shop.order.paid'] });
  const other = event(
    'shop.order.closed',
    { orderId: t.string() },
    { aliases: ['shop.order.ended', 'shop.order.settled'] },
  );
  const empty = projection('p', { version: 1, key: 'id', row });
  for (const [first, second] of [
    [paid, renamed],
    [renamed, paid],
    [renamed, other],
    [other, renamed],
  ] as const)
    expect(() => empty.delete(first).delete(second)).toThrow(
      expect.objectContaining({ code: 'LF_EVENT_NAME_DUPLICATE' }),
    );
  expect(empty.delete(other).delete(paid).handlers.size).toBe(2);
});
test('what does not compile is refused at run time, too', () => {
  const stream = untyped(projection('p', { version: 1, key: 'id', row }));
  const any = untyped(projection('p', { version: 1, key: 'id', row, order: 'any' }));
  const fold = (): object => ({ id: '', n: 0 });
  expect(() => stream['upsert']?.(paid, { by: 'customerId' }, fold)).toThrow(INVALID);
  expect(() => stream['insert']?.(paid)).toThrow(INVALID);
  expect(() => any['insert']?.(paid, { by: 'customerId' }, fold)).toThrow(INVALID);
  expect(() => any['update']?.(paid, { by: 'customerId' }, fold)).toThrow(INVALID);
  expect(() => any['upsert']?.(paid, fold)).toThrow(INVALID);
  expect(() => any['delete']?.(placed, { by: 'shipTo' })).toThrow(INVALID);
  expect(() => projection('p', { version: 1, key: 'id', row, order: 'log' as 'any' })).toThrow(INVALID);
});
test('personal data is no key of a row and no route, also for callers without types', () => {
  const email = t.personal(t.string(), { erasedAs: '' });
  const keyed = (column: t.AnySchema) => () =>
    projection('p', { version: 1, key: 'id' as never, row: { id: column, n: t.int() } });
  expect(keyed(t.string())).not.toThrow();
  expect(keyed(email)).toThrow(/its key 'id' is personal/);
  expect(keyed(t.nullable(email))).toThrow(INVALID);
  const any = untyped(projection('p', { version: 1, key: 'id', row, order: 'any' }));
  expect(() => any['upsert']?.(placed, { by: 'shipTo' }, () => ({ id: '', n: 0 }))).toThrow(/'shipTo' is personal/);
});
