import { t } from '@leftfold/core';
import type { Cursor, Lane, ModelTransaction, Row, RowTable } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { memory } from './memory.ts';
import type { MemoryStorage } from './memory.ts';

const table: RowTable = {
  projection: 'things',
  version: 1,
  name: 'things',
  columns: { id: t.string(), tags: t.array(t.string()) },
  key: 'id',
  order: 'any',
  indexes: [],
};
let owners = 0;
async function transaction<T>(
  { checkpoints, readModels }: MemoryStorage,
  work: (tx: ModelTransaction) => Promise<T>,
): Promise<T> {
  const follower = { name: `owner ${++owners}`, version: 1 };
  const claim = await checkpoints.claim(follower, '0' as Lane, { owner: 'o', leaseMs: 1_000, respectLease: false });
  return readModels.transaction(claim as NonNullable<typeof claim>, { from: 'start', to: 'moved' as Cursor }, work);
}
const put = (storage: MemoryStorage, key: string, row: Row | null, tenant = '') =>
  transaction(storage, (tx) => tx.write(table, [{ tenant, key, row, streamVersion: 0n, existed: row === null }]));
async function prepared(): Promise<MemoryStorage> {
  const storage = memory();
  await storage.readModels.prepare(table);
  return storage;
}

test('a reader sees the committed rows of one tenant, by key', async () => {
  const storage = await prepared();
  const rows = storage.readModels.reader([table]);
  await put(storage, 'b', { id: 'b', tags: [] });
  await put(storage, 'a', { id: 'a', tags: [] });
  await put(storage, 'a', { id: 'a', tags: ['other'] }, 'tenant');
  expect(rows.all('things').map((row) => row['id'])).toEqual(['a', 'b']);
  expect(rows.one('things', 'a', 'tenant')).toEqual({ id: 'a', tags: ['other'] });
  await transaction(storage, async (tx) => {
    await tx.write(table, [{ tenant: '', key: 'c', row: { id: 'c', tags: [] }, streamVersion: 0n, existed: false }]);
    expect(rows.one('things', 'c')).toBeUndefined();
  });
  expect(rows.one('things', 'c')).toBeDefined();
  await put(storage, 'c', null);
  expect(rows.all('things')).toHaveLength(2);
});

test('a table that nobody prepared is LF_ROW_TABLE_MISSING, for queries and for transactions', async () => {
  const storage = memory();
  const missing = { code: 'LF_ROW_TABLE_MISSING' };
  expect(() => storage.readModels.reader([table]).all('things')).toThrow(expect.objectContaining(missing));
  expect(() => storage.readModels.reader([]).one('things', 'a')).toThrow(expect.objectContaining(missing));
  await expect(transaction(storage, (tx) => tx.read(table, [], { lock: false }))).rejects.toMatchObject(missing);
});

test('a fold that changes the row it was given throws', async () => {
  const storage = await prepared();
  await put(storage, 'a', { id: 'a', tags: ['x'] });
  await transaction(storage, async (tx) => {
    const [kept] = await tx.read(table, [{ tenant: '', key: 'a' }], { lock: true });
    const row = kept?.row as { id: string; tags: string[] };
    expect(() => (row.id = 'b')).toThrow(TypeError);
    expect(() => row.tags.push('y')).toThrow(TypeError);
  });
});

test('transactions and claims take turns, in the order they were asked for', async () => {
  const storage = await prepared();
  const { checkpoints } = storage;
  const order: string[] = [];
  const first = transaction(storage, async () => {
    order.push('first begins');
    await new Promise((resolve) => setImmediate(resolve));
    order.push('first ends');
  });
  const claim = { owner: 'o', leaseMs: 1_000, respectLease: false };
  const claimed = checkpoints.claim({ name: 'x', version: 1 }, '0' as Lane, claim).then(() => order.push('claimed'));
  const failing = transaction(storage, async () => {
    throw new Error('failed');
  }).catch(() => order.push('failed'));
  const last = transaction(storage, async () => order.push('last'));
  await Promise.all([first, claimed, failing, last]);
  expect(order.indexOf('first ends')).toBe(order.indexOf('first begins') + 1);
  expect(order.toSorted()).toEqual(['claimed', 'failed', 'first begins', 'first ends', 'last']);
});
