import type { Worker } from 'node:worker_threads';
import type { Publisher, PublishRecord } from '@leftfold/subscriptions';
import { publisherConformance } from '@leftfold/testing';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { kafka, type KafkaOptions } from '../src/index.ts';
import { brokerHarness, CLIENTS } from './publisher-harness.ts';
import { relayed, relayedRun } from './relayed-records.ts';
import { newTopic, readTopic } from './test-cluster.ts';
import { until } from './until.ts';

const workers: { readonly worker: Worker; isRunning: boolean }[] = [];
process.on('worker', (worker: Worker) => {
  const one = { worker, isRunning: true };
  workers.push(one);
  worker.once('exit', () => (one.isRunning = false));
});
const running = (): number => workers.filter(({ isRunning }) => isRunning).length;
const terminate = (nth: number): Promise<unknown> | undefined => workers[nth]?.worker.terminate();

const open: Publisher[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((publisher) => publisher.close()));
  await until('no thread is left behind', () => running() === 0);
  workers.length = 0;
});

async function publisherOf(options: KafkaOptions): Promise<Publisher> {
  const publisher = await kafka(options).publisher();
  open.push(publisher);
  return publisher;
}
const each = (topic: string, sequence: number): readonly PublishRecord[] =>
  [0, 1, 2, 3].map((p) => relayed(topic, p, sequence));

describe.each(CLIENTS)('over %s in two threads', (client) => {
  const suite = publisherConformance(brokerHarness(inject('kafkaBrokers') ?? [], { client, threads: 2 }));
  for (const { title, run } of suite) test(title, run);
});

test('threads begin with the first publish, are shared by the publishers of a broker, and end with the last of them', async () => {
  const options = newTopic(4, { threads: 2 });
  const broker = kafka(options);
  const [first, second] = [await broker.publisher(), await broker.publisher()];
  expect(await first.partitions(options.topic)).toBe(4);
  expect(workers).toHaveLength(0);
  await first.publish([relayed(options.topic, 2, 1)]);
  expect(workers).toHaveLength(1);
  await Promise.all([
    first.publish([relayed(options.topic, 1, 1)]),
    second.publish([relayed(options.topic, 3, 1), relayed(options.topic, 0, 1)]),
  ]);
  expect(workers).toHaveLength(2);
  await first.close();
  expect((await second.publish([relayed(options.topic, 0, 2)])).map(({ kind }) => kind)).toEqual(['written']);
  expect(running()).toBe(2);
  await Promise.all([second.close(), second.close()]);
  expect(running()).toBe(0);
  expect(await readTopic(options.topic)).toHaveLength(5);
});

test('R5 what a thread had under way when it died is unknown, never written; the others are told as they are; the next publish has a new thread', async () => {
  const options = newTopic(4, { threads: 2 });
  const { topic } = options;
  const publisher = await publisherOf(options);
  await publisher.publish(each(topic, 1));
  const publishing = publisher.publish(each(topic, 2));
  void terminate(1);
  const lost = { kind: 'unknown', cause: expect.objectContaining({ code: 'LF_PUBLISH_THREAD_LOST', retryable: true }) };
  const outcome = new Map((await publishing).map(({ partition, ...one }) => [partition, one]));
  const [evenLost, oddLost] = [0, 1].map((p) => outcome.get(p)?.kind === 'unknown');
  expect([evenLost, oddLost].filter(Boolean)).toHaveLength(1);
  for (const p of [0, 1, 2, 3]) {
    if (outcome.get(p)?.kind === 'unknown') expect(outcome.get(p)).toEqual(expect.objectContaining(lost));
    else expect(outcome.get(p)).toEqual({ topic, kind: 'written', nextOffset: 2n });
  }
  expect(publisher.replacements, 'the producer went with its thread').toBe(1);
  const again = each(topic, 2).filter(({ partition }) => outcome.get(partition)?.kind === 'unknown');
  expect((await publisher.publish(again)).map(({ kind }) => kind)).toEqual(['written', 'written']);
  expect(publisher.replacements).toBe(1);
  const found = await readTopic(topic);
  for (const p of [0, 1, 2, 3]) {
    const ids = found.filter(({ partition }) => partition === p).map(({ headers }) => headers['ce_id']);
    expect([...new Set(ids)]).toEqual([`${p}-1`, `${p}-2`]);
  }
});

test('R1 records of a partition keep their order over many publishes in four threads', async () => {
  const options = newTopic(6, { threads: 4, client: 'platformatic' });
  const publisher = await publisherOf(options);
  for (let sequence = 1; sequence <= 100; sequence += 10) {
    const records = [0, 1, 2, 3, 4, 5].flatMap((p) => relayedRun(options.topic, p, sequence, sequence + 9));
    expect(new Set((await publisher.publish(records)).map(({ kind }) => kind))).toEqual(new Set(['written']));
  }
  const found = await readTopic(options.topic);
  for (const p of [0, 1, 2, 3, 4, 5]) {
    const ids = found.filter(({ partition }) => partition === p).map(({ headers }) => headers['ce_id']);
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => `${p}-${i + 1}`));
  }
});
