import { streamRef, type AppendOutcome, type StreamAppend, type StreamVersion } from '@leftfold/core';
import { expect, test, vi } from 'vitest';
import { LockTimeout } from '../storage-errors.ts';
import type { AppendPace } from './append-pace.ts';
import { AppendQueue, type AppendQueueLimits, type SharedAnswer } from './append-queue.ts';
import type { AppendCall } from './appends.ts';

const pace: AppendPace = {
  atOnce: 1,
  groups: 1,
  apart: 1,
  stallMs: 20,
  groupsOfOne: false,
  fewest: 3,
  most: { appends: 10, events: 20, bytes: 1_000 },
};

/** One sending, as the database would see it: its streams, and what to answer. */
interface Sent {
  readonly how: 'alone' | 'resolve' | 'together';
  readonly streams: readonly string[];
  readonly answer: (...answers: SharedAnswer[]) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

const appended = (version = 1): AppendOutcome => ({
  kind: 'appended',
  versions: [BigInt(version) as StreamVersion],
  token: '' as never,
  already: false,
});

/** Everything that follows from what happened has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function queueOf(differently: Partial<AppendPace & { readonly limits: AppendQueueLimits }> = {}) {
  const sent: Sent[] = [];
  const record = <T>(
    how: Sent['how'],
    calls: readonly AppendCall[],
    value: (answers: SharedAnswer[]) => T,
  ): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    sent.push({
      how,
      streams: calls.map(({ written }) => written[0]?.stream.key ?? ''),
      answer: (...answers) => {
        resolve(value(answers));
        return settled();
      },
      fail: (error) => {
        reject(error);
        return settled();
      },
    });
    return promise;
  };
  const one = ([answer]: SharedAnswer[]): AppendOutcome => answer as AppendOutcome;
  const queue = new AppendQueue(
    {
      alone: (call) => record('alone', [call], one),
      resolve: (call) => record('resolve', [call], one),
      together: (calls) => record('together', calls, (answers) => answers),
    },
    { ...pace, ...differently },
    differently.limits ?? { appends: 100, bytes: 10_000 },
  );
  const append = (key: string, more: Partial<AppendCall & StreamAppend> & { readonly size?: number } = {}) => {
    const { expect: expectation = 'any', events, size = 10, ...call } = more;
    const append = {
      stream: streamRef('test.thing', key),
      expect: expectation,
      events: events ?? [{ id: `${key} ${Math.random()}`, payload: 'x'.repeat(size) } as never],
    };
    const outcome = queue.append({
      written: [append],
      all: [append],
      reply: undefined,
      keys: [],
      signal: undefined,
      ...call,
    });
    // Some reject before a test comes to look at them.
    outcome.catch(() => undefined);
    return outcome;
  };
  return { append, sent, streams: () => sent.map(({ streams }) => streams.join(' ')) };
}

test('an append that meets no queue goes alone, at once', async () => {
  const { append, sent, streams } = queueOf();
  const outcome = append('a');
  expect(streams()).toEqual(['a']);
  await sent[0]?.answer(appended(4));
  expect(await outcome).toEqual(appended(4));
});

test('those that come meanwhile share, in the order they came; each has its own outcome', async () => {
  const { append, sent, streams } = queueOf();
  const outcomes = ['a', 'b', 'c'].map((key) => append(key));
  await settled();
  expect(streams()).toEqual(['a', 'b c']);
  await sent[1]?.answer(appended(2), appended(3));
  await sent[0]?.answer(appended(1));
  expect(await Promise.all(outcomes)).toEqual([appended(1), appended(2), appended(3)]);
});

test('where all that waits finds room, nothing is shared', async () => {
  const { append, sent, streams } = queueOf({ atOnce: 2 });
  for (const key of ['a', 'a', 'b', 'c']) void append(key);
  await settled();
  expect(streams()).toEqual(['a', 'b', 'c']);
  await sent[1]?.answer(appended());
  await sent[2]?.answer(appended());
  await sent[0]?.answer(appended());
  expect(sent.map(({ how, streams: [key] }) => `${how} ${key}`)).toEqual(['alone a', 'alone b', 'alone c', 'alone a']);
});

test('a stream is under way once: who waits for it keeps his place, and passes those who came after him', async () => {
  const { append, sent, streams } = queueOf({ most: { ...pace.most, appends: 3 } });
  for (const key of ['x', 'a', 'b', 'a', 'c', 'd', 'e', 'f']) void append(key, { expect: 7n as StreamVersion });
  await settled();
  expect(streams()).toEqual(['x', 'a b c']);
  await sent[1]?.answer(appended(), appended(), appended());
  expect(streams()).toEqual(['x', 'a b c', 'a d e']);
  await sent[2]?.answer(appended(), appended(), appended());
  expect(streams().at(-1)).toBe('f');
});

test('who expects no version may follow another one of his stream within a group, and has his own outcome', async () => {
  const { append, sent, streams } = queueOf({ fewest: 10, most: { ...pace.most, appends: 5 } });
  void append('x');
  const outcomes = [
    append('a', { expect: 3n as StreamVersion }),
    append('b'),
    append('a'),
    append('a', { expect: 'present' }),
    append('a', { expect: 9n as StreamVersion }),
    append('a'),
    append('b'),
  ];
  await settled();
  expect(streams()).toEqual(['x', 'a a a b b']);
  await sent[1]?.answer(...[4, 5, 6, 1, 2].map(appended));
  expect(await Promise.all([0, 2, 3, 1, 6].map((i) => outcomes[i] as Promise<AppendOutcome>))).toEqual(
    [4, 5, 6, 1, 2].map(appended),
  );
  expect(streams().slice(2)).toEqual(['a a']);
  await sent[2]?.answer('alone', 'alone');
  expect(streams().slice(3)).toEqual(['a']);
  await sent[3]?.answer({ kind: 'conflict', stream: 'a' as never, actual: 6n as StreamVersion });
  await sent[4]?.answer(appended(7));
  expect(await Promise.all([4, 5].map((i) => outcomes[i] as Promise<AppendOutcome>))).toMatchObject([
    { kind: 'conflict' },
    { versions: [7n] },
  ]);
});

test('followers that were lost with the first of their stream are resolved one after the other', async () => {
  const { append, sent } = queueOf();
  void append('x');
  const outcomes = [append('a'), append('a')];
  await settled();
  const lost = new Error('lost');
  await sent[1]?.answer({ lost }, { lost });
  expect(sent).toHaveLength(3);
  await sent[2]?.answer(appended(1));
  await sent[3]?.answer(appended(2));
  expect(await Promise.all(outcomes)).toEqual([appended(1), appended(2)]);
  expect(sent.slice(2).map(({ how }) => how)).toEqual(['resolve', 'resolve']);
});

test('one key of a reply is under way once, whatever its streams', async () => {
  const { append, sent, streams } = queueOf();
  const reply = { tenant: '', key: 'k', requestHash: 'h', reply: '1', keepMs: 1_000 };
  for (const key of ['x', 'a', 'b', 'c']) void append(key, key === 'x' || key === 'c' ? {} : { reply });
  await settled();
  expect(streams()).toEqual(['x', 'a c']);
  await sent[1]?.answer(appended(), appended());
  expect(streams().at(-1)).toBe('b');
});

test('groups take equal shares of what is there, and no more than a group holds', async () => {
  const { append, streams } = queueOf({ groups: 2, fewest: 2 });
  for (const key of ['x', 'a', 'b', 'c', 'd', 'e', 'f', 'g']) void append(key);
  await settled();
  expect(streams()).toEqual(['x', 'a b c d', 'e f g']);

  const full = queueOf({ most: { appends: 10, events: 20, bytes: 100 } });
  for (const [key, size] of [
    ['x', 10],
    ['a', 60],
    ['b', 60],
    ['c', 500],
    ['d', 10],
  ] as const)
    void full.append(key, { size });
  for (let i = 1; i < 4; i++) {
    await settled();
    await full.sent[i]?.answer(appended(), appended());
  }
  expect(full.streams()).toEqual(['x', 'a', 'b', 'c', 'd']);
});

test('L22 those that could not share go alone, beside the groups, and hold up nobody', async () => {
  const { append, sent } = queueOf();
  const outcomes = ['x', 'a', 'b', 'c'].map((key) => append(key));
  await settled();
  await sent[1]?.answer('alone', appended(7), 'alone');
  expect(await outcomes[2]).toEqual(appended(7));
  void append('d');
  void append('e');
  await settled();
  expect(sent.slice(2).map(({ how, streams }) => `${how} ${streams.join(' ')}`)).toEqual(['alone a', 'together d e']);
  await sent[2]?.answer(appended(1));
  expect(sent.at(-1)?.streams).toEqual(['c']);
});

test.each([
  { room: { atOnce: 1, groups: 0 }, of: 'of those that go at once' },
  { room: { atOnce: 0, groups: 1 }, of: 'of the groups' },
])(
  'L22 one sent alone that waits for a lock leaves its room to others, also when it is that $of; not its stream',
  async ({ room }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { append, sent, streams } = queueOf(room);
      void append('held');
      await settled();
      void append('a');
      await settled();
      expect(streams()).toEqual(['held']);
      void append('held');
      await vi.advanceTimersByTimeAsync(pace.stallMs * 3);
      await settled();
      expect(sent.map(({ how, streams: [key] }) => `${how} ${key}`)).toEqual(['alone held', 'alone a']);
    } finally {
      vi.useRealTimers();
    }
  },
);

test('who waited behind a lock as long as the one before him is told the same; who came later is sent', async () => {
  const { append, sent } = queueOf({ atOnce: 2 });
  const outcomes = [append('a'), append('a')];
  await sent[0]?.fail(new LockTimeout(undefined));
  outcomes.push(append('a'));
  const early = append('a');
  await settled();
  expect(sent).toHaveLength(2);
  await expect(outcomes[0]).rejects.toMatchObject({ code: 'LF_LOCK_TIMEOUT' });
  const late = append('b');
  await sent[2]?.answer(appended());
  await late;
  await sent[1]?.fail(new LockTimeout(undefined));
  await expect(outcomes[1]).rejects.toMatchObject({ code: 'LF_LOCK_TIMEOUT' });
  // Both came after the second was sent.
  expect(sent).toHaveLength(4);
  await sent[3]?.fail(new LockTimeout(undefined));
  await expect(outcomes[2]).rejects.toMatchObject({ code: 'LF_LOCK_TIMEOUT' });
  await expect(early).rejects.toMatchObject({ code: 'LF_LOCK_TIMEOUT' });
  expect(sent).toHaveLength(4);
});

test('an append whose expected version another one of this process has just taken is a conflict without being sent', async () => {
  const { append, sent } = queueOf();
  const [first, same, ahead, any] = [
    append('a', { expect: 3n as StreamVersion }),
    append('a', { expect: 3n as StreamVersion }),
    append('a', { expect: 4n as StreamVersion }),
    append('a'),
  ];
  await sent[0]?.answer(appended(4));
  expect(await first).toEqual(appended(4));
  expect(await same).toMatchObject({ kind: 'conflict', actual: 4n });
  await sent[1]?.answer(appended(5));
  expect(await ahead).toEqual(appended(5));
  await sent[2]?.answer(appended(6));
  expect(await any).toEqual(appended(6));
  expect(sent).toHaveLength(3);
});

test('one that a group lost around its commit is resolved alone, also when it was aborted', async () => {
  const { append, sent } = queueOf();
  const stop = new AbortController();
  void append('x');
  const [a, b] = [append('a', { signal: stop.signal }), append('b')];
  await settled();
  stop.abort(new Error('no more'));
  const lost = new Error('lost');
  await sent[1]?.answer({ lost }, { lost });
  await sent[2]?.answer(appended(1));
  await sent[3]?.answer(appended(2));
  expect(await Promise.all([a, b])).toEqual([appended(1), appended(2)]);
  expect(sent.slice(2).map(({ how }) => how)).toEqual(['resolve', 'resolve']);
});

test('when nothing of a group was sent, all of it fails alike', async () => {
  const { append, sent } = queueOf();
  void append('x');
  const outcomes = Promise.allSettled([append('a'), append('b')]);
  await settled();
  await sent[1]?.fail(new Error('no connection'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('aborting rejects at once what waits, wherever it waits; what was sent has its outcome', async () => {
  const { append, sent, streams } = queueOf();
  const stop = new AbortController();
  const signal = stop.signal;
  const underWay = append('x', { signal });
  const given = [append('a'), append('b')];
  await settled();
  const ready = append('c', { signal });
  const inLine = append('x', { signal });
  void append('x');
  stop.abort(new Error('no more'));
  for (const waiting of [ready, inLine]) await expect(waiting).rejects.toThrow('no more');
  await sent[1]?.answer(appended(1), appended(2));
  expect(await Promise.all(given)).toEqual([appended(1), appended(2)]);
  await sent[0]?.answer(appended(5));
  expect(await underWay).toEqual(appended(5));
  expect(streams()).toEqual(['x', 'a b', 'x']);
});

test('one that a group gave back unwritten is aborted like any that waits', async () => {
  const { append, sent } = queueOf();
  const stop = new AbortController();
  void append('x');
  const [a, b] = [append('a'), append('b', { signal: stop.signal })];
  await settled();
  stop.abort(new Error('no more'));
  await sent[1]?.answer('alone', 'alone');
  await expect(b).rejects.toThrow('no more');
  await sent[2]?.answer(appended(1));
  expect(await a).toEqual(appended(1));
  expect(sent).toHaveLength(3);
});

test('the queue is bounded by number and by size; what is refused was not sent, and there is room again later', async () => {
  const { append, sent } = queueOf({ limits: { appends: 2, bytes: 100 } });
  void append('x');
  void append('a');
  void append('b');
  expect(() => append('c')).toThrow(expect.objectContaining({ code: 'LF_APPEND_QUEUE_FULL', retryable: true }));
  await settled();
  void append('c', { size: 60 });
  expect(() => append('d', { size: 60 })).toThrow(expect.objectContaining({ code: 'LF_APPEND_QUEUE_FULL' }));
  await sent[1]?.answer(appended(), appended());
  void append('d', { size: 60 });
  await sent[2]?.answer(appended());
  expect(sent.flatMap(({ streams }) => streams)).toEqual(['x', 'a', 'b', 'c', 'd']);
});

test('a stored answer counts as what it answers does', async () => {
  const { append, sent } = queueOf({ limits: { appends: 100, bytes: 100 } });
  const reply = { tenant: '', key: 'k', requestHash: '', reply: 'x'.repeat(90), keepMs: 1 };
  void append('x');
  void append('a', { reply });
  expect(() => append('b', { reply: { ...reply, key: 'l' } })).toThrow(
    expect.objectContaining({ code: 'LF_APPEND_QUEUE_FULL' }),
  );
  await settled();
  await sent[1]?.answer(appended());
  void append('b', { reply: { ...reply, key: 'l' } });
});
