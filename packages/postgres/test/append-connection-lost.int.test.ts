import type { AppendOptions, AppendOutcome, NewReply, StreamAppend, StreamRef, StreamVersion } from '@leftfold/core';
import {
  eventually,
  newEvents,
  newStream,
  readIds,
  readStream,
  startTcpProxy,
  type CutPlace,
  type TcpProxy,
} from '@leftfold/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, freshLog, type FreshLog } from './fresh-log.ts';

const version = (number: number): StreamVersion => BigInt(number) as StreamVersion;
const one = (stream: StreamRef, expect: StreamAppend['expect'] = 'any', count = 2): StreamAppend => ({
  stream,
  expect,
  events: newEvents(count),
});
const newReply = (key: string): NewReply => ({
  tenant: '',
  key,
  requestHash: 'h',
  reply: '{"ok":true}',
  keepMs: 60_000,
});
const INSERT = '.events (version';

interface Scene {
  /** Through the proxy. */
  readonly far: FreshLog;
  /** Straight to the server. */
  readonly near: FreshLog;
  readonly proxy: TcpProxy;
}

const ends: (() => Promise<unknown>)[] = [];
let scene: Scene;
beforeAll(async () => {
  const url = await freshDatabase();
  const near = await freshLog({ url });
  const proxy = await startTcpProxy(url);
  const far = await freshLog({ url: proxy.through(url) });
  ends.push(near.end, far.end, () => proxy.close());
  // What a process asks for once is not what is cut here.
  await far.storage.store.append([one(newStream())]);
  scene = { far, near, proxy };
});
afterAll(() => Promise.all(ends.map((end) => end())));

/** Every way in which an append may look, onto a stream of three events. */
const CALLS: {
  readonly [what: string]: (stream: StreamRef) => {
    readonly appends: readonly StreamAppend[];
    readonly options?: AppendOptions;
  };
} = {
  'an exact version': (stream) => ({ appends: [one(stream, version(3))] }),
  "'present'": (stream) => ({ appends: [one(stream, 'present')] }),
  "'any'": (stream) => ({ appends: [one(stream, 'any')] }),
  "'absent'": () => ({ appends: [one(newStream(), 'absent')] }),
  'several streams': (stream) => ({
    appends: [one(stream, 'any'), one(newStream(), 'absent'), one(newStream(), 'any')],
  }),
  'a reply': (stream) => ({ appends: [one(stream, version(3))], options: { reply: newReply(stream.key) } }),
  'a unique key': (stream) => ({
    appends: [one(stream, version(3))],
    options: { keys: [{ stream, change: 'reserve', key: ['k', stream.key] }] },
  }),
};

for (const at of ['before', 'during', 'after', 'held'] as const satisfies readonly CutPlace[]) {
  test.each(Object.keys(CALLS))(
    `P2 an append with %s whose connection is cut ${at} it is written once, and says so`,
    async (what) => {
      const { far, near, proxy } = scene;
      const stream = newStream();
      await near.storage.store.append([one(stream, 'absent', 3)]);
      const { appends, options } = CALLS[what]?.(stream) ?? { appends: [] };
      const before = new Map(
        await Promise.all(
          appends.map(async (append) => [append, await readIds(near.storage.store, append.stream)] as const),
        ),
      );
      const cut = proxy.cut({ at, statement: INSERT });

      const outcome = await far.storage.store.append(appends, options);
      await cut.happened;

      expect(outcome).toMatchObject({
        kind: 'appended',
        ...(at === 'after' && { already: true }),
        ...(at === 'before' && { already: false }),
      });
      if (at === 'held') await cut.deliver();
      if (at === 'during') await cut.answers();
      for (const [index, append] of appends.entries()) {
        const events = await readStream(near.storage.store, append.stream);
        expect(events.map(({ id }) => id)).toEqual([
          ...(before.get(append) ?? []),
          ...append.events.map(({ id }) => id),
        ]);
        expect(outcome.kind === 'appended' && outcome.versions[index]).toEqual(events.at(-1)?.streamVersion);
      }
      const { rows } = await near.pool.query(
        'select distinct xid::text from leftfold.events where event_id = any ($1)',
        [appends.flatMap(({ events }) => events.map(({ id }) => id))],
      );
      expect(rows).toEqual([{ xid: outcome.kind === 'appended' && outcome.token.split('.')[2] }]);
      if (options?.reply !== undefined && outcome.kind === 'appended') {
        const { versions, token } = outcome;
        expect(await near.storage.store.reply(options.reply)).toMatchObject({ reply: '{"ok":true}', versions, token });
      }
    },
  );
}

test('P2 a sending that arrives after its repetition was answered with a conflict writes nothing', async () => {
  const { far, near, proxy } = scene;
  for (const expectation of [version(3), 'absent'] as const) {
    const stream = newStream();
    await near.storage.store.append([one(stream, 'absent', 3)]);
    const cut = proxy.cut({ at: 'held', statement: INSERT });
    const append = far.storage.store.append([one(stream, expectation)]);
    await cut.happened;
    // Somebody is quicker than the repetition.
    await near.storage.store.append([one(stream, 'any', 1)]);

    const outcome = await append;

    if (expectation === 'absent') expect(outcome).toMatchObject({ kind: 'conflict' });
    const length = (await readIds(near.storage.store, stream)).length;
    expect([4, 6]).toContain(length);
    expect(outcome).toMatchObject(length === 4 ? { kind: 'conflict', actual: 4n } : { kind: 'appended' });
    expect(await cut.deliver()).toEqual([{ tag: 'SELECT 0' }]);
    expect(await readIds(near.storage.store, stream)).toHaveLength(length);
  }
});

/** Refusals that a later moment takes back: another stream state, under which the first sending, still on its way, is written. */
const PASSING: {
  readonly [what: string]: (
    scene: Scene,
    stream: StreamRef,
  ) => Promise<{
    readonly appends: readonly StreamAppend[];
    readonly options?: AppendOptions;
    readonly pass: () => Promise<unknown>;
  }>;
} = {
  'a version ahead of the stream': async ({ near }, stream) => ({
    appends: [one(stream, version(3))],
    pass: () => near.storage.store.append([one(stream, 'absent', 3)]),
  }),
  "'present' on an absent stream": async ({ near }, stream) => ({
    appends: [one(stream, 'present')],
    pass: () => near.storage.store.append([one(stream, 'absent', 3)]),
  }),
  'a key that is taken': async ({ near }, stream) => {
    const [holder, key] = [newStream(), ['k', stream.key] as const];
    await near.storage.store.append([], { keys: [{ stream: holder, change: 'reserve', key }] });
    return {
      appends: [one(stream, 'absent')],
      options: { keys: [{ stream, change: 'reserve', key }] },
      pass: () => near.storage.store.append([], { keys: [{ stream: holder, change: 'release', key }] }),
    };
  },
};
test.each(Object.keys(PASSING))(
  'P2 %s is no answer while a sending may still arrive: LF_OUTCOME_UNKNOWN',
  async (what) => {
    const all = scene;
    const { far, near, proxy } = all;
    const stream = newStream();
    const passing = await PASSING[what]?.(scene, stream);
    const cut = proxy.cut({ at: 'held', statement: INSERT });

    const append = far.storage.store.append(passing?.appends ?? [], passing?.options);

    await expect(append).rejects.toMatchObject({
      code: 'LF_OUTCOME_UNKNOWN',
      retryable: false,
      message: expect.stringContaining('read the stream'),
    });
    await passing?.pass();
    await cut.deliver();
    const ids = passing?.appends[0]?.events.map(({ id }) => id) ?? [];
    expect((await readIds(near.storage.store, stream)).slice(-2)).toEqual(ids);
  },
);

test('P2 keys without events and reply leave nothing that could be recognised: LF_OUTCOME_UNKNOWN', async () => {
  const { far, near, proxy } = scene;
  const stream = newStream();
  const keys = [{ stream, change: 'reserve' as const, key: ['k', stream.key] as const }];
  const cut = proxy.cut({ at: 'after', statement: 'change_keys' });
  await expect(far.storage.store.append([], { keys })).rejects.toMatchObject({ code: 'LF_OUTCOME_UNKNOWN' });
  expect(await cut.answers()).toEqual([{ tag: 'SELECT 1' }]);
  const other = newStream();
  const taken = await near.storage.store.append([], {
    keys: [{ stream: other, change: 'reserve', key: ['k', stream.key] }],
  });
  expect(taken).toMatchObject({ kind: 'taken', by: stream.id });
});

test('P2 an append of a reply alone is answered with that reply', async () => {
  const { far, proxy } = scene;
  const reply = newReply('alone');
  proxy.cut({ at: 'after', statement: '.replies as r' });
  expect(await far.storage.store.append([], { reply })).toMatchObject({ kind: 'replied', reply: reply.reply });
});

test("P2 a reply that somebody else's call has stored is theirs, not this append's", async () => {
  const { far, near, proxy } = scene;
  const reply = newReply('both');
  const stream = newStream();
  const cut = proxy.cut({ at: 'before', statement: '.replies as r' });
  await near.storage.store.append([], { reply: { ...reply, reply: '"theirs"' } });
  const outcome = await far.storage.store.append([one(stream, 'absent')], { reply });
  await cut.happened;
  expect(outcome).toMatchObject({ kind: 'replied', reply: '"theirs"' });
  expect(await readIds(near.storage.store, stream)).toEqual([]);
});

test('P2 event ids that stand elsewhere are LF_EVENT_ID_REUSED, whatever became of the first sending', async () => {
  const { far, near, proxy } = scene;
  const call = one(newStream(), 'any');
  await near.storage.store.append([call]);
  proxy.cut({ at: 'during', statement: INSERT });
  const elsewhere = far.storage.store.append([{ ...call, stream: newStream() }]);
  await expect(elsewhere).rejects.toMatchObject({ code: 'LF_EVENT_ID_REUSED' });
});

test('P2 a server that is away for a while is waited for, and a repetition that is cut is repeated', async () => {
  const { far, near, proxy } = scene;
  const call = one(newStream(), 'absent');
  const first = proxy.cut({ at: 'after', statement: INSERT });
  const more = proxy.cut({ at: 'during', statement: INSERT, times: 2 });
  const append = far.storage.store.append([call]);
  await first.happened;
  proxy.refuse(true);
  proxy.cutAll();
  await near.storage.store.append([one(newStream())]);
  proxy.refuse(false);
  expect(await append).toMatchObject({ kind: 'appended', already: true, versions: [2n] });
  await more.happened;
  expect(await readIds(near.storage.store, call.stream)).toEqual(call.events.map(({ id }) => id));
});

test('P2 a connection lost before anything was sent, and one lost in a transaction of the caller, leave nothing unknown', async () => {
  const { far, near, proxy } = scene;
  const stream = newStream();
  const client = await far.connect();
  await client.query('begin');
  proxy.cut({ at: 'after', statement: INSERT });
  const inside = far.storage.store.within(client).append([one(stream)]);
  await expect(inside).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE', retryable: true });
  proxy.refuse(true);
  proxy.cutAll();
  await eventually(async () => far.pool.totalCount === 0);
  const outside = far.storage.store.append([one(stream)]);
  await expect(outside).rejects.toMatchObject({ code: 'LF_STORAGE_UNAVAILABLE' });
  proxy.refuse(false);
  expect(await readIds(near.storage.store, stream)).toEqual([]);
});

test('P2 of many appends whose connections are cut anywhere each is written once or not at all, and was told so', async () => {
  const { far, near, proxy } = scene;
  const streams = Array.from({ length: 5 }, () => newStream());
  const places = ['before', 'during', 'after', 'held'] as const;
  const cuts = Array.from({ length: 60 }, (_, index) => {
    const at = places[(index * 7) % places.length] ?? 'after';
    return proxy.cut({ at, statement: INSERT });
  });
  const calls = Array.from({ length: 100 }, (_, index) => {
    const stream = streams[index % streams.length] ?? newStream();
    return index % 3 === 0
      ? [one(stream, version(2 * (index % 9)))]
      : index % 3 === 1
        ? [one(stream, 'any')]
        : [one(stream, 'any'), one(streams[(index + 1) % streams.length] ?? stream, 'any')];
  });
  const outcomes = await Promise.all(
    calls.map((appends) =>
      far.storage.store
        .append(appends)
        .catch((error: unknown): AppendOutcome | string => (error as { code: string }).code),
    ),
  );
  const written = async (): Promise<ReadonlySet<string>> =>
    new Set((await Promise.all(streams.map((stream) => readIds(near.storage.store, stream)))).flat());
  const before = await written();
  for (const [index, appends] of calls.entries()) {
    const there = appends.map(({ events }) => events.every(({ id }) => before.has(id)));
    const outcome = outcomes[index];
    if (outcome === 'LF_OUTCOME_UNKNOWN') continue;
    const isAppended = typeof outcome === 'object' && outcome.kind === 'appended';
    expect([outcome, ...there]).toEqual([outcome, ...appends.map(() => isAppended)]);
  }
  expect(
    outcomes.filter((outcome) => typeof outcome === 'object' && outcome.kind === 'appended').length,
  ).toBeGreaterThan(60);
  expect(outcomes.filter((outcome) => outcome === 'LF_OUTCOME_UNKNOWN').length).toBeLessThan(20);
  await Promise.all(cuts.map((cut) => cut.happened.then(() => cut.deliver())));
  const late = [...(await written())].filter((id) => !before.has(id));
  const unknown = calls.filter((_, index) => outcomes[index] === 'LF_OUTCOME_UNKNOWN').flat();
  expect(unknown.flatMap(({ events }) => events.map(({ id }): string => id))).toEqual(expect.arrayContaining(late));
});
