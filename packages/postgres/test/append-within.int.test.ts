import { aggregate, event, repository, t } from '@leftfold/core';
import type { EventStore, StreamAppend, StreamRef, StreamVersion } from '@leftfold/core';
import { within, type PgTransaction } from '@leftfold/postgres';
import { conformanceTopic, eventStoreConformance, newEvents, newStream, readIds, readStream } from '@leftfold/testing';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { Pool, type Client, type CustomTypesConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freshLog, testLog, type FreshLog } from './fresh-log.ts';

const one = (stream: StreamRef, expect: StreamAppend['expect'] = 'any', count = 1): StreamAppend => ({
  stream,
  expect,
  events: newEvents(count),
});

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ topic: conformanceTopic });
});
afterAll(() => log.end());

/** Parsers as somebody may have them: none of them leaves a value alone, but for texts. */
const strange: CustomTypesConfig = {
  getTypeParser: (oid: number) => (oid === 25 || oid === 1043 ? (text: string) => text : () => new Date(0)),
};

/** A Kysely of the user's own, which renames columns, on a pool with parsers of its own. */
function ownKysely({ url }: FreshLog): Kysely<unknown> {
  const pool = new Pool({ connectionString: url, max: 4, types: strange });
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
}

describe('in a transaction of Kysely’s, with its own plugins and parsers:', () => {
  let db: Kysely<unknown>;
  beforeAll(() => {
    db = ownKysely(log);
  });
  afterAll(() => db.destroy());
  const harness = { store: () => log.storage.store };
  const outside = eventStoreConformance({ ...harness, capabilities: { transactions: false, replyExpiry: false } });
  const inside = eventStoreConformance({
    ...harness,
    capabilities: {
      transactions: (work) => db.transaction().execute((trx) => work(log.storage.store.within(trx))),
      replyExpiry: false,
    },
  });
  const titles = new Set(outside.map(({ title }) => title));
  for (const { title, run } of inside.filter(({ title }) => !titles.has(title))) test(title, run);

  test('the first call of a process, too', async () => {
    const fresh = await testLog();
    const own = ownKysely(fresh);
    onTestFinished(() => own.destroy());
    const stream = newStream();
    const events = newEvents(600);
    await own.transaction().execute(async (trx) => {
      const store = fresh.storage.store.within(trx);
      await store.append([{ stream, expect: 'absent', events }]);
      const read = await readStream(store, stream);
      expect(read).toEqual(await readStream(fresh.storage.store.within(trx), stream));
      expect(read.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    });
    const before = Date.now();
    for (const { recordedAt } of await readStream(fresh.storage.store, stream)) {
      expect(Math.abs(recordedAt.getTime() - before)).toBeLessThan(60_000);
    }
  });

  test('a controlled transaction works as well', async () => {
    const stream = newStream();
    const trx = await db.startTransaction().execute();
    await log.storage.store.within(trx).append([one(stream)]);
    await trx.rollback().execute();
    expect(await readIds(log.storage.store, stream)).toEqual([]);
  });

  test('a Kysely that is no transaction is LF_NOT_IN_TRANSACTION', () => {
    expect(() => log.storage.store.within(db)).toThrow(
      expect.objectContaining({ code: 'LF_NOT_IN_TRANSACTION', retryable: false }),
    );
  });
});

async function begin(how = 'begin'): Promise<{ readonly client: Client; readonly store: EventStore }> {
  const client = await log.connect();
  await client.query(how);
  return { client, store: log.storage.store.within(client) };
}

test("what a client's own parsers make of columns does not matter", async () => {
  const pool = new Pool({ connectionString: log.url, types: strange });
  onTestFinished(() => pool.end());
  const client = await pool.connect();
  await client.query('begin');
  const stream = newStream();
  const store = log.storage.store.within(client);
  const outcome = await store.append([one(stream, 'absent', 2)], {
    reply: { tenant: '', key: stream.key, requestHash: 'h', reply: '{"a": 1}', keepMs: 60_000 },
  });
  expect(outcome).toMatchObject({ kind: 'appended', versions: [2n] });
  expect(await store.reply({ tenant: '', key: stream.key })).toMatchObject({ versions: [2n], reply: '{"a": 1}' });
  const read = await readStream(store, stream);
  await client.query('commit');
  client.release();
  expect(read).toEqual(await readStream(log.storage.store, stream));
});

test('a client on which BEGIN was not sent is LF_NOT_IN_TRANSACTION, and nothing is written', async () => {
  const client = await log.connect();
  const stream = newStream();
  const append = log.storage.store.within(client).append([one(stream)]);
  await expect(append).rejects.toMatchObject({
    code: 'LF_NOT_IN_TRANSACTION',
    retryable: false,
    message: expect.stringContaining('BEGIN'),
  });
  expect(await readIds(log.storage.store, stream)).toEqual([]);
});

test('a transaction that was aborted before is LF_TRANSACTION_ABORTED for whatever is asked of the store', async () => {
  const { client, store } = await begin();
  const stream = newStream();
  await client.query('select 1 / 0').catch(() => undefined);
  const aborted = {
    code: 'LF_TRANSACTION_ABORTED',
    retryable: false,
    message: expect.stringContaining('roll it back'),
  };
  await expect(store.append([one(stream)])).rejects.toMatchObject(aborted);
  await expect(readIds(store, stream)).rejects.toMatchObject(aborted);
  await expect(store.reply({ tenant: '', key: 'k' })).rejects.toMatchObject(aborted);
  await client.query('rollback');
});

test.each(['repeatable read', 'serializable'])(
  'L12 at %s what others did meanwhile is LF_SERIALIZATION, told once and not sent again; the transaction goes on',
  async (level) => {
    const { client, store } = await begin(`begin isolation level ${level}`);
    await client.query('select count(*) from leftfold.streams');
    const [changed, key] = [newStream(), ['k', newStream().key] as const];
    const holder = newStream();
    await log.storage.store.append([one(changed)], { keys: [{ stream: holder, change: 'reserve', key }] });
    const lost = { code: 'LF_SERIALIZATION', retryable: true };
    for (const expectation of ['absent', 'any'] as const) {
      await expect(store.append([one(changed, expectation)])).rejects.toMatchObject(lost);
    }
    const own = newStream();
    await expect(store.append([], { keys: [{ stream: own, change: 'reserve', key }] })).rejects.toMatchObject(lost);
    expect(await store.append([one(own, 'absent')])).toMatchObject({ kind: 'appended' });
    await client.query('commit');
    expect(await readIds(log.storage.store, own)).toHaveLength(1);
    expect(await readIds(log.storage.store, changed)).toHaveLength(1);
  },
);

test('what the transaction did behind a savepoint of its own named leftfold still stands', async () => {
  const { client, store } = await begin();
  const [kept, dropped] = [newStream(), newStream()];
  await store.append([one(kept, 'absent')]);
  await client.query('savepoint leftfold');
  await store.append([one(dropped, 'absent')]);
  await expect(store.append([one(dropped, 'absent')])).rejects.toMatchObject({ code: 'LF_CONFLICT' });
  await client.query('rollback to savepoint leftfold');
  await client.query('commit');
  expect(await readIds(log.storage.store, kept)).toHaveLength(1);
  expect(await readIds(log.storage.store, dropped)).toEqual([]);
});

test.each([0, 1, 2, 3, 4])(
  'of calls made at once in one transaction none undoes another one, wherever they meet (the other begins after %i reads)',
  async (reads) => {
    const { client, store } = await begin();
    const [appended, refused, holder] = [newStream(), newStream(), newStream()];
    const key = ['name', holder.key] as const;
    await store.append([one(holder)], { keys: [{ stream: holder, change: 'reserve', key }] });
    const other = async (): Promise<unknown> => {
      for (let i = 0; i < reads; i++) await readIds(store, holder);
      const again = log.storage.store.within(client);
      return again.append([one(refused)], { keys: [{ stream: refused, change: 'reserve', key }] });
    };
    const [first, second] = await Promise.allSettled([store.append([one(appended)]), other()]);
    await client.query('commit');
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ reason: { code: 'LF_UNIQUE_KEY_TAKEN' } });
    expect(await readIds(log.storage.store, appended)).toHaveLength(1);
    expect(await readIds(log.storage.store, refused)).toEqual([]);
  },
);

const added = event('within.counter.added', { by: t.int() });
const counter = aggregate('within.counter', {
  events: { added },
  initial: () => 0,
  refusals: { TOO_MUCH: 'too much' },
})
  .evolve({ added: (sum, { by }) => sum + by })
  .decide({
    add: (sum, by: number, { refuse }) => {
      if (sum + by > 100) throw refuse('TOO_MUCH');
      return [added({ by })];
    },
  });

describe('within(tx, repository)', () => {
  const withKysely = async (work: (tx: PgTransaction) => Promise<void>): Promise<void> => {
    const db = ownKysely(log);
    try {
      await db.transaction().execute(work);
    } finally {
      await db.destroy();
    }
  };
  const withClient = async (work: (tx: PgTransaction) => Promise<void>): Promise<void> => {
    const { client } = await begin();
    try {
      await work(client);
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
    await client.query('commit');
  };

  test.each([
    ['Kysely', withKysely],
    ['pg', withClient],
  ])('commands commit and roll back with the transaction of %s', async (_, run) => {
    const counters = repository(counter, log.storage.store);
    const { key: id } = newStream();
    await counters.add(id, 1);
    await run(async (tx) => {
      const inside = within(tx, counters);
      await inside.add(id, 10);
      expect((await inside.load(id)).state).toBe(11);
      expect((await counters.load(id)).state).toBe(1);
      await expect(inside.add(id, 100)).rejects.toMatchObject({ code: 'TOO_MUCH' });
    });
    expect(await counters.load(id)).toMatchObject({ state: 11, version: 2n });
    const stop = new Error('rolled back');
    await expect(
      run(async (tx) => {
        await within(tx, counters).add(id, 20);
        throw stop;
      }),
    ).rejects.toBe(stop);
    expect((await counters.load(id)).state).toBe(11);
  });

  test('an expected version that the stream does not have is LF_CONFLICT, and the transaction goes on', async () => {
    const counters = repository(counter, log.storage.store);
    const { key: id } = newStream();
    await withClient(async (tx) => {
      const inside = within(tx, counters);
      await inside.add(id, 1);
      await expect(inside.add(id, 1, { expect: 5n as StreamVersion })).rejects.toMatchObject({ code: 'LF_CONFLICT' });
      await inside.add(id, 1);
    });
    expect((await counters.load(id)).state).toBe(2);
  });

  test('a repository or a store that takes no transactions is LF_NOT_TRANSACTIONAL', async () => {
    const { client } = await begin();
    const { store: own } = log.storage;
    const store: EventStore = {
      read: (...args) => own.read(...args),
      append: (...args) => own.append(...args),
      reply: (...args) => own.reply(...args),
    };
    for (const target of [store, repository(counter, store)]) {
      expect(() => within(client, target)).toThrow(expect.objectContaining({ code: 'LF_NOT_TRANSACTIONAL' }));
    }
    await client.query('rollback');
  });

  test('a store within a transaction writes into it', async () => {
    const { client } = await begin();
    const stream = newStream();
    await within(client, log.storage.store).append([one(stream)]);
    await client.query('rollback');
    expect(await readIds(log.storage.store, stream)).toEqual([]);
  });
});
