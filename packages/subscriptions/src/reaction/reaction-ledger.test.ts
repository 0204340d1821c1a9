import { expect, test } from 'vitest';
import { doneIn, reactionLedger } from './reaction-ledger.ts';
import type { Cursor } from '../source.ts';

const source = { name: 'log' };
const here = 'log/1/7' as Cursor;
const done = new Map([['/shop.order-o1', 9n]]);

test('what is done beyond a place is read back as it was written', () => {
  const ledger = reactionLedger(source, here, done);
  expect(doneIn({ cursor: here, ledger })).toEqual(done);
  expect(doneIn({ cursor: here, ledger: reactionLedger(source, here) })).toEqual(new Map());
  expect(doneIn({ cursor: 'start', ledger: null })).toEqual(new Map());
});
test('R13 beside a cursor that was carried over to a later generation it says nothing: its versions may be those of other events', () => {
  const ledger = reactionLedger(source, here, done);
  expect(doneIn({ cursor: 'log/2/7' as Cursor, ledger })).toEqual(new Map());
});
