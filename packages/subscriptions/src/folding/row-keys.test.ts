import { expect, test } from 'vitest';
import { paid, paidOrder, placed, placedOrder } from '../../test/orders.ts';
import type { RowHandler } from '../projection/row-handler.ts';
import { rowKeys } from './row-keys.ts';

const event = paidOrder('o1', 1, 5, 'c1').event;
const route = (by: RowHandler['by'], on: RowHandler['on'] = paid): RowHandler => ({ verb: 'delete', on, by });

test('without a route the row is that of the stream', () => {
  expect(rowKeys(route(undefined), event)).toEqual(['o1']);
});
test('a field, a function and several keys name rows, each once', () => {
  expect(rowKeys(route('customerId'), event)).toEqual(['c1']);
  expect(
    rowKeys(
      route(({ stream }) => stream.id),
      event,
    ),
  ).toEqual(['shop.order-o1']);
  expect(
    rowKeys(
      route(() => ['b', 'a', 'b']),
      event,
    ),
  ).toEqual(['b', 'a']);
  expect(
    rowKeys(
      route(() => []),
      event,
    ),
  ).toEqual([]);
});
test.each([
  ['a number', () => 7],
  ['nothing', () => undefined],
  ['a list with something else', () => ['a', null]],
])('a route that answers %s names no row', (_, by) => {
  expect(rowKeys(route(by), event)).toBeUndefined();
});
test('a function does not see personal fields', () => {
  const { event: whole } = placedOrder('o1');
  expect(whole.data).toHaveProperty('shipTo');
  expect(
    rowKeys(
      route(({ data }) => Object.keys(data as object), placed),
      whole,
    ),
  ).toEqual(['orderId', 'customerId', 'total']);
});
