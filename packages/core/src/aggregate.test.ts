import { expect, test } from 'vitest';
import { aggregate, event, streamRef, t } from './index.ts';

const opened = event('bank.account.opened', { owner: t.string() });
const deposited = event('bank.account.deposited', { cents: t.integer() });
const closed = event('bank.account.closed', {});
const account = aggregate('bank.account', {
  events: { opened, deposited },
  initial: () => ({ owner: '', cents: 0 }),
}).evolve({
  opened: (state, { owner }) => ({ ...state, owner }),
  deposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
});
const code = (of: string): unknown => expect.objectContaining({ code: of });

test('events are folded in order, from the beginning or from a state', () => {
  const events = [opened({ owner: 'Ann' }), deposited({ cents: 5 }), deposited({ cents: 2 })];
  expect(account.fold(events)).toEqual({ owner: 'Ann', cents: 7 });
  expect(account.fold(events.slice(2), { owner: 'Bob', cents: 100 })).toEqual({ owner: 'Bob', cents: 102 });
  expect(account.fold([])).toEqual(account.initial());
});
test('an event of another aggregate is refused, not left out: the state would lack it', () => {
  expect(() => account.evolve(account.initial(), closed({}) as never)).toThrow(code('LF_EVENT_FOREIGN'));
});
test('the stream of an entity is named after the category', () => {
  expect(account.stream('a-1', 'north')).toEqual(streamRef('bank.account', 'a-1', 'north'));
});
test('two events of one wire name are refused: one would be folded as the other', () => {
  const again = event('bank.account.opened', { name: t.string() });
  expect(() => aggregate('bank.account', { events: { opened, again }, initial: () => 0 })).toThrow(
    code('LF_EVENT_NAME_DUPLICATE'),
  );
});
test.each(['load', 'transact', 'history', 'aggregate'])(
  'a decision named %s is refused: the repository has a method of that name',
  (name) => {
    expect(() => account.decide({ [name]: () => [] })).toThrow(code('LF_DECISION_NAME_RESERVED'));
  },
);
test('decisions are added to a value of its own', () => {
  const decider = account.decide({ close: () => [] });
  expect(account).not.toHaveProperty('decisions');
  expect(decider.decisions.close()).toEqual([]);
  expect(decider.fold([opened({ owner: 'Ann' })])).toEqual({ owner: 'Ann', cents: 0 });
});
