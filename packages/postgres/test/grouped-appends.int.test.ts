import type { AppendOptions, AppendOutcome, EventStore, NewReply, StreamAppend, StreamRef } from '@leftfold/core';
import { newEvent, newEvents, newStream, readIds, readStream, startTcpProxy } from '@leftfold/testing';
import { expect, onTestFinished, test } from 'vitest';
import { quoted } from '../src/schema-name.ts';
import { APPEND_PACE } from '../src/store/append-pace.ts';
import { storeStatements } from '../src/store/store-statements.ts';
import { testLog, type FreshLog } from './fresh-log.ts';
import { ALWAYS_SHARED, sharingStore } from './sharing-store.ts';

const one = (stream: StreamRef = newStream(), expect: StreamAppend['expect'] = 'any', count = 1): StreamAppend => ({
  stream,
  expect,
  events: newEvents(count),
});
const newReply = (key: string): NewReply => ({ tenant: '', key, requestHash: 'h', reply: `"${key}"`, keepMs: 60_000 });
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const xidOf = (outcome: AppendOutcome): string | undefined =>
  outcome.kind === 'appended' ? outcome.token.split('.')[2] : undefined;
const settledWithin = async <T>(promise: Promise<T>): Promise<boolean> => {
  const late = Symbol('late');
  return (
    (await Promise.race([promise.catch(() => undefined), new Promise((resolve) => setImmediate(resolve, late))])) !==
    late
  );
};

/** One group, of all of them: what they share is then no matter of chance. */
const ONE_GROUP = { ...ALWAYS_SHARED, groups: 1, fewest: 1_000 };
/** A store whose process knows its log already, so that nothing but appends is sent. */
async function warmStore(log: FreshLog, pace = ONE_GROUP): Promise<EventStore & ReturnType<typeof sharingStore>> {
  const sharing = sharingStore(log.pool, { pace });
  await sharing.store.append([one()]);
  return Object.assign(sharing.store, sharing);
}
/** Waits in another transaction, as another program does. */
async function hold(log: FreshLog, stream: StreamRef): Promise<{ readonly release: () => Promise<unknown> }> {
  const client = await log.connect();
  await client.query('begin');
  await log.storage.store.within(client).append([one(stream)]);
  return { release: () => client.query('rollback') };
}

test('appends that come at once share a commit; each has its own version, token and place', async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  const appends = times(60, (i) => one(newStream(), i % 2 === 0 ? 'absent' : 'any', 1 + (i % 3)));

  const outcomes = await Promise.all(appends.map((append) => store.append([append])));

  expect(new Set(outcomes.map(xidOf)).size).toBe(1);
  for (const [i, append] of appends.entries()) {
    const events = await readStream(store, append.stream);
    expect(events.map(({ id }) => id)).toEqual(append.events.map(({ id }) => id));
    expect(outcomes[i]).toMatchObject({ versions: [BigInt(append.events.length)], already: false });
    const positions = events.map(({ position }) => position);
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
  }
  const { rows } = await log.pool.query('select distinct xid::text from leftfold.events order by 1');
  expect(rows.map(({ xid }) => xid)).toContain(xidOf(outcomes[0] as AppendOutcome));
});

test('at its usual pace a store sends few appends alone and lets many share', async () => {
  const log = await testLog();
  const { store } = log.storage;
  await store.append([one()]);
  const commits = async (count: number): Promise<number> =>
    new Set((await Promise.all(times(count, () => store.append([one()])))).map(xidOf)).size;
  expect(await commits(APPEND_PACE.atOnce)).toBe(APPEND_PACE.atOnce);
  expect(await commits(200)).toBeLessThan(20);
});

test("one conflict among those that share is that one's alone, and so is each other outcome", async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  const [taken, known, replied] = [newStream(), newStream(), newStream()];
  const before = one(known, 'absent', 2);
  await store.append([one(taken)]);
  await store.append([before]);
  await store.append([one()], { reply: newReply('answered') });
  const good = times(30, () => one());

  const [conflict, behind, ahead, missing, present, answered, ...others] = await Promise.all([
    store.append([one(taken, 'absent')]),
    store.append([{ ...before, expect: 0n as never }]),
    store.append([one(known, 9n as never)]),
    store.append([one(newStream(), 4n as never)]),
    store.append([one(newStream(), 'present')]),
    store.append([one(replied)], { reply: newReply('answered') }),
    ...good.map((append, i) => store.append([append], i % 2 === 0 ? {} : { reply: newReply(append.stream.key) })),
  ]);

  expect(conflict).toMatchObject({ kind: 'conflict', stream: taken.id, actual: 1n });
  expect(behind).toMatchObject({ kind: 'appended', versions: [2n], already: true });
  expect(ahead).toMatchObject({ kind: 'conflict', stream: known.id, actual: 2n });
  expect(missing).toMatchObject({ kind: 'conflict', actual: 0n });
  expect(present).toMatchObject({ kind: 'conflict', actual: 0n });
  expect(answered).toMatchObject({ kind: 'replied', reply: '"answered"' });
  expect(await readIds(store, replied)).toEqual([]);
  expect(new Set(others.map(xidOf)).size).toBe(1);
  for (const [i, { stream }] of good.entries()) {
    const stored = i % 2 === 0 ? undefined : await store.reply(newReply(stream.key));
    const outcome = others[i];
    if (stored !== undefined && outcome?.kind === 'appended') {
      expect(stored).toMatchObject({ reply: `"${stream.key}"`, versions: [1n], token: outcome.token });
    }
  }
});

test.each(['an event that is no JSON', 'an id that stands elsewhere'])(
  'L22 %s harms nobody who shares its statement',
  async (what) => {
    const log = await testLog();
    const { store } = await warmStore(log);
    const elsewhere = one();
    await store.append([elsewhere]);
    const event =
      what === 'an event that is no JSON'
        ? newEvent({ payload: '{' })
        : newEvent({ id: elsewhere.events[0]?.id as never });
    const bad: StreamAppend = { ...one(), events: [event] };
    const good = times(40, () => one());

    const outcomes = await Promise.allSettled([bad, ...good].map((append) => store.append([append])));

    expect(outcomes[0]?.status).toBe('rejected');
    expect(outcomes.slice(1).map((outcome) => outcome.status === 'fulfilled' && outcome.value.kind)).toEqual(
      good.map(() => 'appended'),
    );
    expect(await readIds(store, bad.stream)).toEqual([]);
  },
);

test.each(['that exists', 'that is just being made'])(
  "L22 63 appends are written while a stranger's transaction holds the stream %s of a 64th",
  async (which) => {
    const log = await testLog();
    const { store } = log.storage;
    const held = newStream();
    if (which === 'that exists') await store.append([one(held)]);
    const stranger = await hold(log, held);
    const alone = store.append([one(held)]);
    const [inGroup] = [times(3, () => one(held)).map((append) => store.append([append]))];

    const others = await Promise.all(times(63, () => store.append([one()])));

    expect(others.map(({ kind }) => kind)).toEqual(others.map(() => 'appended'));
    for (const waiting of [alone, ...inGroup]) expect(await settledWithin(waiting)).toBe(false);
    await stranger.release();
    expect((await Promise.all([alone, ...inGroup])).map(({ kind }) => kind)).toEqual(times(4, () => 'appended'));
    const before = which === 'that exists' ? 1 : 0;
    expect(await readIds(store, held)).toHaveLength(before + 4);
  },
);

test.each(['that exist', 'that are just being made'])(
  'L22 those who share a statement with streams %s and are held by a stranger are written meanwhile',
  async (which) => {
    const log = await testLog();
    const { store } = await warmStore(log);
    const held = times(3, () => newStream());
    const strangers = [];
    for (const stream of held) {
      if (which === 'that exist') await store.append([one(stream)]);
      strangers.push(await hold(log, stream));
    }
    const waiting = held.map((stream) => store.append([one(stream)]));
    const good = times(60, () => one());

    const outcomes = await Promise.all(good.map((append) => store.append([append])));

    expect(outcomes.map(({ kind }) => kind)).toEqual(good.map(() => 'appended'));
    // Held streams are skipped, so the others still share. One that is just being made can only be waited for, a little, by all.
    if (which === 'that exist') expect(new Set(outcomes.map(xidOf)).size).toBe(1);
    for (const append of waiting) expect(await settledWithin(append)).toBe(false);
    for (const stranger of strangers) await stranger.release();
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(times(3, () => 'appended'));
  },
);

test('what a stranger holds in one stream after the other leaves the connections of all others free', async () => {
  const log = await testLog();
  const { store } = log.storage;
  const held = times(APPEND_PACE.atOnce + APPEND_PACE.apart + 4, () => newStream());
  await Promise.all(held.map((stream) => store.append([one(stream)])));
  const client = await log.connect();
  await client.query('begin');
  const stranger = log.storage.store.within(client);
  for (const stream of held) await stranger.append([one(stream)]);
  const waiting = held.map((stream) => store.append([one(stream)]));

  for (let i = 0; i < 5; i++) {
    const others = await Promise.all(times(40, () => store.append([one()])));
    expect(others.map(({ kind }) => kind)).toEqual(others.map(() => 'appended'));
  }

  for (const append of waiting) expect(await settledWithin(append)).toBe(false);
  await client.query('rollback');
  expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(held.map(() => 'appended'));
});

test('two processes that answer the same keys at once answer each of them once', async () => {
  const log = await testLog();
  const stores = [await warmStore(log), (await warmStore(log)).store, log.storage.store];
  const keys = times(80, (i) => `key ${i}`);
  const streams = new Map<EventStore, StreamRef[]>(stores.map((store) => [store, keys.map(() => newStream())]));

  const outcomes = await Promise.all(
    stores.map((store) =>
      Promise.all(keys.map((key, i) => store.append([one(streams.get(store)?.[i])], { reply: newReply(key) }))),
    ),
  );

  for (const [i, key] of keys.entries()) {
    const kinds = outcomes.map((of) => String(of[i]?.kind)).toSorted();
    expect(kinds, key).toEqual(['appended', 'replied', 'replied']);
  }
  const { rows } = await log.pool.query(
    `select count(*)::int as events from leftfold.events where stream_id = any ($1)`,
    [[...streams.values()].flat().map(({ id }) => id)],
  );
  expect(rows).toEqual([{ events: keys.length }]);
});

test('of one key in one burst the first append is written, the others hear its answer', async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  const outcomes = await Promise.all(times(50, () => store.append([one()], { reply: newReply('k') })));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', ...times(49, () => 'replied')]);
  expect(
    new Set(outcomes.map((outcome) => (outcome.kind === 'conflict' || outcome.kind === 'taken' ? '' : outcome.token)))
      .size,
  ).toBe(1);
});

test('an expired reply is overwritten by the statement that appends share', async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  await store.append([one()], { reply: newReply('k') });
  await log.pool.query(`update leftfold.replies set expires_at = now() - interval '1 second'`);
  const [outcome, other] = await Promise.all([
    store.append([one()], { reply: { ...newReply('k'), reply: '"new"' } }),
    store.append([one()]),
  ]);
  expect(xidOf(outcome)).toBe(xidOf(other));
  expect(await store.reply(newReply('k'))).toMatchObject({ reply: '"new"' });
});

test('of appends at one version exactly one is written, whether they meet in the process or in the database', async () => {
  const log = await testLog();
  const stores = [log.storage.store, (await warmStore(log)).store];
  const stream = newStream();
  for (let at = 0; at < 10; at++) {
    const outcomes = await Promise.all(
      times(40, (i) => stores[i % 2]?.append([one(stream, BigInt(at) as never)]) as Promise<AppendOutcome>),
    );
    expect(outcomes.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.kind === 'conflict') expect(outcome.actual).toBe(BigInt(at + 1));
    }
  }
  expect(await readIds(log.storage.store, stream)).toHaveLength(10);
});

test('aborting rejects at once what waits, and its stream goes on', async () => {
  const log = await testLog();
  const { store } = log.storage;
  const held = newStream();
  await store.append([one(held)]);
  const stranger = await hold(log, held);
  const stop = new AbortController();
  const [sent, waiting, next] = [one(held), one(held), one(held)].map((append, i) =>
    store.append([append], i === 1 ? { signal: stop.signal } : {}),
  ) as [Promise<AppendOutcome>, Promise<AppendOutcome>, Promise<AppendOutcome>];
  stop.abort(new Error('no more'));
  await expect(waiting).rejects.toThrow('no more');
  await stranger.release();
  expect(await Promise.all([sent, next])).toMatchObject([{ versions: [2n] }, { versions: [3n] }]);
});

test('when more waits than is allowed, one more is LF_APPEND_QUEUE_FULL, and later there is room again', async () => {
  const log = await testLog({ limits: { queuedAppends: 5 }, pool: { max: 1 } });
  const { store } = log.storage;
  await store.append([one()]);
  const results = await Promise.allSettled(times(60, () => store.append([one()])));
  const refused = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
  expect(refused).toHaveLength(60 - APPEND_PACE.atOnce - 5);
  expect(refused[0]).toMatchObject({ code: 'LF_APPEND_QUEUE_FULL', retryable: true });
  expect(await store.append([one()])).toMatchObject({ kind: 'appended' });
  const { rows } = await log.pool.query('select count(*)::int as events from leftfold.events');
  expect(rows).toEqual([{ events: 1 + APPEND_PACE.atOnce + 5 + 1 }]);

  const small = await testLog({ limits: { queuedBytes: 100 } });
  const sizes = await Promise.allSettled(
    times(20, () =>
      small.storage.store.append([{ ...one(), events: [newEvent({ payload: JSON.stringify('x'.repeat(60)) })] }]),
    ),
  );
  expect(sizes.filter(({ status }) => status === 'rejected')).toHaveLength(20 - APPEND_PACE.atOnce - 1);
});

test('readers of the process are woken once for those that share', async () => {
  const log = await testLog();
  const { store, wake } = await warmStore(log);
  const before = wake.count;
  await Promise.all(times(50, () => store.append([one()])));
  expect(wake.count).toBe(before + 1);
  await Promise.all(times(2, () => store.append([one(newStream(), 'present')])));
  expect(wake.count).toBe(before + 1);
});

test('L9 those among many that are refused draw no position', async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  const taken = times(10, () => newStream());
  for (const stream of taken) await store.append([one(stream)]);
  const drawn = async (): Promise<number> =>
    Number((await log.pool.query('select last_value from leftfold.position')).rows[0].last_value);
  const before = await drawn();
  await Promise.all([
    ...taken.map((stream) => store.append([one(stream, 'absent')])),
    ...times(10, () => store.append([one()])),
    ...times(10, () => store.append([one(newStream(), 7n as never)])),
  ]);
  expect(await drawn()).toBe(before + 10);
});

test('a shared statement leaves nothing behind on its connection', async () => {
  const log = await testLog({ pool: { max: 1 } });
  const { store } = await warmStore(log);
  await Promise.all(times(20, (i) => store.append([one()], i % 2 === 0 ? {} : { reply: newReply(`${i}`) })));
  expect((await log.pool.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
});

test('where transactions are REPEATABLE READ by default, appends of two processes on the same streams are written, too', async () => {
  const log = await testLog({ pool: { options: '-c default_transaction_isolation=repeatable\\ read' } });
  const stores = [await warmStore(log), await warmStore(log)];
  const streams = times(5, () => newStream());
  const outcomes = await Promise.all(
    times(60, (i) => stores[i % 2]?.store.append([one(streams[i % 5])]) as Promise<AppendOutcome>),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'appended'));
  for (const stream of streams) expect(await readIds(log.storage.store, stream)).toHaveLength(12);
});

test.each(['before', 'during', 'after', 'held'] as const)(
  'P2 of those whose shared statement loses its connection %s it is written, each is written once, and says so',
  async (at) => {
    const log = await testLog();
    const proxy = await startTcpProxy(log.url);
    onTestFinished(() => proxy.close());
    const far = await testLog({ url: proxy.through(log.url) });
    const { store } = await warmStore(far);
    const streams = times(12, () => newStream());
    await Promise.all(streams.map((stream) => log.storage.store.append([one(stream, 'absent', 2)])));
    const calls = streams.map((stream, i): [StreamAppend, AppendOptions] => [
      one(stream, (['any', 2n, 'present'] as const)[i % 3] as never, 1 + (i % 2)),
      i % 4 === 0 ? { reply: newReply(stream.key) } : {},
    ]);
    const cut = proxy.cut({ at, statement: 'with asked as' });

    const outcomes = await Promise.all(calls.map(([append, options]) => store.append([append], options)));
    await cut.happened;

    if (at === 'held') await cut.deliver();
    for (const [i, [append, { reply }]] of calls.entries()) {
      const events = await readStream(log.storage.store, append.stream);
      expect(events.slice(2).map(({ id }) => id)).toEqual(append.events.map(({ id }) => id));
      const outcome = outcomes[i] as AppendOutcome;
      expect(outcome).toMatchObject({ kind: 'appended', versions: [events.at(-1)?.streamVersion] });
      if (at === 'after') expect(outcome).toMatchObject({ already: true });
      const { rows } = await log.pool.query(
        'select distinct xid::text from leftfold.events where event_id = any ($1)',
        [append.events.map(({ id }) => id)],
      );
      expect(rows).toEqual([{ xid: xidOf(outcome) }]);
      if (reply && outcome.kind === 'appended') {
        expect(await log.storage.store.reply(reply)).toMatchObject({ reply: reply.reply, token: outcome.token });
      }
    }
  },
);

test('when the pool lends no connection, those that wait are told, and written nothing', async () => {
  const log = await testLog();
  const { store } = await warmStore(log);
  await log.pool.end();
  log.pool.end = async () => undefined;
  const results = await Promise.allSettled(times(30, () => store.append([one()])));
  expect(new Set(results.map((result) => result.status === 'rejected' && result.reason.code))).toEqual(
    new Set(['LF_STORAGE_UNAVAILABLE']),
  );
});

test('the plan that is kept looks heads up by their key, also when it was made while there were none', async () => {
  const log = await testLog({ pool: { max: 1 } });
  const plans = async (): Promise<string> => {
    const client = await log.connect();
    const { shared, sharedWithReplies } = storeStatements(quoted('leftfold'), 5_000);
    const texts = await Promise.all(
      [shared, sharedWithReplies].map(async ({ text }) => (await client.query(`explain (generic_plan) ${text}`)).rows),
    );
    return texts
      .flat()
      .map((row) => row['QUERY PLAN'])
      .join('\n');
  };
  expect(await plans()).not.toMatch(/Seq Scan on (?:streams|replies)/);
  await log.pool.query(`insert into leftfold.streams select '', 'a-' || i, 'a', 1, 1 from generate_series(1, 3000) i`);
  await log.pool.query(`analyze leftfold.streams`);
  expect(await plans()).not.toMatch(/Seq Scan on (?:streams|replies)/);
});

test('from the sixth call on the shared statement is not planned again, however many share it', async () => {
  const log = await testLog({ pool: { max: 1 } });
  const { store } = await warmStore(log);
  for (const count of [2, 2, 2, 2, 2, 2, 60, 3, 17, 60]) await Promise.all(times(count, () => store.append([one()])));
  const { rows } = await log.pool.query(
    `select custom_plans::int as planned, generic_plans::int as kept from pg_prepared_statements where name like 'leftfold_append_shared%'`,
  );
  expect(rows).toEqual([{ planned: 5, kept: 6 }]);
});
