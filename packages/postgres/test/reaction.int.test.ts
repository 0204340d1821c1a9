import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, EventStore } from '@leftfold/core';
import { followReaction, reaction, reactionFollower, replay } from '@leftfold/subscriptions';
import type { AnyReaction, FollowReactionOptions, ReplayPolicy, Running } from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { within } from '@leftfold/postgres';
import { testLog, type FreshLog } from './fresh-log.ts';

const paid = event('shop.order.paid', { n: t.int() });
async function pay(store: EventStore, order: string, ...ns: readonly number[]): Promise<void> {
  const events = ns.map((n) => encodeEvent(paid, paid({ n }), uuidV7() as EventId, { correlationId: 'test' }));
  await store.append([{ stream: streamRef('shop.order', order, ''), expect: 'any', events }]);
}
async function following(definition: AnyReaction, options: FollowReactionOptions): Promise<Running> {
  const running = await followReaction(definition, options);
  onTestFinished(() => running.stop());
  return running;
}
function recording(policy: ReplayPolicy) {
  const seen: [n: number, replaying: boolean][] = [];
  /** Effects that hang until they are told to end. */
  const hanging = { from: Infinity };
  const definition = reaction('mail', { replay: policy, from: 'start' }).on(paid, async ({ data }, effect) => {
    const { signal } = effect;
    if (data.n >= hanging.from)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    seen.push([data.n, effect.replaying]);
  });
  return { seen, hanging, definition };
}
/** An append whose transaction goes on: its positions are drawn, its commit comes later. */
async function heldAppend({ connect, storage }: FreshLog, order: string, n: number): Promise<() => Promise<void>> {
  const client = await connect();
  await client.query('begin');
  await pay(within(client, storage.store), order, n);
  return async () => void (await client.query('commit'));
}
const sorted = (seen: readonly (readonly [number, boolean])[]) => seen.toSorted(([a], [b]) => a - b);

test.each(['skip', 'run', 'collect'] as const)(
  "C9 around gaps: '%s' takes nothing for a replay that was not visible where it stood, though its position is lower, also in the middle of a window",
  async (policy) => {
    const log = await testLog({ batchSize: 10, lanes: 2 });
    const { storage } = log;
    const { seen, hanging, definition } = recording(policy);
    const first = await following(definition, { from: storage.log, storage });
    await Promise.all(['a', 'b', 'c', 'd'].map((order, i) => pay(storage.store, order, i)));
    const late = await heldAppend(log, 'late', 100);
    await Promise.all(['e', 'f', 'g', 'h'].map((order, i) => pay(storage.store, order, 4 + i)));
    await vi.waitUntil(() => seen.length === 8, { timeout: 10_000 });
    await first.stop();
    // One window of many pages, left in the middle of it, and in the middle of a page: the effects of one stream hang as the process stops.
    hanging.from = 225;
    for (let n = 0; n < 6; n++)
      await pay(storage.store, `m${n}`, ...Array.from({ length: 10 }, (_, i) => 200 + n * 10 + i));
    const some = await followReaction(definition, { from: storage.log, storage });
    await vi.waitUntil(() => seen.some(([n]) => n === 224), { timeout: 10_000 });
    await some.stop();
    hanging.from = Infinity;
    const saved = (await storage.checkpoints.list(reactionFollower(definition))).map(({ cursor }) => cursor);
    expect(saved.some((cursor) => !cursor.includes('/-/'))).toBe(true);
    const before = new Set(seen.map(([n]) => n));
    expect(before.has(100)).toBe(false);
    const twice = seen.length - before.size;
    seen.length = 0;

    expect(await replay(definition, { from: storage.log, storage, as: policy })).toHaveLength(2);
    await late();
    await pay(storage.store, 'a', 300);
    const next = await following(definition, { from: storage.log, storage: log.open({ batchSize: 10, lanes: 2 }) });
    await next.caughtUp();
    expect(twice).toBe(0);
    const all = [...Array(8).keys(), 100, ...Array.from({ length: 60 }, (_, i) => 200 + i), 300];
    const expected = all.flatMap((n): [number, boolean][] =>
      before.has(n) ? (policy === 'run' ? [[n, true]] : []) : [[n, false]],
    );
    expect(sorted(seen)).toEqual(expected);
    const collected = await storage.parked.list({ limit: 100 });
    const count = collected.reduce((sum, { events }) => sum + events, 0);
    expect(count).toBe(policy === 'collect' ? before.size : 0);
  },
);

test("a reaction from 'now' begins where the log stood: a transaction that was open then, with lower positions, is new", async () => {
  const log = await testLog();
  const { storage } = log;
  const seen: number[] = [];
  const definition = reaction('mail', { replay: 'skip' }).on(paid, async ({ data }) => seen.push(data.n));
  await pay(storage.store, 'a', 1);
  const late = await heldAppend(log, 'late', 2);
  await pay(storage.store, 'b', 3);
  const running = await following(definition, { from: storage.log, storage });
  await late();
  await pay(storage.store, 'a', 4);
  await running.caughtUp();
  expect(seen.toSorted((a, b) => a - b)).toEqual([2, 4]);
});

test('C5 C6 a stream whose effect fails is parked and goes on by request, in order, by another process', async () => {
  const log = await testLog();
  const { storage } = log;
  const seen: number[] = [];
  let isMended = false;
  const definition = reaction('mail', { replay: 'skip', from: 'start', recovery: { live: { kind: 'park' } } }).on(
    paid,
    async ({ data, stream }) => {
      if (stream.key === 'a' && !isMended) throw new TypeError('no such address');
      seen.push(data.n);
    },
  );
  const first = await following(definition, { from: storage.log, storage });
  await pay(storage.store, 'a', 1, 2);
  await pay(storage.store, 'b', 11);
  await first.caughtUp();
  await first.stop();
  const second = await following(definition, { from: storage.log, storage: log.open({}) });
  await pay(storage.store, 'a', 3);
  await second.caughtUp();
  expect(seen).toEqual([11]);
  const [head] = await storage.parked.list({ limit: 10 });
  expect(head).toMatchObject({ events: 3, cause: { code: 'TypeError' } });
  isMended = true;
  await storage.parked.request(head as never, { kind: 'retry', by: 'ops' });
  await vi.waitUntil(async () => (await storage.parked.list({ limit: 1 })).length === 0, { timeout: 10_000 });
  await pay(storage.store, 'a', 4);
  await second.caughtUp();
  expect(seen).toEqual([11, 1, 2, 3, 4]);
});
