import type { SecuredKafkaCluster } from '@leftfold/infra';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { KafkajsClient } from '../src/kafkajs/kafkajs-client.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { CLIENTS, expectNoSecret, grant, revoke, securedCluster, securedTopic, without } from './secured-cluster.ts';
import type { Right } from './secured-cluster.ts';
import { until } from './until.ts';

// What docs/operations/kafka.md grants each role: exactly this suffices, and each right that is missing is told as such.

let cluster: SecuredKafkaCluster;
beforeAll(async () => {
  cluster = await securedCluster();
});
afterAll(() => cluster?.stop());

// Write brings Describe along, and so does Read.
const relayRights = (topic: string): Right[] => [
  ['WRITE', 'TOPIC', topic],
  ['DESCRIBE_CONFIGS', 'TOPIC', topic],
];
const readerRights = (topic: string): Right[] => [
  ['READ', 'TOPIC', topic],
  ['DESCRIBE_CONFIGS', 'TOPIC', topic],
];
const groupRights = ({ clientId }: KafkaOptions): Right[] => [['READ', 'GROUP', `${clientId}.r`]];

const allBut = (rights: readonly Right[], index: number): Right[] => rights.filter((_, i) => i !== index);

describe.each(CLIENTS)('over %s', (client) => {
  test('the relay’s rights suffice to publish', async () => {
    const options = await securedTopic(cluster, 'relay', { client });
    await grant(cluster, 'relay', relayRights(options.topic));
    const publisher = await kafka(options).publisher();
    await until('the rights count', () =>
      publisher.partitions(options.topic).then(
        (count) => count === 1,
        () => false,
      ),
    );
    expect(await publisher.publish([relayed(options.topic, 0, 1)])).toMatchObject([{ kind: 'written' }]);
    await publisher.close();
  });

  test.each<[string, (topic: string) => Right[]]>([
    ['Write', (topic) => allBut(relayRights(topic), 0)],
    ['DescribeConfigs', (topic) => allBut(relayRights(topic), 1)],
    ['Write, but with Describe,', (topic) => [...allBut(relayRights(topic), 0), ['DESCRIBE', 'TOPIC', topic]]],
  ])('without %s the relay is told once which right, on which topic', async (_right, rights) => {
    const options = await securedTopic(cluster, 'relay', { client });
    await grant(cluster, 'relay', rights(options.topic));
    const publisher = await kafka(options).publisher();
    const told = async (): Promise<unknown> => {
      try {
        await publisher.partitions(options.topic);
        const [outcome] = await publisher.publish([relayed(options.topic, 0, 1)]);
        return outcome?.kind === 'written' ? outcome : (outcome as { readonly cause: unknown }).cause;
      } catch (error) {
        return error;
      }
    };
    const error = await told();
    expect(error).toMatchObject({
      code: 'LF_BROKER_REFUSED',
      retryable: false,
      message: expect.stringMatching(/has not the right on the topic .*Check its ACLs: Describe and DescribeConfigs/),
    });
    expect((error as Error).message).toContain(options.topic);
    expectNoSecret(error);
    await publisher.close();
  });

  test('with Create on the topic a relay makes it, and is refused without', async () => {
    const options = await securedTopic(cluster, 'relay', { client });
    const name = `${options.clientId}.made`;
    const making = { ...options, create: true, topics: [{ name, partitions: 2 }] };
    await grant(cluster, 'relay', relayRights(name));
    const publisher = await kafka(making).publisher();
    const refused = { code: 'LF_BROKER_REFUSED', message: expect.stringContaining('Create') as unknown };
    await expect(publisher.partitions(name)).rejects.toMatchObject(refused);
    await grant(cluster, 'relay', [['CREATE', 'TOPIC', name]]);
    const again = await kafka(making).publisher();
    await until('it is made', () =>
      again.partitions(name).then(
        (count) => count === 2,
        () => false,
      ),
    );
    await Promise.all([publisher.close(), again.close()]);
  });

  const allOf = (options: KafkaOptions & { readonly topic: string }): Right[] => [
    ...readerRights(options.topic),
    ...(client === 'kafkajs' ? groupRights(options) : []),
  ];
  async function written(topic: string): Promise<void> {
    const options = await securedTopic(cluster, 'operator', { topics: [{ name: topic, partitions: 1 }] });
    const publisher = await kafka({ ...without(options, 'ssl', 'sasl'), brokers: cluster.brokers }).publisher();
    await until(
      'a record is there',
      async () => (await publisher.publish([relayed(topic, 0, 1)]))[0]?.kind === 'written',
    );
    await publisher.close();
  }

  test('the projector’s rights suffice to read', async () => {
    const options = await securedTopic(cluster, 'projector', { client });
    await grant(cluster, 'projector', allOf(options));
    await written(options.topic);
    const reader = new CheckpointReader('r');
    const running = follow(kafka(options).source, reader);
    await until('it is read', () => reader.model.applied.length === 1);
    await running.stop();
    expect(reader.faults.filter(({ code }) => code === 'LF_BROKER_REFUSED')).toEqual([]);
  });

  const told: readonly (readonly [string, number, RegExp])[] = [
    ['Read on the topic', 0, /right on the topic .*Check its ACLs: .*Read to read/],
    ['DescribeConfigs', 1, /right on the topic .*Check its ACLs: Describe and DescribeConfigs/],
    ['Read on the group', 2, /right on the consumer group .*Check its ACLs: Read on the group/],
  ];
  // Over platformatic no group is joined, and offsets that cannot be committed hold nobody up.
  test.each(told.slice(0, client === 'kafkajs' ? 3 : 2))(
    'without %s the projector is told once',
    async (_right, index, message) => {
      const options = await securedTopic(cluster, 'projector', { client });
      await grant(cluster, 'projector', allBut(allOf(options), index));
      await written(options.topic);
      const reader = new CheckpointReader('r');
      const running = follow(kafka(options).source, reader);
      running.ended.catch(() => undefined);
      await until('it is told', () => reader.faults.some(({ retryMs }) => retryMs === null));
      await running.stop().catch(() => undefined);
      const refusals = reader.faults.filter(({ code }) => code === 'LF_BROKER_REFUSED');
      expect(refusals.map(({ error }) => String(error))).toEqual([expect.stringMatching(message)]);
      expectNoSecret(refusals);
    },
  );
});

test.each(CLIENTS)(
  '%s: a right that is taken away in the midst stops relay and projector, told once',
  async (client) => {
    const options = await securedTopic(cluster, 'everybody', { client });
    const write: Right[] = [['WRITE', 'TOPIC', options.topic]];
    const read: Right[] = [['READ', 'TOPIC', options.topic]];
    await grant(cluster, 'everybody', [
      ...write,
      ...read,
      ['DESCRIBE', 'TOPIC', options.topic],
      ['DESCRIBE_CONFIGS', 'TOPIC', options.topic],
      ...groupRights(options),
    ]);
    const broker = kafka(options);
    const publisher = await broker.publisher();
    let sequence = 1;
    const publish = async () => (await publisher.publish([relayed(options.topic, 0, sequence)]))[0];
    await until('it is written', async () => (await publish())?.kind === 'written');
    const reader = new CheckpointReader('r');
    const running = follow(broker.source, reader);
    await until('it is read', () => reader.model.applied.length === 1);
    await revoke(cluster, 'everybody', [...write, ...read]);
    sequence = 2;
    let last: Awaited<ReturnType<typeof publish>>;
    await until('the publisher is told', async () => {
      last = await publish();
      return (
        last !== undefined &&
        'cause' in last &&
        (last.cause as { readonly code?: unknown }).code === 'LF_BROKER_REFUSED'
      );
    });
    expect(last).toMatchObject({ cause: { message: expect.stringContaining('Write to publish') as unknown } });
    await until('the reader is told', () => reader.faults.some(({ retryMs }) => retryMs === null));
    expect(reader.faults.filter(({ code }) => code === 'LF_BROKER_REFUSED')).toHaveLength(1);
    await running.stop().catch(() => undefined);
    await publisher.close();
  },
);

test('an operator’s rights suffice to look at topics, their settings and what groups have committed', async () => {
  const options = await securedTopic(cluster, 'operator');
  const group = `${options.clientId}.r`;
  await grant(cluster, 'operator', [
    ['DESCRIBE', 'TOPIC', options.topic],
    ['DESCRIBE_CONFIGS', 'TOPIC', options.topic],
    ['DESCRIBE', 'GROUP', group],
  ]);
  const { source } = kafka(options);
  await until('the rights count', () =>
    source.head().then(
      () => true,
      () => false,
    ),
  );
  expect((await source.head()).size).toBe(1);
  const client = new KafkajsClient(options);
  await until('the group’s offsets are told', () =>
    client
      .administer((admin) => admin.fetchOffsets({ groupId: group, topics: [options.topic] }))
      .then(
        (offsets) => offsets.length === 1,
        () => false,
      ),
  );
});
