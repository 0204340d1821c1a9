import { setImmediate as turn } from 'node:timers/promises';
import { memory, memoryBroker } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { relay, SharedSource } from '@leftfold/subscriptions';
import type { Cursor, Lane, Reader, Source } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { seeded } from './restless.ts';
import { append, paid, placed } from './shop.ts';
import { Watcher } from './watcher.ts';

const SLOWLY = { timeout: 20_000, interval: 2 };
const seed = Number(process.env['LEFTFOLD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const lost = (): Error => Object.assign(new Error('made up'), { code: 'LF_LANE_LOST', retryable: true });

/** Runs until the test ends, or until it is called. */
function run(source: Source, reader: Reader): () => Promise<void> {
  const stop = new AbortController();
  const running = source.run(reader, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  onTestFinished(end);
  return end;
}
const shared = (of: Source): Source => new SharedSource(of, { name: 'all' });
const write = async ({ store }: MemoryStorage, orders: number, times = 1): Promise<void> => {
  for (let n = 0; n < times; n++)
    for (let order = 0; order < orders; order++)
      await append(store, `o${order}`, n === 0 ? [placed({ customer: 'ann' })] : [paid({ customer: 'ann', cents: n })]);
};
/** The readings of a source, bounded ones too. */
function counted(source: Source): { readonly source: Source; readonly readings: Reader[] } {
  const readings: Reader[] = [];
  const watched = new Proxy(source, {
    get: (target, name) => {
      if (name === 'run')
        return (reader: Reader, signal: AbortSignal) => (readings.push(reader), target.run(reader, signal));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { source: watched, readings };
}

test('one that is slow is left behind after a moment; what it missed is still here when it comes back', async () => {
  const storage = memory();
  const { source, readings } = counted(storage.log);
  const [quick, slow, third] = ['quick', 'slow', 'third'].map((name) => new Watcher(name)) as [
    Watcher,
    Watcher,
    Watcher,
  ];
  const gate = Promise.withResolvers<void>();
  slow.before = () => gate.promise;
  const all = shared(source);
  for (const one of [quick, slow, third]) run(all, one);
  for (let n = 1; n <= 5; n++) {
    await append(storage.store, 'o1', [paid({ customer: 'ann', cents: n })]);
    await vi.waitFor(() => expect([quick.count, third.count]).toEqual([n, n]), SLOWLY);
  }
  expect(slow.count).toBe(0);
  gate.resolve();
  await vi.waitFor(() => expect(slow.count).toBe(5), SLOWLY);
  expect(slow.wrong(5)).toEqual([]);
  expect(readings).toHaveLength(1);
});
test('who is far behind is read for aside, together with who stands at the same place, and joins', async () => {
  const storage = memory();
  const { source, readings } = counted(storage.log);
  await write(storage, 40, 50);
  const [head] = [...(await storage.log.head())];
  const [ahead, one, two] = ['ahead', 'one', 'two'].map((name) => new Watcher(name)) as [Watcher, Watcher, Watcher];
  if (head) ahead.places.set(...head);
  const all = shared(source);
  for (const each of [ahead, one, two]) run(all, each);
  await vi.waitFor(() => expect([one.count, two.count]).toEqual([2_000, 2_000]), SLOWLY);
  expect(readings.map(({ until }) => until !== undefined)).toEqual([false, true]);
  await append(storage.store, 'o1', [paid({ customer: 'ann', cents: 1 })]);
  await vi.waitFor(() => expect([ahead.count, one.count, two.count]).toEqual([1, 2_001, 2_001]), SLOWLY);
  expect(readings).toHaveLength(2);
});
test('one that comes back at the head does not wait for those that begin at the start', async () => {
  const storage = memory();
  await write(storage, 20, 60);
  const [head] = [...(await storage.log.head())];
  const gate = Promise.withResolvers<void>();
  const [slow, back] = [new Watcher('slow'), new Watcher('back')];
  slow.before = () => gate.promise;
  if (head) back.places.set(...head);
  const all = shared(storage.log);
  run(all, slow);
  const claimed = Promise.withResolvers<void>();
  back.beforeFrom = () => claimed.promise;
  run(all, back);
  // The head has been opened for the slow one alone.
  await new Promise((resolve) => setTimeout(resolve, 80));
  claimed.resolve();
  await append(storage.store, 'o1', [paid({ customer: 'ann', cents: 1 })]);
  await vi.waitFor(() => expect(back.count).toBe(1), SLOWLY);
  gate.resolve();
  await vi.waitFor(() => expect(slow.count).toBe(1_201), SLOWLY);
});
test('a place from which nothing can be read stops its follower alone', async () => {
  const storage = memory();
  await write(storage, 3, 3);
  const [bad, good] = [new Watcher('bad'), new Watcher('good')];
  const [lane] = [...(await storage.log.head()).keys()] as [Lane];
  bad.places.set(lane, 'm1/another/7' as Cursor);
  const all = shared(storage.log);
  run(all, bad);
  await vi.waitFor(() => expect(bad.told).toEqual(['0 LF_OTHER_LOG for good']), SLOWLY);
  run(all, good);
  await vi.waitFor(() => expect(good.count).toBe(9), SLOWLY);
  expect([good.told, bad.told.length]).toEqual([[], 1]);
});
test('a follower that ends takes nothing of the others; the last one ends the reading', async () => {
  const storage = memory();
  const [one, two] = [new Watcher('one'), new Watcher('two')];
  const all = shared(storage.log);
  const end = run(all, one);
  const endTwo = run(all, two);
  await write(storage, 3);
  await vi.waitFor(() => expect([one.count, two.count]).toEqual([3, 3]), SLOWLY);
  await end();
  await write(storage, 3);
  await vi.waitFor(() => expect(two.count).toBe(6), SLOWLY);
  await endTwo();
  const three = new Watcher('three');
  run(all, three);
  await vi.waitFor(() => expect(three.count).toBe(6), SLOWLY);
});

/** What happens to a set of followers, drawn from a seed: they are slow, lose their places, come and go, are behind. */
async function play(playSeed: number, of: 'log' | 'broker'): Promise<void> {
  const random = seeded(playSeed);
  const draw = (most: number): number => Math.floor(random() * most);
  const storage = memory({ lanes: of === 'log' ? 2 : 1 });
  const broker = memoryBroker({ partitions: 3 });
  const source = shared(of === 'log' ? storage.log : broker.source);
  const relayed = await relay({ storage, to: broker, service: 'shop' });
  let isCalm = false;
  const watchers = Array.from({ length: 2 + draw(5) }, (_, i) => {
    const watcher = new Watcher(`watcher ${i}`);
    watcher.beforeFrom = async () => {
      for (let n = isCalm ? 0 : draw(10); n > 0; n--) await turn();
    };
    watcher.before = async (_batch, signal) => {
      for (let n = isCalm ? 0 : draw(6); n > 0; n--) await turn();
      if (isCalm || random() < 0.8) return;
      if (random() < 0.5) throw lost();
      // In trouble for longer than anybody waits.
      await new Promise<void>((resolve) => {
        setTimeout(resolve, draw(150));
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    };
    return watcher;
  });
  const living = new Map<Watcher, { readonly stop: AbortController; readonly running: Promise<void> }>();
  const begin = (watcher: Watcher): void => {
    const stop = new AbortController();
    living.set(watcher, { stop, running: source.run(watcher, stop.signal) });
  };
  const end = async (watcher: Watcher): Promise<void> => {
    const life = living.get(watcher);
    living.delete(watcher);
    life?.stop.abort();
    await life?.running;
  };
  // On a broker, lanes go to and fro as another process of the same group comes and goes.
  const others: AbortController[] = [];
  const rival: Reader = {
    name: 'all',
    from: (_lane, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    handle: async () => {},
    faulted: () => {},
  };
  try {
    const orders = 2 + draw(8);
    const each = 5 + draw(20);
    for (let n = 0; n < each; n++) {
      for (let order = 0; order < orders; order++) {
        await append(
          storage.store,
          `o${order}`,
          n === 0 ? [placed({ customer: 'ann' })] : [paid({ customer: 'ann', cents: n })],
        );
        const watcher = watchers[draw(watchers.length)] as Watcher;
        const what = random();
        if (what < 0.1) {
          if (living.has(watcher)) await end(watcher);
          else begin(watcher);
        } else if (what < 0.13 && of === 'broker') {
          const other = new AbortController();
          others.push(other);
          void broker.source.run(rival, other.signal).catch(() => {});
        } else if (what < 0.17) others.pop()?.abort();
        else if (what < 0.3) await turn();
      }
    }
    isCalm = true;
    for (const other of others) other.abort();
    for (const watcher of watchers) if (!living.has(watcher)) begin(watcher);
    await vi.waitFor(
      () => expect(watchers.map(({ count }) => count)).toEqual(watchers.map(() => orders * each)),
      SLOWLY,
    );
    for (const watcher of watchers) {
      expect([watcher.seen.size, watcher.wrong(each)]).toEqual([orders, []]);
      expect(watcher.told).toEqual([]);
    }
  } finally {
    for (const other of others) other.abort();
    await Promise.all([...living.keys()].map(end));
    await relayed.stop();
  }
}
for (const of of ['log', 'broker'] as const)
  test(`each follower sees every event of a ${of} exactly once, in order, whatever becomes of it and of the others (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), (playSeed) => play(playSeed, of)),
      { numRuns: 12, seed, endOnFailure: true },
    );
  }, 60_000);
test('a source that cannot begin stops all of them, as it stops one', async () => {
  const storage = memory();
  const refused = Object.assign(new Error('made up'), { code: 'LF_GAP', retryable: false });
  let runs = 0;
  const source: Source = {
    name: 'log of a test',
    ownership: 'leased',
    head: () => storage.log.head(),
    hasPassed: () => true,
    restore: async () => [],
    run: (reader, signal) => {
      runs += 1;
      reader.faulted('0' as Lane, refused, null);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  };
  const [one, two] = [new Watcher('one'), new Watcher('two')];
  const all = shared(source);
  for (const each of [one, two]) run(all, each);
  await vi.waitFor(() => expect([one.told, two.told]).toEqual([['0 LF_GAP for good'], ['0 LF_GAP for good']]), SLOWLY);
  expect(runs).toBe(1);
});
test('while a source is in trouble all are told, those that have no place yet, too; and when it reads again', async () => {
  const storage = memory();
  let hasFailed = false;
  const recovered: string[] = [];
  const source: Source = new Proxy(storage.log, {
    get: (target, name) => {
      if (name === 'run')
        return (reader: Reader, signal: AbortSignal) => {
          if (!hasFailed) reader.faulted('0' as Lane, lost(), 50);
          hasFailed = true;
          reader.recovered?.('0' as Lane);
          return target.run(reader, signal);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const watchers = ['one', 'two'].map((name) => new Watcher(name));
  const all = shared(source);
  for (const each of watchers)
    run(
      all,
      Object.assign(each, {
        recovered: () => void recovered.push(each.name),
      }),
    );
  await vi.waitFor(() => expect(recovered).toContain('one'), SLOWLY);
  expect(watchers[0]?.told).toEqual(['0 LF_LANE_LOST']);
});

test('L16 who was at work when the source asked for places is asked, too: its own is of before', async () => {
  const lane = '0' as Lane;
  const [quick, slow] = ['quick', 'slow'].map((name) => new Watcher(name)) as [Watcher, Watcher];
  const [done, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun = Promise.withResolvers<Cursor | 'start'>();
  // In the first generation the slow one deals with a batch; meanwhile all saved places are carried over to the second.
  const source: Source = {
    name: 'log of a test',
    ownership: 'leased',
    head: async () => new Map(),
    hasPassed: (a, b) => a.split('/')[0] === b.split('/')[0] && a >= b,
    restore: async () => [],
    run: async (reader, signal) => {
      const [at, to] = ['1/0', '1/1'] as Cursor[] as [Cursor, Cursor];
      await reader.handle({ lane, records: [], from: await reader.from(lane, signal), at, to }, signal);
      quick.beforeFrom = () => last.promise;
      slow.beforeFrom = async () => void slow.places.set(lane, '2/1' as Cursor);
      const asked = reader.from(lane, signal);
      done.resolve();
      begun.resolve(await asked);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  slow.before = () => done.promise;
  const all = shared(source);
  for (const each of [quick, slow]) run(all, each);
  expect(await begun.promise).toBe('2/1');
  last.resolve();
});

test('a follower that comes while the last one ends does not hold it', async () => {
  const [leaving, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const storage = memory();
  const source = new Proxy(storage.log, {
    get: (target, name) => {
      if (name === 'run')
        return async (reader: Reader, signal: AbortSignal) => {
          await target.run(reader, signal);
          leaving.resolve();
          // As a consumer that takes its time to leave its group.
          await ended.promise;
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const all = shared(source);
  const [first, second] = [new Watcher('first'), new Watcher('second')];
  const end = run(all, first);
  await append(storage.store, 'o1', [placed({ customer: 'ann' })]);
  await vi.waitFor(() => expect(first.count).toBe(1), SLOWLY);
  const ending = end();
  await leaving.promise;
  run(all, second);
  ended.resolve();
  await ending;
  await vi.waitFor(() => expect(second.count).toBe(1), SLOWLY);
});
