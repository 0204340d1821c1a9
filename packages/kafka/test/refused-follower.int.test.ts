import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import type { SecuredKafkaCluster } from '@leftfold/infra';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, projection, relay } from '@leftfold/subscriptions';
import type { Running } from '@leftfold/subscriptions';
import { collectLogs } from '@leftfold/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { CLIENTS, SECRET, expectNoSecret, grant, securedCluster, securedTopic } from './secured-cluster.ts';
import { administer } from './test-cluster.ts';
import { until } from './until.ts';

let cluster: SecuredKafkaCluster;
beforeAll(async () => {
  cluster = await securedCluster();
});
afterAll(() => cluster?.stop());

const noted = event('tests.note.noted', { text: t.string() });
const notes = projection('notes', { version: 1, key: 'id', row: { id: t.string(), text: t.string() } }).upsert(
  noted,
  (_, { data, stream }) => ({ id: stream.key, text: data.text }),
);

async function write({ store }: MemoryStorage, key: string): Promise<void> {
  const events = [encodeEvent(noted, noted({ text: 'x' }), uuidV7() as EventId, { correlationId: 'c' })];
  await store.append([{ stream: streamRef('tests.note', key, ''), expect: 'any', events }]);
}

const stopping = <R extends Running>(running: R): R => {
  onTestFinished(() => running.stop());
  return running;
};

describe.each(CLIENTS)('over %s', (client) => {
  test.each([
    ['a wrong password', { sasl: { mechanism: 'scram-sha-512' as const, username: 'relay', password: `${SECRET}!` } }],
    ['no right to write', {}],
    ['no right to write, told by a thread,', { threads: 1 }],
  ])('%s stops the relay’s lane visibly, once; a new start goes on from there', async (_what, changed) => {
    const options = await securedTopic(cluster, 'relay', { client });
    await grant(cluster, 'relay', [
      ['DESCRIBE', 'TOPIC', options.topic],
      ['DESCRIBE_CONFIGS', 'TOPIC', options.topic],
    ]);
    const storage = memory({ topic: () => options.topic });
    await write(storage, 'a');
    const logger = collectLogs();
    const to = kafka({ ...options, ...changed });
    const refused = stopping(await relay({ storage, to, service: 'tests', logger }));
    const lane = () => refused.status().lanes.find(({ state }) => state === 'stopped');
    await until('the lane stops', () => lane() !== undefined);
    expect(lane()?.fault).toMatchObject({
      code: 'LF_BROKER_REFUSED',
      message: expect.stringContaining('Check ') as unknown,
    });
    const since = lane()?.since;
    expect(lane()?.fault?.message).toContain('mend it, then start the process again');
    expect(logger.where({ state: 'stopped' })).toMatchObject([
      { level: 'error', fields: { code: 'LF_BROKER_REFUSED' } },
    ]);
    // Mended, and stopped all the same, until a new start.
    await grant(cluster, 'relay', [['WRITE', 'TOPIC', options.topic]]);
    await write(storage, 'b');
    expect(lane()?.since).toEqual(since);
    expectNoSecret(refused.status(), logger.lines, to);
    await refused.stop();

    const relaying = stopping(await relay({ storage, to: kafka(options), service: 'tests' }));
    await relaying.caughtUp({ timeoutMs: 20_000 });
    const ends = await administer((admin) => admin.fetchTopicOffsets(options.topic), cluster.brokers);
    expect(ends.map(({ high }) => high)).toEqual(['2']);
  });

  test('a wrong password ends the projector visibly', async () => {
    const options = await securedTopic(cluster, 'projector', { client });
    const storage = memory();
    const sasl = { mechanism: 'plain' as const, username: 'projector', password: `${SECRET}!` };
    const { source } = kafka({ ...options, sasl });
    const logger = collectLogs();
    const refused = stopping(await follow(notes, { from: source, storage, logger }));
    await until('it has ended', () => !refused.status().isRunning);
    expect(refused.status().fault).toMatchObject({ code: 'LF_BROKER_REFUSED' });
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expectNoSecret(refused.status(), logger.lines);
  });

  test('a category without a topic of ours is told at its first event; nothing passes over it', async () => {
    const options = await securedTopic(cluster, 'everybody', { client });
    await grant(cluster, 'everybody', [['ALL', 'TOPIC', options.topic]]);
    const storage = memory({ topic: () => 'elsewhere' });
    await write(storage, 'a');
    const relaying = stopping(await relay({ storage, to: kafka(options), service: 'tests' }));
    const fault = () => relaying.status().lanes.find(({ state }) => state === 'stopped')?.fault;
    await until('the lane stops', () => fault() !== undefined);
    expect(fault()).toMatchObject({
      code: 'LF_TOPIC_UNKNOWN',
      message: expect.stringMatching(
        /topic elsewhere is not declared; add it to topics of kafka.*null: to no topic/,
      ) as unknown,
    });
  });

  test('a declared topic that is missing keeps the others’ events from nobody, and is waited for', async () => {
    const options = await securedTopic(cluster, 'everybody', { client });
    const later = `${options.topic}.later`;
    for (const topic of [options.topic, later]) await grant(cluster, 'everybody', [['ALL', 'TOPIC', topic]]);
    let topic = options.topic;
    const storage = memory({ topic: () => topic });
    await write(storage, 'a');
    const warned: string[] = [];
    const silent = (): void => {};
    const broker = kafka({
      ...options,
      topics: [...options.topics, { name: later, partitions: 1 }],
      logger: { debug: silent, info: silent, error: silent, warn: (message) => void warned.push(message) },
    });
    const relaying = stopping(await relay({ storage, to: broker, service: 'tests' }));
    await relaying.caughtUp({ timeoutMs: 20_000 });
    expect(warned).toEqual([expect.stringContaining(`topic ${later} does not exist`)]);
    topic = later;
    await write(storage, 'b');
    const fault = () => relaying.status().lanes.find(({ state }) => state === 'retrying')?.fault;
    await until('it waits for the topic', () => fault()?.code === 'LF_TOPIC_UNKNOWN');
    await administer(
      (admin) => admin.createTopics({ topics: [{ topic: later, numPartitions: 1 }], waitForLeaders: true }),
      cluster.brokers,
    );
    await relaying.caughtUp({ timeoutMs: 20_000 });
    expect(relaying.status().lanes.every(({ state }) => state === 'following')).toBe(true);
  });

  test('a password that the function gives anew is used at the next connection, without a restart', async () => {
    let password = SECRET;
    const sasl = { mechanism: 'scram-sha-512' as const, username: 'everybody', password: () => password };
    const options = await securedTopic(cluster, 'everybody', { client, sasl });
    await grant(cluster, 'everybody', [['ALL', 'TOPIC', options.topic]]);
    const storage = memory({ topic: () => options.topic });
    const relaying = stopping(await relay({ storage, to: kafka(options), service: 'tests' }));
    await write(storage, 'a');
    await relaying.caughtUp({ timeoutMs: 20_000 });
    password = `${SECRET}-next`;
    await cluster.secured.setPassword('everybody', password);
    onTestFinished(() => cluster.secured.setPassword('everybody', SECRET));
    await cluster.kill(1);
    await write(storage, 'b');
    await until('the relay sees that the broker is away', () =>
      relaying.status().lanes.some(({ state }) => state === 'retrying'),
    );
    await cluster.startNode(1);
    await relaying.caughtUp({ timeoutMs: 60_000 });
  });
});
