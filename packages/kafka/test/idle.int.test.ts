import { randomUUID } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { jsonCodec } from '@leftfold/subscriptions';
import { expect, inject, test, vi } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions, PlatformaticSource } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { until } from './until.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayed } from './relayed-records.ts';

test.each(['kafkajs', 'platformatic'] as const)(
  'R7 an idle publisher and reader arm next to no timers, over %s',
  async (client) => {
    const topic = `test.${randomUUID()}`;
    const options: KafkaOptions = {
      brokers: inject('kafkaBrokers'),
      clientId: topic,
      topics: [{ name: topic, partitions: 3 }],
      create: true,
      codec: jsonCodec(),
      client,
    };
    const publisher = await persistentPublisher(options);
    await publisher.publish([relayed(topic, 0, 1)]);
    const reader = new CheckpointReader('idle');
    const running = follow(kafka(options).source, reader);
    await until('the reader is at the end', () => reader.model.applied.length === 1);

    const armed = vi.spyOn(globalThis, 'setTimeout');
    await timer(2_000);
    // kafkajs as it comes arms 2,333 a second.
    expect(armed.mock.calls.length).toBeLessThan(200);
    armed.mockRestore();

    await running.stop();
    await publisher.close();
  },
);

test('a reader without a group that stands at the end of all its lanes has one request at a time under way, which waits', async () => {
  const topic = `test.${randomUUID()}`;
  const options: KafkaOptions = {
    brokers: inject('kafkaBrokers'),
    clientId: topic,
    topics: [{ name: topic, partitions: 12 }],
    create: true,
    codec: jsonCodec(),
    client: 'platformatic',
  };
  const source = kafka(options).source as PlatformaticSource;
  const publisher = await persistentPublisher(options);
  await publisher.publish([relayed(topic, 0, 1)]);
  const reader = new CheckpointReader('idle');
  // As leases give them: one after the other.
  reader.onFrom = async (lane) => timer(60 * Number(lane.split('/')[1]));
  const running = follow(source, reader);
  await until('the reader is at the end', () => reader.model.applied.length === 1);
  // Lanes that came after the first request went out are asked for beside it, until it is back.
  await timer(2_500);
  const before = source.counts.fetches;
  await timer(3_000);
  expect(source.counts.fetches - before).toBeLessThanOrEqual(3);
  // It is not asleep: a record of any lane comes at once, in the request that waits for all.
  const sent = source.counts.fetches;
  await publisher.publish([relayed(topic, 7, 1)]);
  await until('it is applied', () => reader.model.applied.length === 2);
  expect(source.counts.fetches - sent).toBeLessThanOrEqual(3);
  await running.stop();
  await publisher.close();
});

test('a lane under load does not wait for the request in which the idle ones wait', async () => {
  const topic = `test.${randomUUID()}`;
  const options: KafkaOptions = {
    brokers: inject('kafkaBrokers'),
    clientId: topic,
    topics: [{ name: topic, partitions: 12 }],
    create: true,
    codec: jsonCodec(),
    client: 'platformatic',
    maxBatchBytes: 16_384,
  };
  const publisher = await persistentPublisher(options);
  // A fetch holds one of these.
  const note = 'long '.repeat(4_000);
  for (let sequence = 1; sequence <= 60; sequence++) await publisher.publish([relayed(topic, 0, sequence, { note })]);
  const reader = new CheckpointReader('busy');
  // So that one is fetched ahead, and the lane left out of the next request.
  reader.onBatch = async () => timer(20);
  const running = follow(kafka(options).source, reader);
  // Each would wait two seconds.
  await until('all is applied', () => reader.model.applied.length === 60);
  expect(reader.batches.length).toBeGreaterThanOrEqual(30);
  await running.stop();
  await publisher.close();
});
