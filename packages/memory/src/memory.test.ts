import { streamRef } from '@leftfold/core';
import type { EncodedEvent, EventId, StoredEvent } from '@leftfold/core';
import type { Batch, Cursor, LogRecord } from '@leftfold/subscriptions';
import { describe, expect, test } from 'vitest';
import { memory } from './memory.ts';

const schema = { type: 'a.thing.happened', version: 1, fingerprint: 'f', avro: 'string' };
let drawn = 0;
const events = (count: number): readonly EncodedEvent[] =>
  Array.from({ length: count }, () => ({
    id: `event ${++drawn}` as EventId,
    schema,
    payload: '"it"',
    private: false,
    metadata: { correlationId: 'c' },
  }));
const stream = streamRef('a.thing', '1');
async function firstOf({ store }: ReturnType<typeof memory>): Promise<StoredEvent | undefined> {
  for await (const [first] of store.read(stream)) return first;
  return undefined;
}
/** The batches until `count` records came. */
async function read({ log }: ReturnType<typeof memory>, from: Cursor | 'start', count: number) {
  const batches: Batch<LogRecord>[] = [];
  const stop = new AbortController();
  const faults: unknown[] = [];
  await log.run(
    {
      name: 'test',
      from: async () => batches.at(-1)?.to ?? from,
      handle: async (batch) => {
        batches.push(batch);
        if (batches.flatMap(({ records }) => records).length >= count) stop.abort();
      },
      faulted: (_lane, error) => {
        faults.push(error);
        stop.abort();
      },
    },
    stop.signal,
  );
  if (faults[0] instanceof Error) throw faults[0];
  return batches;
}

test('two memories share nothing', async () => {
  const [first, second] = [memory(), memory()];
  await first.store.append([{ stream, expect: 'absent', events: events(1) }]);
  expect(await firstOf(second)).toBeUndefined();
  expect(await first.log.identity()).not.toEqual(await second.log.identity());
  expect(first.description).toMatch(/^memory /);
});

test('the clock is a parameter: it stamps events, and leases and stored replies run by it', async () => {
  let now = 5_000;
  const storage = memory({ now: () => now });
  const reply = { tenant: '', key: 'k', requestHash: 'h', reply: '1', keepMs: 1_000 };
  await storage.store.append([{ stream, expect: 'absent', events: events(1) }], { reply });
  expect((await firstOf(storage))?.recordedAt).toEqual(new Date(5_000));
  expect(await storage.store.reply(reply)).toBeDefined();
  now += 1_000;
  expect(await storage.store.reply(reply)).toBeUndefined();
});

test('topics follow the category, and may be chosen', async () => {
  const topicOf = async (options: Parameters<typeof memory>[0]) => {
    const storage = memory(options);
    await storage.store.append([{ stream, expect: 'absent', events: events(1) }]);
    return (await firstOf(storage))?.topic;
  };
  expect(await topicOf({})).toBe('a.thing');
  expect(await topicOf({ topic: (category) => `topic of ${category}` })).toBe('topic of a.thing');
  expect(await topicOf({ topic: () => null })).toBeNull();
});

describe('the log', () => {
  test('comes in batches of up to 500, under cursors that say log, position and, where a page is pinned, its end', async () => {
    const storage = memory({ limits: { appendEvents: 1_100 } });
    await storage.store.append([{ stream, expect: 'absent', events: events(1_100) }]);
    const { id } = await storage.log.identity();
    const batches = await read(storage, 'start', 1_100);
    expect(batches.map(({ from, at, to, records }) => [from, at, to, records.length])).toEqual([
      ['start', `m1/${id}/0..500`, `m1/${id}/500`, 500],
      [`m1/${id}/500`, `m1/${id}/500..1000`, `m1/${id}/1000`, 500],
      [`m1/${id}/1000`, `m1/${id}/1000..1100`, `m1/${id}/1100`, 100],
    ]);
  });
  test('gives a pinned page again with the same end, though there is more by now', async () => {
    const storage = memory();
    await storage.store.append([{ stream, expect: 'absent', events: events(3) }]);
    const [first] = await read(storage, 'start', 3);
    await storage.store.append([{ stream, expect: 'present', events: events(4) }]);
    const [again, rest] = await read(storage, first?.at ?? 'start', 7);
    expect([again?.at, again?.to, again?.records.length]).toEqual([first?.at, first?.to, 3]);
    expect([rest?.from, rest?.records.length]).toEqual([first?.to, 4]);
  });
  test.each([
    ['LF_CURSOR_INVALID', () => 'k1/0/0'],
    ['LF_OTHER_LOG', () => 'm1/another/0'],
    ['LF_AHEAD_OF_LOG', (id: string) => `m1/${id}/4`],
    ['LF_AHEAD_OF_LOG', (id: string) => `m1/${id}/1..4`],
  ])('stops with %s at a cursor that is not its own', async (code, cursor) => {
    const storage = memory();
    await storage.store.append([{ stream, expect: 'absent', events: events(3) }]);
    const at = cursor((await storage.log.identity()).id) as Cursor;
    await expect(read(storage, at, 1)).rejects.toMatchObject({ code });
  });
});
