import { kafkaKey, partitionHash, streamRef, t } from '@leftfold/core';
import type { ReadToken } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import { follow, freshness, joinTokens, projection, relay } from '@leftfold/subscriptions';
import type { Source } from '@leftfold/subscriptions';
import { describe, expect, test, vi } from 'vitest';
import { counted, elsewhere, hidden, noted, notes, other, rowsOf, secrets, stopped, write } from './desk.ts';

const notYet = { code: 'LF_NOT_YET_APPLIED', retryable: true };

describe('a write is waited for', () => {
  test.each([1, 4])('until a follower of this process has applied it, over %i lanes', async (lanes) => {
    const storage = memory({ lanes });
    stopped(await follow(notes, { from: storage.log, storage }));
    for (let n = 0; n < 20; n++) {
      const token = await write(storage, [`a${n}`, `b${n}`], noted({ text: String(n) }));
      await freshness({ storage }).applied(token, [notes]);
      const rows = rowsOf(storage, notes);
      expect(rows).toHaveLength(2 * (n + 1));
    }
  });

  test('until a follower of another process has', async () => {
    const storage = memory();
    const token = await write(storage, 'a', noted({ text: 'x' }));
    const applied = freshness({ storage: elsewhere(storage) }).applied(token, [notes]);
    stopped(await follow(notes, { from: storage.log, storage }));
    await applied;
    expect(rowsOf(storage, notes)).toHaveLength(1);
  });

  test('through the relay, when it is fed from a topic', async () => {
    const storage = memory({ lanes: 2 });
    const broker = memoryBroker();
    const fresh = freshness({ storage, brokers: [broker] });
    const first = await write(storage, 'a', noted({ text: 'x' }));
    stopped(await follow(notes, { from: broker.source, storage }));
    await expect(fresh.applied(first, [notes], { timeoutMs: 30 })).rejects.toMatchObject({
      ...notYet,
      followers: [{ name: 'notes', version: 1 }],
    });
    stopped(await relay({ storage, to: broker, service: 'desk' }));
    await fresh.applied(first, [notes]);
    for (let n = 0; n < 10; n++) {
      const token = await write(storage, [`a${n}`, `b${n}`, `c${n}`], noted({ text: 'y' }));
      await fresh.applied(token, [notes]);
      expect(rowsOf(storage, notes)).toHaveLength(1 + 3 * (n + 1));
    }
  });

  test('by its numbers while the relay is still sending it, with others, and has not saved that', async () => {
    const storage = memory();
    const release = Promise.withResolvers<void>();
    const partitionOf = (key: string): number => partitionHash(kafkaKey('', streamRef('desk.note', key).id)) % 2;
    const [sent, unsent] = [0, 1].map((partition) =>
      ['a', 'b', 'c', 'd', 'e'].find((key) => partitionOf(key) === partition),
    );
    const broker = memoryBroker({
      partitions: 2,
      fail: async ([first]) => void (first?.partition === 1 && (await release.promise)),
    });
    const fresh = freshness({ storage, brokers: [broker] });
    const tokens = [
      await write(storage, sent as string, noted({ text: 'x' })),
      await write(storage, unsent as string, noted({ text: 'y' })),
    ] as const;
    stopped(await follow(notes, { from: broker.source, storage }));
    stopped(await relay({ storage, to: broker, service: 'desk' }));
    await fresh.applied(tokens[0], [notes]);
    expect(rowsOf(storage, notes)).toHaveLength(1);
    await expect(fresh.applied(tokens[1], [notes], { timeoutMs: 30 })).rejects.toMatchObject(notYet);
    release.resolve();
    await fresh.applied(tokens[1], [notes]);
    expect(rowsOf(storage, notes)).toHaveLength(2);
  });

  test('by several projections, and for several writes of one client', async () => {
    const storage = memory();
    const tokens = [
      await write(storage, 'a', noted({ text: 'x' })),
      await write(storage, 'b', hidden({ text: 'y' })),
      await write(storage, 'c', other({ colour: 'red' })),
    ];
    const applied = freshness({ storage }).applied(joinTokens(tokens), [notes, secrets]);
    stopped(await follow(notes, { from: storage.log, storage }));
    stopped(await follow(secrets, { from: storage.log, storage }));
    await applied;
    expect(rowsOf(storage, notes)).toHaveLength(1);
    expect(rowsOf(storage, secrets)).toHaveLength(1);
  });

  test('also where it is private, by a projection that follows the log', async () => {
    const storage = memory();
    const token = await write(storage, 'b', hidden({ text: 'y' }));
    await expect(freshness({ storage }).applied(token, [secrets], { timeoutMs: 20 })).rejects.toMatchObject(notYet);
    stopped(await follow(secrets, { from: storage.log, storage }));
    await freshness({ storage }).applied(token, [secrets]);
    expect(rowsOf(storage, secrets)).toHaveLength(1);
  });

  test('more than a header holds, as everything that is in the log', async () => {
    const storage = memory({ lanes: 2 });
    const tokens: ReadToken[] = [];
    for (let n = 0; n < 60; n++) tokens.push(await write(storage, `n${n}`, noted({ text: 'x' })));
    const token = joinTokens(tokens) as ReadToken;
    expect(token.endsWith('.all')).toBe(true);
    await expect(freshness({ storage }).applied(token, [notes], { timeoutMs: 20 })).rejects.toMatchObject(notYet);
    stopped(await follow(notes, { from: storage.log, storage }));
    await freshness({ storage }).applied(token, [notes]);
    expect(rowsOf(storage, notes)).toHaveLength(60);
  });
  test('the same from a topic', async () => {
    const storage = memory({ lanes: 2 });
    const broker = memoryBroker();
    const fresh = freshness({ storage, brokers: [broker] });
    const tokens: ReadToken[] = [];
    for (let n = 0; n < 60; n++) tokens.push(await write(storage, `n${n}`, noted({ text: 'x' })));
    stopped(await follow(notes, { from: broker.source, storage }));
    const applied = fresh.applied(joinTokens(tokens), [notes]);
    stopped(await relay({ storage, to: broker, service: 'desk' }));
    await applied;
    expect(rowsOf(storage, notes)).toHaveLength(60);
  });
});

describe('nothing is waited for', () => {
  test('where nothing of the write concerns the projection, though nobody follows', async () => {
    const { storage, looks } = counted(memory());
    const token = await write(storage, 'a', other({ colour: 'red' }));
    await freshness({ storage }).applied(token, [notes, secrets]);
    expect(looks).toHaveLength(1);
  });
  test('where nothing was written, or nobody is asked for', async () => {
    const { storage, looks } = counted(memory());
    await freshness({ storage }).applied(undefined, [notes]);
    await freshness({ storage }).applied('lf0', [notes]);
    await freshness({ storage }).applied(await write(storage, 'a', noted({ text: 'x' })), []);
    expect(looks).toEqual([]);
  });
  test('where the projection is applied inline', async () => {
    const storage = memory({ inline: [notes] });
    const token = await write(storage, 'a', noted({ text: 'x' }));
    await freshness({ storage }).applied(token, [notes]);
    expect(rowsOf(storage, notes)).toHaveLength(1);
  });
  test('by who has given up already', async () => {
    const { storage, looks } = counted(memory());
    const token = await write(storage, 'a', noted({ text: 'x' }));
    const gone = new Error('gone');
    await expect(freshness({ storage }).applied(token, [notes], { signal: AbortSignal.abort(gone) })).rejects.toBe(
      gone,
    );
    expect(looks).toEqual([]);
  });
});

test('waiting ends when its signal aborts, and leaves nothing behind', async () => {
  const { storage, looks } = counted(memory());
  const token = await write(storage, 'a', noted({ text: 'x' }));
  const leaving = new AbortController();
  const waiting = freshness({ storage }).applied(token, [notes], { signal: leaving.signal });
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(1), { timeout: 20_000 });
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  const before = looks.length;
  await expect(freshness({ storage }).applied(token, [notes], { timeoutMs: 0 })).rejects.toMatchObject(notYet);
  expect(looks.length).toBe(before + 1);
});

test('who has gone while it was asked what queries read is not waited for', async () => {
  const { storage, looks } = counted(memory());
  const token = await write(storage, 'a', noted({ text: 'x' }));
  const leaving = new AbortController();
  const waiting = freshness({ storage }).applied(token, [notes], { signal: leaving.signal });
  leaving.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(looks).toEqual([]);
});

test('a thousand who wait share each look; who waits alone asks no more of it', async () => {
  const { storage, looks } = counted(memory());
  const fresh = freshness({ storage });
  const tokens: ReadToken[] = [];
  for (let n = 0; n < 1_000; n++) tokens.push(await write(storage, `n${n}`, noted({ text: 'x' })));
  const waiting = tokens.map((token) => fresh.applied(token, [notes], { timeoutMs: 10_000 }));
  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(2), { timeout: 20_000 });
  expect(looks[0]?.transactions).toHaveLength(1_000);
  // What they wrote is known by then.
  expect(looks[1]).toEqual({ followers: [{ name: 'notes', version: 1 }], transactions: [] });
  stopped(await follow(notes, { from: storage.log, storage }));
  await Promise.all(waiting);
});

test('a follower of this process is heard, not asked: the look before it has moved is the last', async () => {
  const { storage, looks } = counted(memory());
  const running = stopped(await follow(notes, { from: storage.log, storage }));
  await write(storage, 'a', noted({ text: 'x' }));
  await running.caughtUp();
  let most = 0;
  for (let n = 0; n < 20; n++) {
    looks.length = 0;
    await freshness({ storage }).applied(await write(storage, 'a', noted({ text: 'y' })), [notes]);
    most = Math.max(most, looks.length);
  }
  expect(most).toBe(1);
});

describe('a token is refused', () => {
  test('that is of another log: LF_TOKEN_FOREIGN', async () => {
    const token = await write(memory(), 'a', noted({ text: 'x' }));
    const storage = memory();
    const foreign = { code: 'LF_TOKEN_FOREIGN', retryable: false };
    await expect(freshness({ storage }).applied(token, [notes])).rejects.toMatchObject(foreign);
    await expect(freshness({ storage }).applied(`lf1.${token.split('.')[1]}.all`, [notes])).rejects.toMatchObject(
      foreign,
    );
  });
  test('that names a transaction which the log has not given out, or a generation to come', async () => {
    const storage = memory();
    const token = await write(storage, 'a', noted({ text: 'x' }));
    for (const forged of [token.replace('.1.', '.900.'), token.replace(/1$/, '2')])
      await expect(freshness({ storage }).applied(forged, [notes])).rejects.toMatchObject({ code: 'LF_TOKEN_FOREIGN' });
  });
  test('that is none: LF_TOKEN_INVALID', async () => {
    await expect(freshness({ storage: memory() }).applied('x', [notes])).rejects.toMatchObject({
      code: 'LF_TOKEN_INVALID',
    });
  });
  test('it harms nobody who waits beside it', async () => {
    const storage = memory();
    const token = await write(storage, 'a', noted({ text: 'x' }));
    const fresh = freshness({ storage });
    const waiting = fresh.applied(token, [notes]);
    await expect(fresh.applied(token.replace('.1.', '.900.'), [notes])).rejects.toMatchObject({
      code: 'LF_TOKEN_FOREIGN',
    });
    stopped(await follow(notes, { from: storage.log, storage }));
    await waiting;
  });
});

test('of a projection that is fed from a broker nothing is guessed without it: LF_FRESHNESS_UNKNOWN', async () => {
  const storage = memory();
  const broker = memoryBroker();
  stopped(await relay({ storage, to: broker, service: 'desk' }));
  const running = stopped(await follow(notes, { from: broker.source, storage }));
  const token = await write(storage, 'a', noted({ text: 'x' }));
  await freshness({ storage, brokers: [broker] }).applied(token, [notes]);
  await running.caughtUp();
  const without: readonly { readonly source: Source }[] = [];
  const next = await write(storage, 'b', noted({ text: 'x' }));
  await expect(
    freshness({ storage: elsewhere(storage), brokers: without }).applied(next, [notes]),
  ).rejects.toMatchObject({
    code: 'LF_FRESHNESS_UNKNOWN',
  });
});

test('one that was moved to the log is waited for there, though its places in topics stay and their broker is gone', async () => {
  const storage = memory();
  const broker = memoryBroker();
  const relaying = stopped(await relay({ storage, to: broker, service: 'desk' }));
  const before = stopped(await follow(notes, { from: broker.source, storage }));
  await freshness({ storage, brokers: [broker] }).applied(await write(storage, 'a', noted({ text: 'x' })), [notes]);
  await Promise.all([before.stop(), relaying.stop()]);
  const moved = await follow(notes, { from: storage.log, storage });
  await moved.caughtUp();
  await moved.stop();
  const { storage: asked, looks } = counted(storage);
  const token = await write(storage, 'a', noted({ text: 'y' }));
  const applied = freshness({ storage: asked }).applied(token, [notes]);
  await Promise.race([
    applied,
    vi.waitFor(() => expect(looks.length).toBeGreaterThan(1), { interval: 5, timeout: 20_000 }),
  ]);
  stopped(await follow(notes, { from: storage.log, storage }));
  await applied;
  expect(rowsOf(storage, notes)).toEqual([{ id: 'a', text: 'y' }]);
});

test.each([-1, 1.5, Number.NaN, 300_001])('a time-out of %s is out of bounds', async (timeoutMs) => {
  await expect(freshness({ storage: memory() }).applied('lf0', [notes], { timeoutMs })).rejects.toMatchObject({
    code: 'LF_OPTION_OUT_OF_RANGE',
  });
});

test('a projection is waited for in the version that queries read, which another release may feed', async () => {
  const storage = memory();
  const versioned = (version: number) =>
    projection('versioned', { version, key: 'id', row: { id: t.string() } }).upsert(noted, (_, { stream }) => ({
      id: stream.key,
    }));
  const [ours, theirs] = [versioned(1), versioned(2)];
  const fresh = freshness({ storage });
  stopped(await follow(ours, { from: storage.log, storage }));
  await fresh.applied(await write(storage, 'a', noted({ text: 'x' })), [ours]);
  const newer = stopped(await follow(theirs, { from: storage.log, storage }));
  await vi.waitFor(async () => expect(await storage.versions.bound(ours.tables)).toBe(2), { timeout: 10_000 });
  const token = await write(storage, 'b', noted({ text: 'x' }));
  await fresh.applied(token, [ours]);
  expect(rowsOf(storage, theirs)).toHaveLength(2);
  await newer.stop();
});
