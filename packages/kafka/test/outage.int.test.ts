import { startKafka } from '@leftfold/infra';
import type { KafkaCluster } from '@leftfold/infra';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { KafkajsClient } from '../src/kafkajs/kafkajs-client.ts';
import { ConsumerSession } from '../src/kafkajs/consumer-session.ts';
import { jsonCodec } from '@leftfold/subscriptions';
import { Topics } from '../src/topics.ts';
import { topicLane } from '../src/topic-lane.ts';
import { WatermarkReader } from '../src/watermarks.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { until } from './until.ts';
import { relayedRun } from './relayed-records.ts';
import { newTopic } from './test-cluster.ts';

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startKafka({ brokers: 1, own: true });
});
// Of a test that failed in the midst of an outage, so that it fails alone.
afterEach(async () => {
  if (isKilled) await startAgain();
});
afterAll(() => cluster.stop());
let isKilled = false;
async function kill(): Promise<void> {
  isKilled = true;
  await cluster.kill(1);
}
async function startAgain(): Promise<void> {
  await cluster.startNode(1);
  isKilled = false;
}

test.each(['kafkajs', 'platformatic'] as const)(
  'C5 over %s the broker dies and comes back: publisher and reader tell it, and go on by themselves',
  async (client) => {
    const options = newTopic(2, { brokers: cluster.brokers, sessionTimeoutMs: 3_000, client });
    const broker = kafka(options);
    const publisher = await broker.publisher();
    const reader = new CheckpointReader('outage');
    const running = follow(broker.source, reader);
    const run = (from: number, to: number) =>
      [0, 1].flatMap((partition) => relayedRun(options.topic, partition, from, to));
    const written = async (from: number, to: number): Promise<boolean> =>
      (await publisher.publish(run(from, to))).every(({ kind }) => kind === 'written');
    await until('the first are written', () => written(1, 10));
    await until('the first are applied', () => reader.model.applied.length === 20);

    await kill();
    const outcome = await publisher.publish(run(11, 20));
    expect(outcome.map(({ kind }) => kind)).not.toContain('written');
    await until('the reader tells it', () => reader.faults.length >= 2);
    expect(reader.faults.every(({ code, retryMs }) => code === 'LF_BROKER_UNAVAILABLE' && retryMs !== null)).toBe(true);
    await startAgain();

    await until('the publisher goes on', () => written(11, 20));
    await until('the reader goes on', () => reader.model.applied.length >= 40);
    // Of the group as a whole, or of each lane.
    expect(reader.recoveries.length).toBeGreaterThan(0);
    for (const partition of [0, 1])
      expect(reader.model.idsOf(topicLane(options.topic, partition))).toEqual(
        Array.from({ length: 20 }, (_, i) => `${partition}-${i + 1}`),
      );
    await running.stop();
    await publisher.close();
  },
);

test('C5 a consumer without a sign of life is given up, and says so', async () => {
  const options = newTopic(1, { brokers: cluster.brokers });
  const client = new KafkajsClient(options);
  const topics = new Topics(client, options);
  await topics.check();
  const reader = new CheckpointReader('silent');
  const setting = {
    reader,
    watermarks: new WatermarkReader(client, topics),
    codec: jsonCodec(),
    onSeen: () => {},
    onStray: () => {},
    onJoined: () => {},
    commits: false,
    onCommitFault: () => {},
  };
  // No consumer is that quick.
  const session = new ConsumerSession(client.consumer('silent'), new Set([topicLane(options.topic, 0)]), setting, 1);
  await expect(session.run(new AbortController().signal)).rejects.toMatchObject({
    code: 'LF_BROKER_UNAVAILABLE',
    message: expect.stringContaining('no sign of life') as unknown,
  });
  await session.end();
});

test('C5 an outage is told though a handler does not end, and afterwards nothing is skipped', async () => {
  const options = newTopic(1, { brokers: cluster.brokers, sessionTimeoutMs: 3_000 });
  const broker = kafka(options);
  const publisher = await broker.publisher();
  const reader = new CheckpointReader('hanging');
  const released = Promise.withResolvers<void>();
  // Cares for no signal.
  reader.onBatch = () => released.promise;
  const running = follow(broker.source, reader);
  await until('the records are written', async () =>
    (await publisher.publish(relayedRun(options.topic, 0, 1, 5))).every(({ kind }) => kind === 'written'),
  );
  await until('a batch is under way', () => reader.batches.length === 1);
  const before = reader.faults.length;
  await kill();
  await until('the reader tells it', () => reader.faults.length > before);
  expect(reader.faults.at(-1)).toMatchObject({ lane: undefined, code: 'LF_BROKER_UNAVAILABLE' });
  expect(reader.model.applied).toEqual([]);
  await startAgain();
  released.resolve();
  await until('all is applied', () => reader.model.applied.length >= 5);
  expect(reader.model.idsOf(topicLane(options.topic, 0))).toEqual(['0-1', '0-2', '0-3', '0-4', '0-5']);
  await running.stop();
  await publisher.close();
});
