import { conformanceTopic, eventStoreConformance, newEvents, newStream, readIds } from '@leftfold/testing';
import { postgres } from '@leftfold/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic, prepare: false, pool: { max: 4 } });
});
afterAll(() => log.end());

const suite = eventStoreConformance({
  store: () => log.storage.store,
  capabilities: { transactions: false, replyExpiry: false },
});
// One of each kind is enough: with prepare: false the texts are the same.
const KINDS = [
  /^L8 'absent' appends/,
  /several streams and answers/,
  /^a reply is stored with/,
  /^a key that a stream/,
  /backwards with a limit/,
];
for (const kind of KINDS) {
  const found = suite.find(({ title }) => kind.test(title));
  test(`with prepare: false ${found?.title}`, () => found?.run());
}

const preparedOn = async (pool: typeof log.pool): Promise<number> => {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  const counts = await Promise.all(
    clients.map((client) => client.query(`select name from pg_prepared_statements where name <> ''`)),
  );
  for (const client of clients) client.release();
  return counts.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
};

test('with prepare: false no connection keeps a prepared statement, otherwise they do', async () => {
  const stream = newStream();
  await Promise.all([1, 2, 3].map(() => log.storage.store.append([{ stream, expect: 'any', events: newEvents(1) }])));
  await readIds(log.storage.store, stream);
  expect(await preparedOn(log.pool)).toBe(0);
  await postgres({ pool: log.pool }).store.append([{ stream, expect: 'any', events: newEvents(1) }]);
  expect(await preparedOn(log.pool)).toBeGreaterThan(0);
});

/** What a pooler in transaction mode does: the next transaction may be on another server connection, which knows nothing of this one. */
test('nothing of an append or a read rests on what was done on the connection before', async () => {
  const stream = newStream();
  const { store } = log.storage;
  for (let i = 0; i < 3; i++) {
    await log.pool.query('discard all');
    await store.append([{ stream, expect: 'any', events: newEvents(1) }], {
      keys: [{ stream, change: 'reserve', key: ['k', stream.key] }],
      reply: { tenant: '', key: `${stream.key}${i}`, requestHash: 'h', reply: '1', keepMs: 60_000 },
    });
  }
  expect(await readIds(store, stream)).toHaveLength(3);
  const clients = await Promise.all(Array.from({ length: log.pool.totalCount }, () => log.pool.connect()));
  for (const client of clients) {
    const { rows } = await client.query(`select name, setting from pg_settings where source = 'session'`);
    expect(rows).toEqual([]);
    client.release();
  }
});
