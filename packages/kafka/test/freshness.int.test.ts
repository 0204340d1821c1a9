import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, ReadToken } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, freshness, projection, relay, type Running } from '@leftfold/subscriptions';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { groupsReady, newTopic } from './test-cluster.ts';

beforeAll(groupsReady);

const counted = event('tests.counter.counted', { by: t.int() });
const counters = projection('counters', { version: 1, key: 'id', row: { id: t.string(), sum: t.int() } }).upsert(
  counted,
  (row, { data, stream }) => ({ id: stream.key, sum: (row?.sum ?? 0) + data.by }),
);
async function count({ store }: MemoryStorage, ids: readonly string[]): Promise<ReadToken> {
  const outcome = await store.append(
    ids.map((id) => ({
      stream: streamRef('tests.counter', id),
      expect: 'any',
      events: [encodeEvent(counted, counted({ by: 1 }), uuidV7() as EventId, { correlationId: 'c' })],
    })),
  );
  if (outcome.kind !== 'appended') throw new Error(outcome.kind);
  return outcome.token;
}

test.each(['kafkajs', 'platformatic'] as const)(
  'over %s a write is applied when the relay has passed it and its numbers are reached, and not before',
  async (client) => {
    const options = newTopic(4, { client });
    const storage = memory({ topic: () => options.topic, lanes: 2 });
    const broker = kafka(options);
    const fresh = freshness({ storage, brokers: [broker] });
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const sums = () =>
      storage.readModels
        .reader([counters.rowTable])
        .all(counters.rowTable.name)
        .map(({ sum }) => sum);
    const running: Running[] = [];
    onTestFinished(async () => void (await Promise.all(running.map((one) => one.stop()))));
    const relaying = async (): Promise<Running> => {
      const started = await relay({ storage, to: broker, service: 'tests' });
      running.push(started);
      return started;
    };
    const first = await relaying();
    running.push(await follow(counters, { from: broker.source, storage }));
    for (let round = 1; round <= 5; round++) {
      await fresh.applied(await count(storage, ids), [counters], { timeoutMs: 30_000 });
      expect(sums()).toEqual(ids.map(() => round));
    }
    await first.stop();
    // Everything that the relay has sent is applied, and this it has not sent.
    const unsent = await count(storage, ids);
    await expect(fresh.applied(unsent, [counters], { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'LF_NOT_YET_APPLIED',
    });
    await relaying();
    await fresh.applied(unsent, [counters], { timeoutMs: 30_000 });
    expect(sums()).toEqual(ids.map(() => 6));
  },
);
