import { startKafka } from '@leftfold/infra';
import type { KafkaCluster } from '@leftfold/infra';
import { eventually, faultMix, moveLeaders, startKafkaProxies } from '@leftfold/testing';
import type { KafkaProxies } from '@leftfold/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { topicLane } from '../src/topic-lane.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayedRun } from './relayed-records.ts';
import { administer, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

const SEED = Number(process.env['LEFTFOLD_SEED'] ?? Date.now() % 1_000_000);
const PARTITIONS = [0, 1, 2, 3, 4, 5];

let proxies: KafkaProxies;
let cluster: KafkaCluster;
beforeAll(async () => {
  proxies = await startKafkaProxies(3);
  cluster = await startKafka({ brokers: 3, own: true, proxied: proxies.ports });
  proxies.forwardTo(cluster.nodes.map(({ behindProxy }) => behindProxy ?? 0));
});
afterEach(() => proxies.rule(undefined));
afterAll(async () => {
  await cluster.stop();
  await proxies.close();
});

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  test(
    `C5 leaders move every second and connections are cut, half open, late and silent: every record is applied once, in its order (seed ${SEED})`,
    { timeout: 180_000 },
    async () => {
      const { topic, ...options } = newTopic(PARTITIONS.length, {
        client,
        brokers: proxies.brokers,
        sessionTimeoutMs: 3_000,
      });
      const declared = [{ name: topic, partitions: PARTITIONS.length, replicationFactor: 3 }];
      const publisher = await persistentPublisher({
        ...options,
        brokers: cluster.brokers,
        client: 'kafkajs',
        topics: declared,
      });
      const publish = (from: number, to: number) =>
        publisher.publish(PARTITIONS.flatMap((partition) => relayedRun(topic, partition, from, to)));
      await publish(1, 20);
      const reader = new CheckpointReader('moved');
      const { stop } = follow(kafka({ ...options, topics: declared }).source, reader);
      await until('it reads', () => reader.model.applied.length === PARTITIONS.length * 20);
      proxies.rule(
        faultMix({
          seed: SEED,
          share: 0.04,
          faults: ['cut', 'cut-after', 'half', 'drop', 'half-open', { delayMs: 300 }, { delayMs: 1_500 }],
        }),
      );
      let to = 20;
      await administer(async (admin) => {
        for (let round = 1; round <= 6; round++) {
          await moveLeaders(admin, topic);
          await publish(to + 1, to + 20);
          to += 20;
          await pause(500);
        }
      }, cluster.brokers);
      proxies.rule(undefined);
      // A join whose answer was lost ends, in kafkajs, with the time-outs of the group alone.
      await eventually(() => reader.model.applied.length >= PARTITIONS.length * to, { timeoutMs: 120_000 });
      for (const partition of PARTITIONS)
        expect(reader.model.idsOf(topicLane(topic, partition))).toEqual(
          Array.from({ length: to }, (_, i) => `${partition}-${i + 1}`),
        );
      expect(reader.faults.filter(({ retryMs }) => retryMs === null)).toEqual([]);
      await stop();
      await publisher.close();
    },
  );

  test('C5 a leader is killed: its lanes go on at the next one, the others meanwhile', async () => {
    const { topic, ...options } = newTopic(3, { client, brokers: cluster.brokers });
    const declared = [{ name: topic, partitions: 3, replicationFactor: 3 }];
    const publisher = await persistentPublisher({ ...options, client: 'kafkajs', topics: declared });
    const publish = (from: number, to: number) =>
      publisher.publish([0, 1, 2].flatMap((partition) => relayedRun(topic, partition, from, to)));
    await publish(1, 5);
    const reader = new CheckpointReader('killed');
    const { stop } = follow(kafka({ ...options, topics: declared }).source, reader);
    await until('it reads', () => reader.model.applied.length === 15);
    await cluster.kill(2);
    await until('the rest is written', () =>
      publish(6, 10).then(
        () => true,
        () => false,
      ),
    );
    await until('all is applied', () => reader.model.applied.length >= 30);
    await cluster.startNode(2);
    await publish(11, 15);
    await until('the rest is applied', () => reader.model.applied.length >= 45);
    for (const partition of [0, 1, 2])
      expect(reader.model.idsOf(topicLane(topic, partition))).toEqual(
        Array.from({ length: 15 }, (_, i) => `${partition}-${i + 1}`),
      );
    expect(reader.faults.filter(({ retryMs }) => retryMs === null)).toEqual([]);
    await stop();
    await publisher.close();
  });
});
