import type { Snapshots, StateSnapshot } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { expect, test } from 'vitest';
import { snapshotCases, snapshotTransactionCases } from './snapshot-cases.ts';

/** What keeps the last one saved under a name, whatever it is. */
function keeping(nameOf: (...of: Parameters<Snapshots['find']>) => string): Snapshots {
  const kept = new Map<string, StateSnapshot>();
  return {
    find: async (...of) => kept.get(nameOf(...of)),
    save: async (stream, key, snapshot) => void kept.set(nameOf(stream, key), snapshot),
  };
}
const right = (): Snapshots => memory().store.snapshots as Snapshots;

/** Snapshots that break one promise each, and the case that must see it. */
const BREAKS: { readonly [name: string]: readonly [() => Snapshots, string] } = {
  'an earlier one takes the place of a later one': [
    () => keeping(({ tenant, id }, key) => JSON.stringify([tenant, id, key])),
    'a later snapshot takes the place of an earlier one, an earlier one never that of a later',
  ],
  'the tenant is no part of the key': [
    () => {
      const inner = right();
      return {
        find: (stream, key, options) => inner.find({ ...stream, tenant: '' }, key, options),
        save: (stream, key, snapshot) => inner.save({ ...stream, tenant: '' }, key, snapshot),
      };
    },
    'L13 another stream, another tenant and another key have snapshots of their own',
  ],
  'all folds share one': [
    () => {
      const inner = right();
      return {
        find: (stream, _, options) => inner.find(stream, '', options),
        save: (stream, _, snapshot) => inner.save(stream, '', snapshot),
      };
    },
    'L13 another stream, another tenant and another key have snapshots of their own',
  ],
  'the text is parsed on its way': [
    () => {
      const inner = right();
      const parsed = (state: string): string => JSON.stringify(JSON.parse(state));
      return {
        find: (...of) => inner.find(...of),
        save: (stream, key, snapshot) => inner.save(stream, key, { ...snapshot, state: parsed(snapshot.state) }),
      };
    },
    'a snapshot is found as it was saved, whatever its text, and beside a stream that is not there',
  ],
  'the first of one version stays': [
    () => {
      const inner = right();
      return {
        find: (...of) => inner.find(...of),
        save: async (stream, key, snapshot) => {
          if ((await inner.find(stream, key))?.version !== snapshot.version) await inner.save(stream, key, snapshot);
        },
      };
    },
    'of two snapshots at one version the one saved last is found: a restored log has another event there',
  ],
  'the signal is not looked at': [
    () => {
      const inner = right();
      return { find: (stream, key) => inner.find(stream, key), save: (...of) => inner.save(...of) };
    },
    'an aborted search for a snapshot rejects with the signal’s reason',
  ],
};

test.each(Object.entries(BREAKS))('it is seen that %s', async (_, [broken, title]) => {
  const inner = memory().store;
  const snapshots = broken();
  const store = {
    read: inner.read.bind(inner),
    append: inner.append.bind(inner),
    reply: inner.reply.bind(inner),
    snapshots,
  };
  const found = snapshotCases(async () => store).find((one) => one.title === title);
  await expect(found?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});
test('it is seen that there are snapshots inside a caller’s transaction, and that a store keeps none undeclared', async () => {
  const { store } = memory();
  const [within] = snapshotTransactionCases((work) => work(store));
  await expect(within?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  const none = snapshotCases(async () => ({ ...store, snapshots: undefined }) as never);
  await expect(none[1]?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
});
