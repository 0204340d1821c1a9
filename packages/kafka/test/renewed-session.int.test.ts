import { startSecuredKafka } from '@leftfold/infra';
import type { SecuredKafkaCluster } from '@leftfold/infra';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { SECRET, grant, securedTopic } from './secured-cluster.ts';
import { until } from './until.ts';

let cluster: SecuredKafkaCluster;
beforeAll(async () => {
  // kafkajs renews ten seconds before the end, the other one after four fifths.
  const settings = {
    'listener.name.secured.scram-sha-512.connections.max.reauth.ms': '11500',
    'listener.name.secured.plain.connections.max.reauth.ms': '1500',
  };
  cluster = await startSecuredKafka({ brokers: 1, users: { everybody: SECRET }, settings });
});
afterAll(() => cluster?.stop());

/** Counts what it is asked. */
function user(mechanism: 'plain' | 'scram-sha-512') {
  const asked = { times: 0 };
  const password = (): string => {
    asked.times += 1;
    return SECRET;
  };
  return { asked, sasl: { mechanism, username: 'everybody', password } };
}
async function granted(client: 'kafkajs' | 'platformatic', sasl: NonNullable<KafkaOptions['sasl']>) {
  const options = await securedTopic(cluster, 'everybody', { client, sasl });
  await grant(cluster, 'everybody', [
    ['ALL', 'TOPIC', options.topic],
    ['READ', 'GROUP', `${options.clientId}.r`],
  ]);
  return options;
}

test.each([
  ['kafkajs', 'scram-sha-512'],
  ['platformatic', 'plain'],
] as const)('%s: a session that ends is renewed on its connection, and nothing is told', async (client, mechanism) => {
  const { asked, sasl } = user(mechanism);
  const options = await granted(client, sasl);
  const broker = kafka(options);
  const publisher = await broker.publisher();
  let sequence = 1;
  const publish = async () => (await publisher.publish([relayed(options.topic, 0, sequence)]))[0];
  await until('it is written', async () => (await publish())?.kind === 'written');
  const reader = new CheckpointReader('r');
  const running = follow(broker.source, reader);
  await until('it is read', () => reader.model.applied.length === 1);
  const [connected, faults] = [asked.times, reader.faults.length];
  // One of the publisher's and one of the reader's, at least.
  await until('sessions are renewed', async () => {
    sequence += 1;
    expect(await publish()).toMatchObject({ kind: 'written' });
    return asked.times >= connected + 2;
  });
  await until('all is read', () => reader.model.applied.length === sequence);
  expect(reader.faults.slice(faults)).toEqual([]);
  await running.stop();
  await publisher.close();
});

test('kafkajs renews sessions of ten seconds and less at each request, which the brokers refuse: told with the setting', async () => {
  const options = await granted('kafkajs', user('plain').sasl);
  const publisher = await kafka(options).publisher();
  const told = () =>
    publisher.partitions(options.topic).then(
      () => '',
      (error: unknown) => String(error),
    );
  await until('it is refused', async () => (await told()).includes('ILLEGAL_SASL_STATE'));
  expect(await told()).toContain('connections.max.reauth.ms is 60000 or more');
  await publisher.close();
});
