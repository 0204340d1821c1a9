import { describe, expect, test } from 'vitest';
import { aggregate, event, repository, t, uuidV7 } from '@leftfold/core';
import type { CommandOptions } from '@leftfold/core';
import { postgres } from '@leftfold/postgres';
import { poolerOptions, testLog } from './fresh-log.ts';

const opened = event('bank.account.opened', { owner: t.string() });
const account = aggregate('bank.account', { events: { opened }, initial: () => ({ owner: '' }) })
  .evolve({ opened: (_, { owner }) => ({ owner }) })
  .decide({
    open: ({ owner }, input: { readonly owner: string }, { id, uuid }) => ({
      events: owner === '' ? [opened(input)] : [],
      result: { id, drawn: uuid(), was: owner },
    }),
  });

describe('a command with an idempotency key', () => {
  test('sent a hundred times at once, from two processes, is one append with a hundred equal answers', async () => {
    const { pool, storage, connect } = await testLog();
    const accounts = [storage.store, postgres({ ...poolerOptions, pool }).store].map((store) =>
      repository(account, store),
    );
    const call = (n: number): Promise<{ readonly result: unknown; readonly replayed: boolean }> =>
      accounts[n % 2]!.open('one', { owner: 'ada' }, { idempotencyKey: 'k' });
    const receipts = await Promise.all(Array.from({ length: 100 }, (_, n) => call(n)));

    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(receipts.map(({ result }) => JSON.stringify(result))).size).toBe(1);
    const { rows } = await (await connect()).query('select count(*)::int as events from leftfold.events');
    expect(rows).toEqual([{ events: 1 }]);
  });

  test('costs no statement more than one without, neither the first time nor the second', async () => {
    const { pool, storage } = await testLog({ notifications: false });
    const accounts = repository(account, storage.store);
    let statements = 0;
    const connect = pool.connect.bind(pool) as () => Promise<import('pg').PoolClient>;
    pool.connect = (async () => {
      const client = await connect();
      const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
      client.query = ((...args: readonly unknown[]) => (statements++, query(...args))) as typeof client.query;
      const release = client.release.bind(client);
      client.release = (destroy) => {
        client.query = query as typeof client.query;
        client.release = release;
        release(destroy);
      };
      return client;
    }) as typeof pool.connect;
    const costOf = async (id: string, options: CommandOptions = {}): Promise<number> => {
      statements = 0;
      await accounts.open(id, { owner: 'ada' }, options);
      return statements;
    };
    await costOf(uuidV7());

    const plain = await costOf(uuidV7());
    const idempotencyKey = uuidV7();
    expect(await costOf('keyed', { idempotencyKey })).toBe(plain);
    // What it costs to hear of the first answer: the refused append, and reading it.
    expect(await costOf('keyed', { idempotencyKey })).toBe(plain + 1);
  });

  test('stores the answer of a decision without events, and gives it again', async () => {
    const { storage } = await testLog();
    const accounts = repository(account, storage.store);
    await accounts.open('one', { owner: 'ada' });
    const first = await accounts.open('one', { owner: 'bob' }, { idempotencyKey: 'k' });
    const second = await accounts.open('one', { owner: 'bob' }, { idempotencyKey: 'k' });
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second).toMatchObject({ result: first.result, version: 1n });
  });

  test('is refused with another input, and with another entity that was there before', async () => {
    const { storage } = await testLog();
    const accounts = repository(account, storage.store);
    await accounts.open('one', { owner: 'ada' });
    await accounts.open('two', { owner: 'ada' });
    await accounts.open('one', { owner: 'bob' }, { idempotencyKey: 'k' });
    for (const [id, owner] of [
      ['one', 'eve'],
      ['two', 'bob'],
    ] as const) {
      await expect(accounts.open(id, { owner }, { idempotencyKey: 'k' })).rejects.toMatchObject({
        code: 'LF_IDEMPOTENCY_KEY_REUSED',
      });
    }
  });
});
