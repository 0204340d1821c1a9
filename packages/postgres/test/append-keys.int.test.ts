import type { KeyChange, StreamRef, UniqueKey } from '@leftfold/core';
import { eventually, newEvents, newStream, readIds } from '@leftfold/testing';
import fc from 'fast-check';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
beforeAll(async () => {
  log = await freshLog({ pool: { max: 8 } });
});
afterAll(() => log.end());

/** Resolves when so many connections of this database wait for a lock. */
const waiting = async (count: number): Promise<void> => {
  const watcher = await log.connect();
  const sql = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await eventually(async () => (await watcher.query(sql)).rowCount === count);
};

const holders = async (): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await log.pool.query<{ value: string; stream_id: string }>('select * from leftfold.unique_keys');
  return new Map(rows.map((row) => [row.value, row.stream_id]));
};

test('however appends that take and give back keys interleave, each stands for its turn: no key is lost, doubled or left behind', async () => {
  const change = fc.record({ change: fc.constantFrom('reserve', 'release'), key: fc.nat(3) });
  const call = fc.record({
    stream: fc.nat(2),
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    // With an event the stream's head gives the calls of a stream an order; without, their rows alone do.
    hasEvent: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 14 }), async (calls) => {
      const streams = [newStream(), newStream(), newStream()] as const;
      const prefix = newStream().key;
      const keyOf = (key: number): UniqueKey => ['k', `${prefix}/${key}`];
      const outcomes = await Promise.all(
        calls.map(({ stream, changes, hasEvent }) => {
          const ref = streams[stream] as StreamRef;
          const keys = changes.map((one): KeyChange => ({
            stream: ref,
            change: one.change,
            key: keyOf(one.key),
          }));
          return log.storage.store.append(hasEvent ? [{ stream: ref, expect: 'any', events: newEvents(1) }] : [], {
            keys,
          });
        }),
      );
      expect(outcomes.every(({ kind }) => kind === 'appended' || kind === 'taken')).toBe(true);
      const written = await Promise.all(
        streams.map(async (stream) => (await readIds(log.storage.store, stream)).length),
      );
      expect(written).toEqual(
        streams.map(
          (_, index) =>
            calls.filter((one, i) => one.hasEvent && one.stream === index && outcomes[i]?.kind === 'appended').length,
        ),
      );
      const left = await holders();
      for (let key = 0; key <= 3; key++) {
        const holder = left.get(keyOf(key)[1]);
        const done = calls.flatMap(({ stream, changes }, i) =>
          outcomes[i]?.kind === 'appended' && changes.some((one) => one.key === key)
            ? [
                {
                  stream: streams[stream]?.id,
                  takes: changes.some((one) => one.key === key && one.change === 'reserve'),
                },
              ]
            : [],
        );
        const takers = new Set(done.flatMap(({ stream, takes }) => (takes ? [stream] : [])));
        if (holder === undefined) {
          // Whoever took it has given it back, too.
          for (const taker of takers) expect(done).toContainEqual({ stream: taker, takes: false });
        } else {
          expect(takers).toContain(holder);
        }
        // Two streams can have had it only one after the other: all but the last gave it back in between.
        for (const taker of takers) if (taker !== holder) expect(done).toContainEqual({ stream: taker, takes: false });
      }
    }),
    { numRuns: 40 },
  );
});

test('a key that was taken while an append waited for the stream is given back by it: no release is lost to an old snapshot', async () => {
  const stream = newStream();
  const key = ['k', stream.key] as const;
  const { store } = log.storage;
  await store.append([{ stream, expect: 'absent', events: newEvents(1) }]);
  const client = await log.connect();
  await client.query('begin');
  await store
    .within(client)
    .append([{ stream, expect: 'any', events: newEvents(1) }], { keys: [{ stream, change: 'reserve', key }] });
  const release = store.append([{ stream, expect: 'any', events: newEvents(1) }], {
    keys: [{ stream, change: 'release', key }],
  });
  await waiting(1);
  await client.query('commit');
  expect(await release).toMatchObject({ kind: 'appended', versions: [3n] });
  expect((await holders()).get(key[1])).toBeUndefined();
});

test('L9 an append whose key is taken draws no position', async () => {
  const { store } = log.storage;
  const [holder, other] = [newStream(), newStream()];
  const key = ['k', holder.key] as const;
  await store.append([], { keys: [{ stream: holder, change: 'reserve', key }] });
  const lastDrawn = async (): Promise<string> =>
    (await log.pool.query('select last_value from leftfold.position')).rows[0].last_value;
  const before = await lastDrawn();
  const reply = { tenant: '', key: other.key, requestHash: 'h', reply: '1', keepMs: 60_000 };
  for (const options of [{}, { reply }]) {
    const keys = [{ stream: other, change: 'reserve' as const, key }];
    const refused = await store.append([{ stream: other, expect: 'absent', events: newEvents(3) }], {
      ...options,
      keys,
    });
    expect(refused).toMatchObject({ kind: 'taken', by: holder.id });
  }
  expect(await lastDrawn()).toBe(before);
  expect((await log.pool.query('select from leftfold.streams where stream_id = $1', [other.id])).rowCount).toBe(0);
});

test('two streams that want each other’s keys do not deadlock: each is told who has it', async () => {
  const { store } = log.storage;
  const [a, b, third] = [newStream(), newStream(), newStream()];
  // In their order: the first is held by a, the last by b; between them one that a stranger is about to take.
  const [first, between, last] = ['1', '2', '3'].map((part) => ['k', `${a.key}/${part}`] as const);
  if (first === undefined || between === undefined || last === undefined) throw new RangeError('three keys');
  const reserve = (stream: StreamRef, key: UniqueKey): KeyChange => ({ stream, change: 'reserve', key });
  const release = (stream: StreamRef, key: UniqueKey): KeyChange => ({ stream, change: 'release', key });
  await store.append([], { keys: [reserve(a, first), reserve(b, last)] });
  const begin = async (): Promise<Client> => {
    const client = await log.connect();
    await client.query('begin');
    return client;
  };
  const [stranger, ofA, ofB] = [await begin(), await begin(), await begin()];
  await store.within(stranger).append([], { keys: [reserve(third, between)] });

  // In transactions of the caller's, where a deadlock would be told.
  const wantsLast = store.within(ofA).append([], { keys: [release(a, first), reserve(a, between), reserve(a, last)] });
  const toldA = wantsLast.catch((error: unknown) => error);
  await waiting(1);
  const wantsFirst = store.within(ofB).append([], { keys: [release(b, last), reserve(b, first)] });
  const toldB = wantsFirst.catch((error: unknown) => error);
  await waiting(2);
  await stranger.query('rollback');

  expect(await toldA).toMatchObject({ code: 'LF_UNIQUE_KEY_TAKEN', key: last, by: b.id });
  expect(await toldB).toMatchObject({ code: 'LF_UNIQUE_KEY_TAKEN', key: first, by: a.id });
  expect(new Set([(await holders()).get(first[1]), (await holders()).get(last[1])])).toEqual(new Set([a.id, b.id]));
});
