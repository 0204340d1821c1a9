import type { AppendOutcome, EventStore, StreamAppend, StreamRef, StreamVersion } from '@leftfold/core';
import { conformanceTopic, eventually, newEvents, newStream, readIds, readStream } from '@leftfold/testing';
import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { testLog, type FreshLog } from './fresh-log.ts';

const one = (stream: StreamRef, expect: StreamAppend['expect'] = 'any', count = 1): StreamAppend[] => [
  { stream, expect, events: newEvents(count) },
];
const version = (number: number): StreamVersion => BigInt(number) as StreamVersion;

async function begin(log: FreshLog, how = 'begin'): Promise<{ readonly client: Client; readonly store: EventStore }> {
  const client = await log.connect();
  await client.query(how);
  return { client, store: log.storage.store.within(client) };
}

/** Resolves when another connection waits for a lock of this database. */
/** Asked outside of any transaction: inside of one the server shows what it has shown before. */
const someoneWaits = ({ pool }: FreshLog): Promise<unknown> =>
  eventually(async () => {
    const sql = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return (await pool.query(sql)).rowCount === 1;
  });

test('L9 a refused append draws no position, whatever it expected', async () => {
  const { storage, pool } = await testLog();
  const [taken, absent] = [newStream(), newStream()];
  await storage.store.append(one(taken, 'absent', 2));
  const lastDrawn = async (): Promise<string> =>
    (await pool.query('select last_value from leftfold.position')).rows[0].last_value;
  const before = await lastDrawn();
  const reply = { tenant: '', key: taken.id, requestHash: 'h', reply: '1', keepMs: 60_000 };
  await storage.store.append([], { reply });

  const outcomes = await Promise.all([
    ...Array.from({ length: 30 }, () => storage.store.append(one(taken, 'absent'))),
    ...Array.from({ length: 30 }, () => storage.store.append(one(taken, version(1)))),
    ...Array.from({ length: 30 }, () => storage.store.append(one(absent, version(7)))),
    ...Array.from({ length: 30 }, () => storage.store.append(one(absent, 'present'))),
    ...Array.from({ length: 30 }, () => storage.store.append([...one(newStream(), 'any'), ...one(taken, 'absent')])),
    ...Array.from({ length: 30 }, () => storage.store.append(one(taken, 'any'), { reply })),
  ]);

  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['conflict', 'replied']));
  expect(await lastDrawn()).toBe(before);
});

test("L12 a stream's order is the order of its positions, also when a writer waited for one that wrote twice", async () => {
  const log = await testLog();
  const stream = newStream();
  const first = await begin(log);
  await first.store.append(one(stream));
  const waiting = log.storage.store.append(one(stream));
  await someoneWaits(log);
  await first.store.append(one(stream, 'any', 2));
  await first.client.query('commit');
  await waiting;

  const events = await readStream(log.storage.store, stream);

  expect(events.map(({ streamVersion }) => streamVersion)).toEqual([1n, 2n, 3n, 4n]);
  const positions = events.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
});

test('L12 what a savepoint took back is free again: versions stay dense', async () => {
  const log = await testLog();
  const stream = newStream();
  const { client, store } = await begin(log);
  await store.append(one(stream, 'absent', 2));
  for (let i = 0; i < 70; i++) {
    await client.query('savepoint s');
    await store.append(one(stream, version(2)));
    await client.query('rollback to s');
  }
  const last = await store.append(one(stream, version(2)));
  await client.query('commit');

  expect(last).toMatchObject({ kind: 'appended', versions: [3n] });
  expect(await readStream(log.storage.store, stream)).toHaveLength(3);
});

test.each(['repeatable read', 'serializable'])(
  'L12 at %s a stream that changed since the snapshot is LF_SERIALIZATION, never a wrong version',
  async (level) => {
    const log = await testLog();
    for (const expectation of ['any', 'present', version(1)] as const) {
      const stream = newStream();
      await log.storage.store.append(one(stream));
      const { client, store } = await begin(log, `begin isolation level ${level}`);
      await client.query('select count(*) from leftfold.streams');
      await log.storage.store.append(one(stream));
      await expect(store.append(one(stream, expectation))).rejects.toMatchObject({
        code: 'LF_SERIALIZATION',
        retryable: true,
      });
      await client.query('rollback');
      expect(await readStream(log.storage.store, stream)).toHaveLength(2);
    }
  },
);

test('groups that name the same streams in any order do not deadlock', async () => {
  const { storage } = await testLog();
  const streams = Array.from({ length: 6 }, () => newStream());
  await storage.store.append(one(streams[0] as StreamRef));
  let turn = 0;
  const shuffled = (): StreamAppend[] => {
    const from = turn++ % streams.length;
    const turned = [...streams.slice(from), ...streams.slice(0, from)];
    return (turn % 2 === 0 ? turned : turned.reverse()).slice(0, 4).flatMap((stream) => one(stream));
  };

  const outcomes = await Promise.all(
    Array.from({ length: 120 }, (_, i) =>
      storage.store.append(
        shuffled(),
        i % 3 === 0 ? { reply: { tenant: '', key: `k${i % 9}`, requestHash: 'h', reply: '1', keepMs: 60_000 } } : {},
      ),
    ),
  );

  const appended = outcomes.filter(({ kind }) => kind === 'appended');
  const lengths = await Promise.all(streams.map(async (stream) => (await readIds(storage.store, stream)).length));
  expect(appended).toHaveLength(80 + 3);
  expect(lengths.reduce((sum, length) => sum + length)).toBe(1 + 4 * appended.length);
});

test('a reply that is in the way and expires at that moment is overwritten, or the append is LF_SERIALIZATION and wrote nothing', async () => {
  const { storage, pool } = await testLog();
  const reply = { tenant: '', key: 'k', requestHash: 'h', reply: '1', keepMs: 1 };

  const outcomes = await Promise.all(
    Array.from({ length: 300 }, () =>
      storage.store
        .append(one(newStream(), 'absent'), { reply })
        .then(({ kind }): unknown => kind)
        .catch((error: unknown) => (error as { readonly code?: unknown }).code),
    ),
  );

  expect(['appended', 'replied', 'LF_SERIALIZATION']).toEqual(expect.arrayContaining([...new Set(outcomes)]));
  const written = outcomes.filter((outcome) => outcome === 'appended').length;
  expect((await pool.query('select count(*)::int as count from leftfold.events')).rows).toEqual([{ count: written }]);
});

test('a stream that another transaction holds is LF_LOCK_TIMEOUT after the time set on the connection', async () => {
  const log = await testLog({ pool: { options: '-c lock_timeout=50' } });
  const stream = newStream();
  const holder = await begin(log);
  await holder.store.append(one(stream));
  for (const appends of [one(stream), one(stream, 'absent'), [...one(stream), ...one(newStream())]]) {
    await expect(log.storage.store.append(appends)).rejects.toMatchObject({
      code: 'LF_LOCK_TIMEOUT',
      retryable: true,
      message: expect.stringContaining('store.within(tx)'),
    });
  }
  await holder.client.query('commit');
  expect(await log.storage.store.append(one(stream))).toMatchObject({ kind: 'appended', versions: [2n] });
});

test('where no lock_timeout is set an append waits 5 s at most, and leaves the connection as it was', async () => {
  const log = await testLog({ pool: { max: 1 } });
  await log.pool.query(`
    create table seen (lock_timeout text);
    create function see() returns trigger language plpgsql as $$
      begin insert into seen values (current_setting('lock_timeout')); return new; end $$;
    create trigger see before insert or update on leftfold.streams for each row execute function see()`);
  const stream = newStream();
  await log.storage.store.append(one(stream, 'absent'));
  await log.storage.store.append(one(stream, version(1)));
  await log.storage.store.append(one(stream, 'present'));
  await log.storage.store.append(one(stream, 'any'));
  await log.storage.store.append([...one(stream), ...one(newStream())]);

  expect(new Set((await log.pool.query('select * from seen')).rows.map((row) => row.lock_timeout))).toEqual(
    new Set(['5s']),
  );
  expect((await log.pool.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
});

test('an append above the limit is refused before anything is sent', async () => {
  const { storage } = await testLog({ limits: { appendEvents: 3 } });
  const [a, b] = [newStream(), newStream()];
  expect(await storage.store.append([...one(a, 'absent', 2), ...one(b)])).toMatchObject({ kind: 'appended' });
  const append = storage.store.append([...one(a, 'any', 2), ...one(b, 'any', 2)]);
  await expect(append).rejects.toMatchObject({ code: 'LF_APPEND_TOO_LARGE' });
  expect(await readIds(storage.store, a)).toHaveLength(2);
});

test('a thousand events in one append are written in order', async () => {
  const { storage } = await testLog();
  const stream = newStream();
  const events = newEvents(1_000);
  await storage.store.append([{ stream, expect: 'absent', events }]);
  expect(await readIds(storage.store, stream)).toEqual(events.map(({ id }) => id));
});

test('an aborted signal rejects before anything is sent, also while the pool has no connection free', async () => {
  const log = await testLog({ pool: { max: 1 } });
  const stream = newStream();
  const held = await log.pool.connect();
  const stop = new AbortController();
  const append = log.storage.store.append(one(stream), { signal: stop.signal });
  stop.abort(new Error('no more'));
  held.release();

  await expect(append).rejects.toThrow('no more');
  expect(await readIds(log.storage.store, stream)).toEqual([]);
  await expect.poll(() => log.pool.idleCount).toBe(1);
});

test('a schema met first in a transaction stays when that is rolled back', async () => {
  const log = await testLog();
  const stream = newStream();
  const { client, store } = await begin(log);
  await store.append(one(stream));
  await client.query('rollback');

  expect(await log.storage.store.append(one(stream, 'absent'))).toMatchObject({ kind: 'appended' });
  const { rows } = await log.pool.query(
    'select e.stream_id from leftfold.events e join leftfold.schemas s on s.id = e.schema_id',
  );
  expect(rows).toEqual([{ stream_id: stream.id }]);
});

test('a token names the transaction of its append, inside a transaction of the caller, too', async () => {
  const log = await testLog({ topic: conformanceTopic });
  const tokenOf = (outcome: AppendOutcome): readonly string[] =>
    outcome.kind === 'appended' ? outcome.token.split('.') : [];
  const { id } = await log.storage.log.identity();
  const { client, store } = await begin(log);
  const [stream, unpublished] = [newStream(), newStream('conformance.unpublished')];
  const inside = tokenOf(await store.append(one(stream)));
  const { xid } = (await client.query('select pg_current_xact_id()::text as xid')).rows[0];
  await client.query('commit');
  const outside = tokenOf(await log.storage.store.append([...one(stream), ...one(unpublished)]));

  expect(inside.slice(0, 3)).toEqual(['lf1', id, xid]);
  const hashOf = async (id: string): Promise<unknown> =>
    (await log.pool.query('select hash from leftfold.streams where stream_id = $1', [id])).rows[0].hash;
  // What is published nowhere has a place, too: whoever follows the log waits for it.
  expect(JSON.parse(Buffer.from(outside[3] ?? '', 'base64url').toString())).toEqual([
    ['conformance-thing', await hashOf(stream.id)],
    [null, await hashOf(unpublished.id)],
  ]);
  const seen = await log.pool.query('select xid::text, topic from leftfold.events order by position');
  expect(seen.rows.map((row) => row.xid)).toEqual([xid, outside[2], outside[2]]);
});

test('an append that holds no events sends nothing', async () => {
  const { pool, storage } = await testLog();
  await pool.end();
  pool.end = async () => undefined;
  const outcome = await storage.store.append([{ stream: newStream(), expect: version(4), events: [] }]);
  expect(outcome).toEqual({ kind: 'appended', versions: [4n], token: 'lf0', already: false });
});
