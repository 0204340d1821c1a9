import { t, type StreamVersion } from '@leftfold/core';
import { postgres, sqlProjection, within, type PgClient, type PgPool } from '@leftfold/postgres';
import { projection } from '@leftfold/subscriptions';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';
import {
  accountList,
  append,
  closed,
  foldOfLog,
  movedLater,
  moved,
  opened,
  ownerTotals,
  rowsIn,
  seen,
  to,
} from './inline-scene.ts';

const inline = [ownerTotals, accountList];
const ann = { owner: 'ann' };

test('rows are there when an append is answered: one stream, several, with reply and keys, and are the fold of the log', async () => {
  const { pool, storage } = await testLog({ inline });
  const { store } = storage;
  await append(store, to('a', [opened(ann), moved({ ...ann, cents: 3 })]));
  await append(store, [to('b', [opened(ann), seen({})]), to('c', [opened({ owner: 'bob' })], 'absent')], {
    reply: { tenant: '', key: 'r', requestHash: 'h', reply: '1', keepMs: 60_000 },
  });
  await append(store, [to('b', [moved({ ...ann, cents: 4 })]), to('a', [closed(ann)])], {
    keys: [{ stream: to('b', []).stream, change: 'reserve', key: ['k', 'v'] }],
  });
  const rows = await rowsIn(pool);
  expect(rows.accounts).toMatchObject([{ account: 'b', lines: 'opened 4' }, { account: 'c' }]);
  expect(rows.owners).toMatchObject([
    { owner: 'ann', events: 4, cents: 7 },
    { owner: 'bob', events: 1 },
  ]);
  expect(rows).toEqual(await foldOfLog(pool, storage));
});

test('what is refused, answered before or appended already changes no row', async () => {
  const { pool, storage, open } = await testLog({ inline });
  const { store } = storage;
  const reply = { tenant: '', key: 'r', requestHash: 'h', reply: '1', keepMs: 60_000 };
  const key = { stream: to('a', []).stream, change: 'reserve' as const, key: ['k', 'v'] as const };
  const first = to('a', [opened(ann), moved({ ...ann, cents: 3 })], 'absent');
  await append(store, first, { reply, keys: [key] });
  const rows = await rowsIn(pool);
  const more = [moved({ ...ann, cents: 1 })];

  expect(await append(store, to('a', more, 9n as StreamVersion))).toBe('conflict');
  expect(await append(store, [to('a', more), to('b', [opened(ann)], 'present')])).toBe('conflict');
  expect(await append(store, to('a', more), { reply })).toBe('replied');
  expect(await append(store, to('b', [opened(ann)]), { keys: [{ ...key, stream: to('b', []).stream }] })).toBe('taken');
  const again = await open({ inline }).store.append([first]);
  expect(again).toMatchObject({ kind: 'appended', already: true });
  expect(await rowsIn(pool)).toEqual(rows);
});

test('an event that cannot be folded is not appended, nor is anything of its call; it says which and why, and the stream goes on', async () => {
  const { pool, storage } = await testLog({ inline });
  const { store } = storage;
  await append(store, to('a', [opened(ann)]));
  const before = await rowsIn(pool);
  const refused = store.append([to('b', [opened(ann)]), to('a', [seen({}), opened(ann)])], {
    keys: [{ stream: to('a', []).stream, change: 'reserve', key: ['k', 'v'] }],
  });
  await expect(refused).rejects.toMatchObject({
    code: 'LF_INLINE_REFUSED',
    retryable: false,
    projection: 'account-list',
    projectionVersion: 1,
    cause: { code: 'LF_ROW_EXISTS', stream: 'inline.account-a', streamVersion: 3n },
  });
  expect(await rowsIn(pool)).toEqual(before);
  expect((await pool.query('select from leftfold.events')).rowCount).toBe(1);
  expect((await pool.query('select from leftfold.unique_keys')).rowCount).toBe(0);
  expect(await append(store, to('a', [moved({ ...ann, cents: 1 })], 1n as StreamVersion))).toBe('appended');
});

test('a value that the table refuses refuses the append in the same way, and the connection is of further use', async () => {
  const { pool, storage } = await testLog({ inline: [accountList], pool: { max: 1 } });
  await append(storage.store, to('a', [opened(ann)]));
  await pool.query('alter table leftfold_account_list_v1.account_list add check (cents < 10)');
  const large = storage.store.append([to('a', [moved({ ...ann, cents: 10 })])]);
  await expect(large).rejects.toMatchObject({ code: 'LF_INLINE_REFUSED', cause: { code: '23514' } });
  expect(await append(storage.store, to('a', [moved({ ...ann, cents: 9 })]))).toBe('appended');
  expect((await rowsIn(pool, [accountList])).accounts).toMatchObject([{ cents: 9, _stream_version: 2n }]);
});

test('an event that a newer release wrote makes commands on its stream wait for that code: retryable, and nothing is written', async () => {
  const { storage, open } = await testLog();
  await append(storage.store, to('a', [opened(ann), movedLater({ ...ann, cents: 3, note: '' })]));
  const { store } = open({ inline: [accountList] });
  const waiting = store.append([to('a', [moved({ ...ann, cents: 1 })])]);
  await expect(waiting).rejects.toMatchObject({ code: 'LF_NEWER_EVENT', retryable: true });
  expect(await append(store, to('a', [seen({})], 2n as StreamVersion))).toBe('appended');
});

test('tenants have rows of their own', async () => {
  const { pool, storage } = await testLog({ inline });
  for (const tenant of ['x', 'y']) await append(storage.store, to('a', [opened({ owner: tenant })], 'absent', tenant));
  const { rows } = await pool.query('select _tenant, owner from leftfold_account_list_v1.account_list order by 1');
  expect(rows).toEqual([
    { _tenant: 'x', owner: 'x' },
    { _tenant: 'y', owner: 'y' },
  ]);
});

test('rows of one stream are fed by streams of one category: another one is refused, by whichever process', async () => {
  const { open } = await testLog();
  await append(open({ inline }).store, to('a', [opened(ann)]));
  const other = {
    ...to('b', [opened(ann)]),
    stream: { tenant: '', category: 'other', key: 'a', id: 'other-a' as never },
  };
  for (const { store } of [open({ inline }), open({ inline })]) {
    await expect(store.append([other])).rejects.toMatchObject({ code: 'LF_PROJECTION_INVALID' });
  }
});

const ownSql = sqlProjection('own-sql', { version: 1, order: 'any', create: async () => {} }).on(
  opened,
  async () => {},
);

test('one that is listed twice, or runs statements of its own, is LF_INLINE_INVALID', async () => {
  const { open } = await testLog();
  const invalid = expect.objectContaining({ code: 'LF_INLINE_INVALID' });
  expect(() => open({ inline: [accountList, accountList] })).toThrow(invalid);
  expect(() => open({ inline: [ownSql] })).toThrow(invalid);
});

/** Parsers as somebody may have them: none of them leaves a value alone, but for texts. */
const strange = {
  getTypeParser: (oid: number) => (oid === 25 || oid === 1043 ? (text: string) => text : () => new Date(0)),
} as never;

async function inTransactions(log: FreshLog, work: (tx: Parameters<typeof within>[0]) => Promise<void>): Promise<void> {
  const client = await log.connect();
  await client.query('begin');
  await work(client);
  await client.query('commit');
  const pool = new Pool({ connectionString: log.url, max: 2, types: strange });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
  onTestFinished(() => db.destroy());
  await db.transaction().execute(work);
}

test('in a transaction of the caller’s rows come and go with it; what is refused is undone alone', async () => {
  const log = await testLog({ inline });
  const { pool, storage } = log;
  let n = 0;
  await inTransactions(log, async (tx) => {
    n += 1;
    const store = within(tx, storage.store);
    expect(await append(store, to(`a${n}`, [opened(ann), moved({ ...ann, cents: 3 })]))).toBe('appended');
    await expect(store.append([to(`a${n}`, [opened(ann)])])).rejects.toMatchObject({ code: 'LF_INLINE_REFUSED' });
    expect(await append(store, to(`a${n}`, [seen({}), moved({ ...ann, cents: 4 })]))).toBe('appended');
    expect((await rowsIn(pool)).accounts).toHaveLength(n - 1);
  });
  const rows = await rowsIn(pool);
  expect(rows.accounts).toMatchObject([{ lines: 'opened 3 4' }, { lines: 'opened 3 4' }]);
  expect(rows).toEqual(await foldOfLog(pool, storage));

  const client = await log.connect();
  await client.query('begin');
  await append(storage.store.within(client), [to('a1', [moved({ ...ann, cents: 5 })]), to('b', [opened(ann)])]);
  await client.query('rollback');
  expect(await rowsIn(pool)).toEqual(rows);
});

test('what an append costs: five round trips with a projection, one more where rows have missed events, and one as ever for all others', async () => {
  const log = await testLog();
  const sent: string[] = [];
  const counting = countingPool(log.pool, sent);
  const options = { pool: counting, notifications: false };
  const { store } = postgres({ ...options, inline: [accountList] });
  const plain = postgres(options).store;
  const costs = async (call: Promise<unknown>): Promise<readonly string[]> => {
    sent.length = 0;
    await call;
    return sent.map((text) => /^\s*(\w+)/.exec(text)?.[1] ?? text);
  };
  // The first of a process asks for the log, its schemas and its tables.
  await store.append([to('a', [opened(ann), seen({})])]);
  await plain.append([to('b', [opened(ann), moved({ ...ann, cents: 0 }), seen({})])]);
  await store.append([to('a', [moved({ ...ann, cents: 1 })])]);

  const applied = ['begin', 'with', 'with', 'with', 'commit'];
  expect(await costs(store.append([to('a', [moved({ ...ann, cents: 1 })])]))).toEqual(applied);
  expect(await costs(store.append([to('c', [opened(ann)]), to('d', [opened(ann)])]))).toEqual(applied);
  expect(await costs(store.append([to('b', [moved({ ...ann, cents: 1 })])]))).toEqual([
    'begin',
    'with',
    'with',
    'select',
    'with',
    'commit',
  ]);
  expect(await costs(store.append([to('a', [seen({})])]))).toEqual(['with']);
  expect(await costs(plain.append([to('a', [moved({ ...ann, cents: 1 })])]))).toEqual(['with']);
});

function countingPool(pool: Pool, sent: string[]): PgPool {
  const wrappers = new WeakMap<object, PgClient>();
  return {
    connect: async () => {
      const client = await pool.connect();
      const wrapper: PgClient = wrappers.get(client) ?? {
        query: (query) => {
          sent.push(query.text);
          return client.query<never>(query as never);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      };
      wrappers.set(client, wrapper);
      return wrapper;
    },
  };
}

test('a fold sees an event inline exactly as it does later, from the log', async () => {
  const row = { id: t.string(), seen: t.string() };
  const everything = projection('everything', { version: 1, key: 'id', row }).upsert(moved, (before, one) => ({
    id: one.stream.key,
    seen: [
      before?.seen,
      JSON.stringify(one, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
    ].join('\n'),
  }));
  const { pool, storage } = await testLog({ inline: [everything] });
  const { store } = storage;
  const event = to('a', [moved({ owner: 'ä\n"', cents: -0 }), moved({ owner: '\u2028', cents: 2 ** 53 - 1 })]);
  const metadata = {
    correlationId: 'c',
    actor: 'x',
    effectiveAt: new Date('2026-01-02T03:04:05.678Z'),
    headers: { b: '1', a: 'ÿ' },
  };
  await store.append([{ ...event, events: event.events.map((one) => ({ ...one, metadata })) }]);
  const inlined = await pool.query('select * from leftfold_everything_v1.everything');
  await pool.query('truncate leftfold_everything_v1.everything');
  // It is behind by all of it now.
  await store.append([{ ...to('a', [moved({ owner: 'x', cents: 0 })]) }]);
  const later = await pool.query('select * from leftfold_everything_v1.everything');
  const lines = (text: string): readonly string[] => text.split('\n').slice(0, 3);
  expect(lines(later.rows[0].seen)).toEqual(lines(inlined.rows[0].seen));
});
