import { aggregate, aggregateRoot, decideAcross, event, repository, t, type EventStore } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { expect, test } from 'vitest';

const noted = event('bank.account.noted', { text: t.string() });
const released = event('bank.account.flagged', { by: t.string() });
/** The same type in the next release. */
const flagged = event('bank.account.flagged', { by: t.string() }, { retired: true });
const accountOf = (type: typeof released) =>
  aggregate('bank.account', { events: { noted, flagged: type }, initial: (): readonly string[] => [] })
    .evolve({ noted: (seen, { text }) => [...seen, text], flagged: (seen, { by }) => [...seen, `flagged by ${by}`] })
    .decide({
      note: (_seen, text: string) => [noted({ text })],
      flag: (_seen, by: string) => [noted({ text: 'before' }), type({ by })],
    });
const account = accountOf(flagged);
class Account extends aggregateRoot(account) {
  flag(by: string): void {
    this.record(noted({ text: 'before' }), flagged({ by }));
  }
}

/** Says when anything is appended. */
function watched(): { readonly store: EventStore; readonly appends: readonly unknown[] } {
  const { store } = memory();
  const appends: unknown[] = [];
  const append: EventStore['append'] = (...args) => (appends.push(args), store.append(...args));
  return { store: { read: store.read.bind(store), append, reply: store.reply.bind(store) }, appends };
}

test('an event of a retired type is read as ever, and the stream goes on', async () => {
  const { store } = memory();
  await repository(accountOf(released), store).flag('1', 'Ann');
  const accounts = repository(account, store);
  await accounts.note('1', 'after');
  expect((await accounts.load('1')).state).toEqual(['before', 'flagged by Ann', 'after']);
});

test.each<[string, (store: EventStore) => Promise<unknown>]>([
  ['a decision', (store) => repository(account, store).flag('1', 'Ann')],
  ['a class', (store) => repository(Account, store).transact('1', (root) => root.flag('Ann'))],
  [
    'a decision over several',
    (store) => decideAcross(store, { one: account.ref('1') }, () => ({ one: [flagged({ by: 'Ann' })] })),
  ],
])('%s that records one is refused before anything is sent to the store', async (_, command) => {
  const { store, appends } = watched();
  await expect(command(store)).rejects.toMatchObject({ code: 'LF_EVENT_RETIRED', retryable: false });
  expect(appends).toEqual([]);
});
