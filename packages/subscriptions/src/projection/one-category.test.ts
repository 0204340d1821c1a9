import { expect, test } from 'vitest';
import { customers, orders } from '../../test/orders.ts';
import type { Checkpoint } from '../checkpoints.ts';
import { OneCategory } from './one-category.ts';
import { projectorLedger } from './source-moved.ts';
import type { Lane } from '../source.ts';

const REFUSED: unknown = expect.objectContaining({ code: 'LF_PROJECTION_INVALID' });
const saved = (category?: string): Checkpoint => ({
  lane: '0' as Lane,
  cursor: 'start',
  epoch: 1n,
  owner: 'a',
  ledger: projectorLedger({ name: 'log' }, category),
});

test('rows of one stream are fed by one category: of a second one, versions would be compared that have nothing to do with each other', () => {
  const categories = new OneCategory(orders);
  categories.check({ category: 'shop.order' });
  categories.check({ category: 'shop.order' });
  expect(() => categories.check({ category: 'loyalty.card' })).toThrow(REFUSED);
  expect(categories.category).toBe('shop.order');
});
test('the category that was saved counts, on whichever lane', () => {
  const categories = new OneCategory(orders);
  categories.recall([{ ...saved(), ledger: null }, saved(), saved('shop.order')]);
  expect(() => categories.check({ category: 'loyalty.card' })).toThrow(REFUSED);
});
test('rows of several streams are fed by any', () => {
  const categories = new OneCategory(customers);
  categories.check({ category: 'shop.order' });
  categories.check({ category: 'loyalty.card' });
  expect(categories.category).toBeUndefined();
});
