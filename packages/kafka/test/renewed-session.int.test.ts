import { startSecuredKafka } from '@leftfold/infra';
import type { SecuredKafkaCluster } from '@leftfold/infra';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { CLIENTS, SECRET, grant, securedTopic } from './secured-cluster.ts';
import { until } from './until.ts';

let cluster: SecuredKafkaCluster;
beforeAll(async () => {
  // kafkajs renews ten seconds before the end, the other one after four fifths.
  const settings = { 'connections.max.reauth.ms': '11500' };
  cluster = await startSecuredKafka({ brokers: 1, users: { everybody: SECRET }, settings });
});
afterAll(() => cluster?.stop());

test.each(CLIENTS)('%s: a session that ends is renewed on its connection, and nothing is told', async (client) => {
  let asked = 0;
  const password = (): string => {
    asked += 1;
    return SECRET;
  };
  const sasl = { mechanism: 'scram-sha-512' as const, username: 'everybody', password };
  const options = await securedTopic(cluster, 'everybody', { client, sasl });
  await grant(cluster, 'everybody', [
    ['ALL', 'TOPIC', options.topic],
    ['READ', 'GROUP', `${options.clientId}.r`],
  ]);
  const broker = kafka(options);
  const publisher = await broker.publisher();
  let sequence = 1;
  const publish = async () => (await publisher.publish([relayed(options.topic, 0, sequence)]))[0];
  await until('it is written', async () => (await publish())?.kind === 'written');
  const reader = new CheckpointReader('r');
  const running = follow(broker.source, reader);
  await until('it is read', () => reader.model.applied.length === 1);
  const [connected, faults] = [asked, reader.faults.length];
  // One of the publisher's and one of the reader's, at least.
  await until('sessions are renewed', async () => {
    sequence += 1;
    expect(await publish()).toMatchObject({ kind: 'written' });
    return asked >= connected + 2;
  });
  await until('all is read', () => reader.model.applied.length === sequence);
  expect(reader.faults.slice(faults)).toEqual([]);
  await running.stop();
  await publisher.close();
});
