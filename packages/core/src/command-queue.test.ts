import { expect, test, vi } from 'vitest';
import { inTurn } from './command-queue.ts';
import type { EventStore } from './event-store.ts';
import { streamRef } from './stream-id.ts';

const stream = streamRef('orders.order', 'o1');
/** The queue only asks which store it is. */
const aStore = (): EventStore => ({}) as EventStore;

/** A piece of work that ends when it is told to. */
function work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let hasBegun = false;
  return {
    run: () => ((hasBegun = true), promise),
    end: resolve,
    get hasBegun() {
      return hasBegun;
    },
  };
}

test('the commands of a stream run one after the other, in the order they came, also after one that failed', async () => {
  const store = aStore();
  const order: number[] = [];
  const all = [1, 2, 3, 4].map((n) =>
    inTurn(store, [stream], async () => {
      order.push(n);
      await Promise.resolve();
      order.push(-n);
      if (n === 2) throw new Error('two');
      return n;
    }),
  );
  const ends = await Promise.allSettled(all);
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : 'failed'))).toEqual([1, 'failed', 3, 4]);
  expect(order).toEqual([1, -1, 2, -2, 3, -3, 4, -4]);
});
test('another stream, another tenant and another store are not held up', async () => {
  const store = aStore();
  const slow = work();
  const first = inTurn(store, [stream], slow.run);
  await inTurn(store, [streamRef('orders.order', 'o2')], async () => {});
  await inTurn(store, [streamRef('orders.order', 'o1', 'acme')], async () => {});
  await inTurn(aStore(), [stream], async () => {});
  slow.end();
  await first;
});
test('a command that is aborted before its turn gives up at once, is not done, and lets nobody pass', async () => {
  const store = aStore();
  const [slow, givenUp, later] = [work(), work(), work()];
  const first = inTurn(store, [stream], slow.run);
  const aborting = new AbortController();
  const second = inTurn(store, [stream], givenUp.run, aborting.signal);
  const third = inTurn(store, [stream], later.run, new AbortController().signal);
  const reason = new Error('the client has gone');
  aborting.abort(reason);
  await expect(second).rejects.toBe(reason);
  await expect(inTurn(store, [stream], givenUp.run, aborting.signal)).rejects.toBe(reason);
  expect(later.hasBegun).toBe(false);
  slow.end();
  await first;
  later.end();
  await third;
  expect(givenUp.hasBegun).toBe(false);
});
test('a command on several streams waits for those before it on each of them, and holds up those after it on any', async () => {
  const store = aStore();
  const other = streamRef('orders.order', 'o2');
  const [first, second, both, after] = [work(), work(), work(), work()];
  const all = [
    inTurn(store, [stream], first.run),
    inTurn(store, [other], second.run),
    inTurn(store, [stream, other], both.run),
    inTurn(store, [other], after.run),
  ];
  second.end();
  await all[1];
  expect([both.hasBegun, after.hasBegun]).toEqual([false, false]);
  first.end();
  await vi.waitUntil(() => both.hasBegun, { timeout: 20_000 });
  expect(after.hasBegun).toBe(false);
  both.end();
  after.end();
  await Promise.all(all);
});
test('commands on the same streams in any order never wait for each other', async () => {
  const store = aStore();
  const streams = ['a', 'b', 'c'].map((key) => streamRef('orders.order', key));
  let underWay = 0;
  const run = async (): Promise<void> => {
    expect(++underWay).toBe(1);
    await Promise.resolve();
    underWay -= 1;
  };
  const turned = Array.from({ length: 30 }, (_, n) => [...streams.slice(n % 3), ...streams.slice(0, n % 3)]);
  // Two of three each time, so that any two commands meet.
  await Promise.all(turned.map((of) => inTurn(store, of.slice(0, 2), run)));
});
