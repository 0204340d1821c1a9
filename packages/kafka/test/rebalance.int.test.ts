import type { Publisher } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { topicLane } from '../src/topic-lane.ts';
import { aborted, CheckpointReader, follow, SharedModel } from './checkpoint-reader.ts';
import { until } from './until.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayedRun } from './relayed-records.ts';
import { administer, groupsReady, newTopic } from './test-cluster.ts';

beforeAll(groupsReady);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
async function publisherOf(options: KafkaOptions): Promise<Publisher> {
  const publisher = await persistentPublisher(options);
  open.push(publisher);
  return publisher;
}
/** As a process of its own: another client, another member of the group. */
function member(
  options: KafkaOptions,
  model: SharedModel,
): { readonly reader: CheckpointReader; readonly stop: () => Promise<void> } {
  const reader = new CheckpointReader('shared', model);
  const { stop } = follow(kafka(options).source, reader);
  open.push({ close: stop });
  return { reader, stop };
}

test('C1 C3 readers come and go under load: every record is applied exactly once, in order', async () => {
  const options = newTopic(6, { maxBatchBytes: 16_384 });
  const publisher = await publisherOf(options);
  const model = new SharedModel();
  const partitions = [0, 1, 2, 3, 4, 5];
  const publish = async (from: number, to: number): Promise<void> => {
    for (let sequence = from; sequence < to; sequence += 100)
      await publisher.publish(
        partitions.flatMap((partition) => relayedRun(options.topic, partition, sequence, sequence + 99)),
      );
  };
  const join = (): ReturnType<typeof member> => {
    const joined = member(options, model);
    joined.reader.onBatch = async () => timer(20);
    return joined;
  };
  const holds = (readers: readonly ReturnType<typeof member>[]) => () =>
    readers.every(({ reader }) => reader.batches.length > 0);
  await publish(1, 1_000);
  const first = join();
  await until('the first is at work', holds([first]));
  const second = join();
  await publish(1_001, 2_000);
  await until('the second has its share', holds([first, second]));
  const third = join();
  await until('the third has its share', holds([third]));
  await second.stop();
  await publish(2_001, 3_000);
  await third.stop();
  await until('all is applied', () => model.applied.length >= 18_000);
  const expected = Array.from({ length: 3_000 }, (_, i) => i + 1);
  for (const partition of partitions)
    expect(model.idsOf(topicLane(options.topic, partition))).toEqual(
      expected.map((sequence) => `${partition}-${sequence}`),
    );
  expect(
    [first, second, third].flatMap(({ reader }) => reader.faults.filter(({ retryMs }) => retryMs === null)),
  ).toEqual([]);
});

test('C1 a handler whose lane was taken away has its signal aborted, and its move comes too late', async () => {
  const options = newTopic(2);
  const publisher = await publisherOf(options);
  const model = new SharedModel();
  const lanes = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
  await publisher.publish([...relayedRun(options.topic, 0, 1, 10), ...relayedRun(options.topic, 1, 1, 10)]);
  const zombie = member(options, model);
  const others = Promise.withResolvers<void>();
  // Does not care for the signal until somebody else has applied the records.
  zombie.reader.onBatch = () => others.promise;
  await until('both lanes are under way', () => zombie.reader.batches.length === 2);
  const heir = member(options, model);
  await until('one lane is applied by the other', () => heir.reader.batches.length > 0 && model.applied.length >= 10);
  const taken = lanes.find((lane) => model.idsOf(lane).length > 0)!;
  expect(zombie.reader.lostLanes).toEqual(expect.arrayContaining(lanes));
  others.resolve();
  await until('all is applied', () => model.applied.length >= 20);
  expect(zombie.reader.abortedHandlers).toBeGreaterThanOrEqual(2);
  expect(zombie.reader.lostMoves).toBeGreaterThanOrEqual(1);
  for (const [partition, lane] of lanes.entries())
    expect(model.idsOf(lane)).toEqual(Array.from({ length: 10 }, (_, i) => `${partition}-${i + 1}`));
  expect(heir.reader.model.idsOf(taken)).toHaveLength(10);
});

test('C3 a lane that stands still for longer than the session keeps its membership, and other lanes go on', async () => {
  const options = newTopic(2, { sessionTimeoutMs: 3_000 });
  const publisher = await publisherOf(options);
  const model = new SharedModel();
  const { reader } = member(options, model);
  const [still, moving] = [topicLane(options.topic, 0), topicLane(options.topic, 1)];
  let isAborted = false;
  reader.onBatch = async ({ lane }, signal) => {
    if (lane !== still) return;
    await aborted(signal);
    isAborted = true;
  };
  await publisher.publish([...relayedRun(options.topic, 0, 1, 5), ...relayedRun(options.topic, 1, 1, 5)]);
  const stillSince = Date.now();
  let sequence = 5;
  while (Date.now() - stillSince < 7_000) {
    await publisher.publish(relayedRun(options.topic, 1, ++sequence, sequence));
    await until('the other lane goes on', () => model.idsOf(moving).length === sequence);
  }
  expect({ lost: reader.lostLanes, isAborted, applied: model.idsOf(still), faults: reader.faults }).toEqual({
    lost: [],
    isAborted: false,
    applied: [],
    faults: [],
  });
});

test('a reader whose move is refused is asked for its place again, and nothing is skipped', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const model = new SharedModel();
  const { reader } = member(options, model);
  const lane = topicLane(options.topic, 0);
  let interruptions = 3;
  reader.onBatch = async () => {
    // Somebody else claims the lane under our hands.
    if (interruptions-- > 0)
      await model.checkpoints.claim(model.follower, lane, { owner: 'other', leaseMs: 1_000, respectLease: false });
  };
  for (let sequence = 1; sequence <= 50; sequence += 10)
    await publisher.publish(relayedRun(options.topic, 0, sequence, sequence + 9));
  await until('all is applied', () => model.applied.length >= 50);
  expect(model.idsOf(lane)).toEqual(Array.from({ length: 50 }, (_, i) => `0-${i + 1}`));
  expect(reader.lostMoves).toBe(3);
});

test('stopping waits for the handler under way, and then nothing more is read', async () => {
  const options = newTopic(1);
  const publisher = await publisherOf(options);
  const model = new SharedModel();
  const { reader, stop } = member(options, model);
  const [told, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  reader.onBatch = async (_batch, signal) => {
    await aborted(signal);
    told.resolve();
    await released.promise;
  };
  await publisher.publish(relayedRun(options.topic, 0, 1, 5));
  await until('a batch is under way', () => reader.batches.length === 1);
  const read = reader.batches[0]!.records.length;
  let isStopped = false;
  const stopped = stop().then(() => (isStopped = true));
  await told.promise;
  expect(isStopped).toBe(false);
  released.resolve();
  await stopped;
  expect([model.applied.length, reader.lostLanes]).toEqual([read, []]);
});

test('a reader that is stopped while it joins leaves no member behind', async () => {
  const options = newTopic(2);
  await publisherOf(options).then((publisher) => publisher.publish(relayedRun(options.topic, 0, 1, 5)));
  const model = new SharedModel();
  for (const afterMs of [0, 30, 60, 90, 120, 150]) {
    const { stop } = member(options, model);
    await timer(afterMs);
    await stop();
  }
  const { groups } = await administer((admin) => admin.describeGroups([`${options.clientId}.shared`]));
  expect(groups.map(({ members }) => members.length)).toEqual([0]);
});

test('R10 a topic that has grown stops its lanes when they are assigned anew', async () => {
  const options = newTopic(2);
  await publisherOf(options).then((publisher) => publisher.publish(relayedRun(options.topic, 0, 1, 5)));
  const model = new SharedModel();
  const first = member(options, model);
  await until('it reads', () => model.applied.length === 5);
  await administer((admin) => admin.createPartitions({ topicPartitions: [{ topic: options.topic, count: 4 }] }));
  // A process with the new declaration joins: the group shares out the lanes anew.
  member({ ...options, topics: [{ name: options.topic, partitions: 4 }] }, model);
  const finals = (): readonly unknown[] =>
    first.reader.faults.flatMap(({ code, retryMs }) => (retryMs === null ? [code] : []));
  await until('the lanes of the old declaration stop', () => finals().length >= 2);
  expect(new Set(finals())).toEqual(new Set(['LF_PARTITION_COUNT_CHANGED']));
});
