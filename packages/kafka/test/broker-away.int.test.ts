import { startKafka, type KafkaCluster } from '@leftfold/infra';
import { memory } from '@leftfold/memory';
import {
  follow,
  followerLag,
  FOLLOWER_RETRIES,
  projection,
  PUBLISHER_REPLACEMENTS,
  relay,
  RELAY,
  RELAY_RESENT,
} from '@leftfold/subscriptions';
import { event, t } from '@leftfold/core';
import { collectLogs, collectMetrics, newEvents, newStream } from '@leftfold/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { newTopic } from './test-cluster.ts';
import { until } from './until.ts';

const PARTITIONS = 4;
const EVENTS = 20_000;
const happened = event('conformance.thing.happened', { what: t.string() });
const things = projection('things', {
  version: 1,
  key: 'id',
  row: { id: t.string(), count: t.int() },
}).upsert(happened, (row, { stream }) => ({ id: stream.key, count: (row?.count ?? 0) + 1 }));

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startKafka({ brokers: 1, own: true });
});
afterAll(() => cluster.stop());

test.each(['kafkajs', 'platformatic'] as const)(
  'C12 a broker that dies (%s): the relay says so, its lag grows, what it resends and replaces is counted; later all is there once, and the projector’s lag is measured by offsets',
  async (client) => {
    const options = newTopic(PARTITIONS, { brokers: cluster.brokers, client });
    const storage = memory({ topic: () => options.topic });
    const broker = kafka(options);
    const [metrics, logger] = [collectMetrics(), collectLogs()];
    const relaying = await relay({ storage, to: broker, service: 'tests', metrics, logger });
    onTestFinished(() => relaying.stop());
    const streams = Array.from({ length: 100 }, () => newStream());
    const append = async (count: number): Promise<void> => {
      for (const stream of streams)
        await storage.store.append([{ stream, expect: 'any', events: newEvents(count / streams.length) }]);
    };
    await append(100);
    await relaying.caughtUp();
    expect(logger.where({ state: 'retrying' })).toEqual([]);

    await cluster.kill(1);
    await append(EVENTS);
    await until('the relay says so', () => relaying.status().lanes[0]?.state === 'retrying');
    await until('it has tried again', () => metrics.total(FOLLOWER_RETRIES, { lane: '0' }) >= 3);
    expect(await followerLag(storage, RELAY, { atMost: 100_000 })).toMatchObject({ events: EVENTS, isMore: false });
    expect(relaying.status().lanes[0]?.fault?.code).toMatch(/^LF_/);
    const [first, ...more] = logger.where({ state: 'retrying' });
    expect(first).toMatchObject({ level: 'warn', fields: { lane: '0', failures: 1 } });
    expect(more.length, 'a line for each code, not for each attempt').toBeLessThan(3);

    await cluster.startNode(1);
    await relaying.caughtUp({ timeoutMs: 60_000 });
    expect(metrics.total(RELAY_RESENT)).toBeGreaterThan(0);
    expect(metrics.total(PUBLISHER_REPLACEMENTS, { lane: '0' })).toBeGreaterThan(0);
    expect(logger.where({ lane: '0', state: 'following' }).length).toBeGreaterThan(0);
    expect(metrics.misuses).toEqual([]);
    await until('the last batch is saved', async () => (await followerLag(storage, RELAY)).events === 0);

    const measured = { from: broker.source };
    const before = await followerLag(storage, things, measured);
    expect(before.lanes).toHaveLength(PARTITIONS);
    // A re-send stands there, too.
    expect(before.events).toBeGreaterThanOrEqual(EVENTS + 100);
    const following = await follow(things, { from: broker.source, storage });
    onTestFinished(() => following.stop());
    await following.caughtUp({ timeoutMs: 60_000 });
    await following.stop();
    expect(await followerLag(storage, things, measured)).toMatchObject({ events: 0 });
    const rows = storage.readModels.reader([things.rowTable]).all(things.rowTable.name);
    expect(rows).toHaveLength(streams.length);
    expect(new Set(rows.map(({ count }) => count))).toEqual(new Set([(EVENTS + 100) / streams.length]));
  },
  180_000,
);
