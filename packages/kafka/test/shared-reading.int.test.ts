import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { followAll, projection, relay } from '@leftfold/subscriptions';
import type { AnyProjection, Lane, Running, Storage } from '@leftfold/subscriptions';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { kafka, type KafkaOptions } from '../src/index.ts';
import { groupsReady, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

const counted = event('tests.counter.counted', { by: t.int() });
const listOf = (name: string) =>
  projection(name, { version: 1, key: 'id', row: { id: t.string(), steps: t.string() } }).upsert(
    counted,
    (row, { data, stream }) => ({ id: stream.key, steps: `${row?.steps ?? ''}${data.by} ` }),
  );
const IDS = Array.from({ length: 12 }, (_, i) => `counter-${i}`);
const steps = (to: number): string => Array.from({ length: to }, (_, i) => `${i + 1} `).join('');

async function count({ store }: MemoryStorage, from: number, to: number): Promise<void> {
  for (let by = from; by <= to; by++)
    for (const id of IDS) {
      const encoded = encodeEvent(counted, counted({ by }), uuidV7() as EventId, { correlationId: 'c' });
      await store.append([{ stream: streamRef('tests.counter', id, ''), expect: 'any', events: [encoded] }]);
    }
}
async function scene(options: KafkaOptions & { readonly topic: string }) {
  const storage = memory({ topic: () => options.topic });
  const relaying = await relay({ storage, to: kafka(options), service: 'tests' });
  onTestFinished(() => relaying.stop());
  /** A process of its own: leases are renewed process by process. */
  const start = async (projections: readonly AnyProjection[]) => {
    const { checkpoints } = storage;
    const own = new Proxy(checkpoints, {
      get: (target, name) => (Reflect.get(target, name, target) as (...args: unknown[]) => unknown).bind(target),
    });
    const there: Storage = { ...storage, checkpoints: own };
    const { source } = kafka(options);
    const all = await followAll(projections, { from: source, storage: there, leaseMs: 2_000 });
    const stop = async (): Promise<void> => void (await Promise.all(all.map((one) => one.stop())));
    onTestFinished(stop);
    return { all, stop };
  };
  const expectRows = (projections: readonly ReturnType<typeof listOf>[], to: number): void => {
    for (const { rowTable } of projections) {
      const rows = storage.readModels.reader([rowTable]).all(rowTable.name);
      expect(rows).toEqual(expect.arrayContaining(IDS.map((id) => ({ id, steps: steps(to) }))));
      expect(rows).toHaveLength(IDS.length);
    }
  };
  return { storage, relaying, start, expectRows };
}
const caughtUp = async (all: readonly Running[]): Promise<void> =>
  void (await Promise.all(all.map((one) => one.caughtUp({ timeoutMs: 20_000 }))));
const lanesOf = (running: Running | undefined): readonly Lane[] =>
  (running?.status().lanes ?? []).filter(({ state }) => state === 'following').map(({ lane }) => lane);

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  test('one that begins at the start reads on by itself until it is where the others are; nothing is applied twice', async () => {
    const { storage, relaying, start, expectRows } = await scene(newTopic(3, { client }));
    const [first, second, late] = [listOf('first'), listOf('second'), listOf('late')];
    await count(storage, 1, 20);
    await relaying.caughtUp();
    const before = await start([first, second]);
    await caughtUp(before.all);
    await before.stop();
    const { all } = await start([first, second, late]);
    await count(storage, 21, 25);
    await relaying.caughtUp();
    await caughtUp(all);
    expectRows([first, second, late], 25);
    await count(storage, 26, 27);
    await relaying.caughtUp();
    await caughtUp(all);
    expectRows([first, second, late], 27);
  });

  test('two processes with different sets share what both have, and one takes over what the other leaves', async () => {
    const { storage, relaying, start, expectRows } = await scene(newTopic(4, { client }));
    const [both, mine, yours] = [listOf('both'), listOf('mine'), listOf('yours')];
    const one = await start([both, mine]);
    const other = await start([both, yours]);
    await until('each has its share of what both run, and all of its own', () => {
      const shares = [one, other].map(({ all: [shared, own] }) => [lanesOf(shared).length, lanesOf(own).length]);
      return shares.every(([shared, own]) => shared === 2 && own === 4);
    });
    await count(storage, 1, 5);
    await relaying.caughtUp();
    await caughtUp([...one.all, ...other.all]);
    expectRows([both, mine, yours], 5);
    await one.stop();
    await count(storage, 6, 8);
    await relaying.caughtUp();
    await caughtUp(other.all);
    expectRows([both, yours], 8);
    await until('it has all of them', () => lanesOf(other.all[0]).length === 4);
  });
});
