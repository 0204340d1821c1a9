import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import type { Log } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { topicLane } from '../src/topic-lane.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayed } from './relayed-records.ts';
import { newTopic } from './test-cluster.ts';
import { until } from './until.ts';

const counted = event('tests.counter.counted', { by: t.int() });
const counters = projection('counters', {
  version: 1,
  key: 'id',
  row: { id: t.string(), sum: t.int() },
}).upsert(counted, (row, { data, stream }) => ({ id: stream.key, sum: (row?.sum ?? 0) + data.by }));

async function append(storage: MemoryStorage, by: number): Promise<void> {
  const encoded = encodeEvent(counted, counted({ by }), uuidV7() as EventId, { correlationId: 'c' });
  await storage.store.append([{ stream: streamRef('tests.counter', 'a', ''), expect: 'any', events: [encoded] }]);
}
/** The same log, after it went on without what it had lost. */
function inGeneration(generation: number, { log }: MemoryStorage): Log {
  return {
    name: log.name,
    ownership: log.ownership,
    lanes: log.lanes,
    identity: async () => ({ ...(await log.identity()), generation }),
    run: (reader, signal) => log.run(reader, signal),
    head: () => log.head(),
    at: (time) => log.at(time),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    behind: (places, options) => log.behind(places, options),
    restore: (kept, signal) => log.restore(kept, signal),
  };
}

test.each(['kafkajs', 'platformatic'] as const)(
  'R13 over %s a fail-over loses events that a projector has: it stops, though others come under their numbers',
  async (client) => {
    const options = newTopic(1, { client });
    const lane = topicLane(options.topic, 0);
    const storage = memory({ topic: () => options.topic });
    const before = await relay({ storage, to: kafka(options), service: 'tests' });
    for (let by = 1; by <= 8; by++) await append(storage, by);
    await before.caughtUp();
    await before.stop();
    // What the old primary still sent, and the new one does not have.
    const { id } = await storage.log.identity();
    const publisher = await persistentPublisher(options);
    await publisher.publish([9, 10].map((sequence) => relayed(options.topic, 0, sequence, { log: id })));
    await publisher.close();
    const projecting = await follow(counters, { from: kafka(options).source, storage });
    onTestFinished(() => projecting.stop());
    await projecting.caughtUp();

    const after = await relay({
      storage: { ...storage, log: inGeneration(2, storage) },
      to: kafka(options),
      service: 'tests',
    });
    onTestFinished(() => after.stop());
    for (let by = 9; by <= 12; by++) await append(storage, by);
    await after.caughtUp();
    await until('the projector stops', () => projecting.status().lanes[0]?.state === 'stopped');
    expect(projecting.status().lanes).toMatchObject([{ lane, fault: { code: 'LF_AHEAD_OF_LOG' } }]);
    const sums = (): unknown =>
      storage.readModels
        .reader([counters.rowTable])
        .all(counters.rowTable.name)
        .map(({ sum }) => sum);
    expect(sums()).toEqual([36]);

    // Starting it again changes nothing.
    await projecting.stop();
    const again = await follow(counters, { from: kafka(options).source, storage });
    onTestFinished(() => again.stop());
    await until('it stops again', () => again.status().lanes[0]?.fault?.code === 'LF_AHEAD_OF_LOG');
    expect(sums()).toEqual([36]);
  },
);
