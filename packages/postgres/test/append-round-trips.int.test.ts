import type { AppendOptions, StreamAppend, StreamRef, StreamVersion } from '@leftfold/core';
import { postgres, type PgClient, type PgPool } from '@leftfold/postgres';
import { newEvents, newStream } from '@leftfold/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshLog } from './fresh-log.ts';

let log: Awaited<ReturnType<typeof freshLog>>;
let sent: string[] = [];
/** A client keeps its wrapper: a connection is known again by its object. */
const wrappers = new WeakMap<PgClient, PgClient>();
const counting: PgPool = {
  connect: async () => {
    const client: PgClient = await log.pool.connect();
    const wrapper =
      wrappers.get(client) ??
      ({
        query: (query) => {
          sent.push(query.text);
          return client.query(query);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      } satisfies PgClient);
    wrappers.set(client, wrapper);
    return wrapper;
  },
};
beforeAll(async () => {
  log = await freshLog();
});
afterAll(() => log.end());

const one = (stream: StreamRef, expect: StreamAppend['expect']): StreamAppend => ({
  stream,
  expect,
  events: newEvents(2),
});
const reply = (key: string) => ({ tenant: '', key, requestHash: 'h', reply: '1', keepMs: 60_000 });

test('an append is one statement, whatever it holds; a refused one is two', async () => {
  const { store } = postgres({ pool: counting, notifications: false });
  const stream = newStream();
  const keys = [{ stream, change: 'reserve' as const, key: ['k', stream.key] as const }];
  // The first of a process asks for the log and its schemas.
  await store.append([one(stream, 'absent')]);
  const again = one(stream, 2n as StreamVersion);
  const calls: readonly (readonly [
    statements: number,
    kind: string,
    appends: readonly StreamAppend[],
    options?: AppendOptions,
  ])[] = [
    [1, 'appended', [again]],
    [1, 'appended', [one(stream, 'any')]],
    [1, 'appended', [one(stream, 'present'), one(newStream(), 'absent')]],
    [1, 'appended', [one(stream, 'any')], { reply: reply('a') }],
    [1, 'appended', [one(stream, 'any')], { keys }],
    [1, 'appended', [one(stream, 'any'), one(newStream(), 'absent')], { reply: reply('b'), keys }],
    [1, 'appended', [], { reply: reply('c'), keys }],
    [2, 'appended', [again]],
    [2, 'conflict', [one(stream, 3n as StreamVersion)]],
    [2, 'conflict', [one(stream, 'absent'), one(newStream(), 'absent')]],
    [2, 'replied', [one(stream, 'any')], { reply: reply('a') }],
    [2, 'taken', [one(newStream(), 'any')], { keys: keys.map((change) => ({ ...change, stream: newStream() })) }],
  ];
  for (const [statements, kind, appends, options] of calls) {
    sent = [];
    const outcome = await store.append(appends, options);
    expect([outcome.kind, sent.length]).toEqual([kind, statements]);
  }
});
