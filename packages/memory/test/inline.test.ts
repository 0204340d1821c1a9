import { memory } from '@leftfold/memory';
import { expect, test } from 'vitest';
import { append, customerTotals, orderList, paid, placed } from './shop.ts';

test('appends that begin while another one is folded wait for their turn: versions are dense, and rows have all of them', async () => {
  const storage = memory({ inline: [customerTotals, orderList] });
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  const cents = Array.from({ length: 20 }, (_, n) => n);
  await Promise.all(cents.map((n) => append(storage.store, 'o1', [paid({ customer: 'ann', cents: n })])));
  const rows = storage.readModels.reader([orderList.rowTable, customerTotals.rowTable]);
  expect(rows.one('order_list', 'o1')).toMatchObject({ steps: ['placed', ...cents].join(' ') });
  expect(rows.one('customer_totals', 'ann')).toMatchObject({ orders: 1, cents: 190 });
});
