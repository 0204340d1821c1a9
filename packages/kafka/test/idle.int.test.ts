import { randomUUID } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { jsonCodec } from '@leftfold/subscriptions';
import { expect, inject, test, vi } from 'vitest';
import { kafka } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { until } from './until.ts';
import { relayed } from './relayed-records.ts';

test('R7 an idle publisher and reader arm next to no timers', async () => {
  const topic = `test.${randomUUID()}`;
  const broker = kafka({
    brokers: inject('kafkaBrokers'),
    clientId: topic,
    topics: [{ name: topic, partitions: 3 }],
    create: true,
    codec: jsonCodec(),
  });
  const publisher = await broker.publisher();
  await publisher.publish([relayed(topic, 0, 1)]);
  const reader = new CheckpointReader('idle');
  const running = follow(broker.source, reader);
  await until('the reader is at the end', () => reader.model.applied.length === 1);

  const armed = vi.spyOn(globalThis, 'setTimeout');
  await timer(2_000);
  // kafkajs as it comes arms 2,333 a second.
  expect(armed.mock.calls.length).toBeLessThan(200);
  armed.mockRestore();

  await running.stop();
  await publisher.close();
});
