import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKafka } from '@leftfold/infra';
import type { KafkaCluster } from '@leftfold/infra';
import type { Logger } from '@leftfold/subscriptions';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { administer, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

const CLIENTS = ['kafkajs', 'platformatic'] as const;

async function partitions(options: KafkaOptions & { readonly topic: string }): Promise<number> {
  const publisher = await kafka(options).publisher();
  try {
    return await publisher.partitions(options.topic);
  } finally {
    await publisher.close();
  }
}
/** How a reader's run ends. */
const ending = (options: KafkaOptions): Promise<unknown> =>
  follow(kafka(options).source, new CheckpointReader('r')).ended.catch((error: unknown) => error);

function listening(): { readonly logger: Logger; readonly warned: string[] } {
  const warned: string[] = [];
  const silent = (): void => {};
  return { warned, logger: { debug: silent, info: silent, error: silent, warn: (text) => void warned.push(text) } };
}

describe.each(CLIENTS)('over %s', (client) => {
  test('an absent topic is made as declared, also by several at once', async () => {
    const options = newTopic(4, { client });
    const topics = [{ name: options.topic, partitions: 4, config: { 'retention.ms': '12345678' } }];
    expect(await Promise.all([1, 2, 3].map(() => partitions({ ...options, topics })))).toEqual([4, 4, 4]);
    const { resources } = await administer((admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: options.topic, configNames: ['retention.ms'] }],
      }),
    );
    expect(resources[0]?.configEntries[0]?.configValue).toBe('12345678');
  });

  test('without create an absent topic is an error that heals, and is not made', async () => {
    const options = newTopic(1, { client, create: false });
    await expect(partitions(options)).rejects.toMatchObject({ code: 'LF_TOPIC_UNKNOWN', retryable: true });
    expect(await administer((admin) => admin.listTopics())).not.toContain(options.topic);
  });

  test('a topic that was not declared is refused', async () => {
    await expect(partitions({ ...newTopic(1, { client }), topic: 'undeclared' })).rejects.toMatchObject({
      code: 'LF_TOPIC_UNKNOWN',
      retryable: false,
    });
  });

  test('R10 another number of partitions than declared is refused by publisher and source', async () => {
    const options = newTopic(3, { client });
    await partitions(options);
    const changed = { ...options, topics: [{ name: options.topic, partitions: 2 }] };
    await expect(partitions(changed)).rejects.toMatchObject({ code: 'LF_PARTITION_COUNT_CHANGED' });
    expect(await ending(changed)).toMatchObject({ code: 'LF_PARTITION_COUNT_CHANGED' });
    await expect(kafka(changed).source.head()).rejects.toMatchObject({ code: 'LF_PARTITION_COUNT_CHANGED' });
  });

  test('R10 a topic that is given more partitions while it is published to: what is sent then is not written, others go on', async () => {
    const [grown, same] = [newTopic(1, { client }), newTopic(1, { client })];
    const options = { ...grown, topics: [...grown.topics, ...same.topics] };
    const publisher = await kafka(options).publisher();
    for (const { topic } of [grown, same]) expect(await publisher.partitions(topic)).toBe(1);
    await administer((admin) => admin.createPartitions({ topicPartitions: [{ topic: grown.topic, count: 2 }] }));
    await until('it is seen after a fault', () =>
      publisher.partitions(grown.topic).then(
        () => false,
        (error: unknown) => (error as { readonly code?: unknown }).code === 'LF_PARTITION_COUNT_CHANGED',
      ),
    );
    expect(await publisher.partitions(same.topic)).toBe(1);
    const outcome = await publisher.publish([relayed(grown.topic, 0, 1), relayed(same.topic, 0, 1)]);
    expect(outcome.find(({ topic }) => topic === same.topic)).toMatchObject({ kind: 'written' });
    expect(outcome.find(({ topic }) => topic === grown.topic)).toMatchObject({
      kind: 'notWritten',
      refused: false,
      cause: { code: 'LF_PARTITION_COUNT_CHANGED' },
    });
    await publisher.close();
  });

  test('R12 a limit that is lowered while it is published to: of what is refused it is said how large it is and what the topic takes, and the limit is warned of', async () => {
    const { warned, logger } = listening();
    const options = newTopic(1, { client, logger });
    const publisher = await kafka(options).publisher();
    const small = await publisher.publish([relayed(options.topic, 0, 1)]);
    expect(small).toMatchObject([{ kind: 'written' }]);
    await administer((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: options.topic, configEntries: [{ name: 'max.message.bytes', value: '20000' }] }],
      }),
    );
    let sequence = 1;
    const large = async () =>
      (await publisher.publish([{ ...relayed(options.topic, 0, ++sequence), value: new Uint8Array(30_000) }]))[0];
    await until('the limit counts', async () => {
      const outcome = await large();
      if (outcome?.kind === 'written') return false;
      expect(outcome).toMatchObject({
        kind: 'notWritten',
        refused: true,
        cause: {
          code: 'LF_RECORD_REFUSED',
          message: expect.stringMatching(
            /MESSAGE_TOO_LARGE; one takes up to 3\d{4} bytes, the topic 20000 /,
          ) as unknown,
        },
      });
      return true;
    });
    expect(warned).toEqual([expect.stringContaining('max.message.bytes=20000, too little')]);
    await publisher.close();
  });

  test.each([
    ['compacted', { 'cleanup.policy': 'compact' }, {}, 'cleanup.policy=compact'],
    ['R12 with a limit below the log’s', { 'max.message.bytes': '100000' }, {}, 'set it to 1048576 or more'],
    [
      'that keeps records shorter than declared',
      { 'retention.ms': '1000' },
      { 'retention.ms': '-1' },
      'declared is -1',
    ],
  ])('a topic %s is refused by publisher and source, with what to set', async (_what, has, declared, remedy) => {
    const options = newTopic(1, { client });
    const made = { ...options, topics: [{ name: options.topic, partitions: 1, config: has }] };
    await partitions(made).catch(() => undefined);
    const asserted = { ...options, topics: [{ name: options.topic, partitions: 1, config: declared }] };
    const refused = {
      code: 'LF_TOPIC_UNSUITABLE',
      retryable: false,
      message: expect.stringContaining(remedy) as unknown,
    };
    await expect(partitions(asserted)).rejects.toMatchObject(refused);
    expect(await ending(asserted)).toMatchObject(refused);
  });

  test('a topic with more in-sync copies asked for than there are is told and waited for, until it is mended', async () => {
    const options = newTopic(1, { client, create: false });
    const setting = (value: string) => [{ name: 'min.insync.replicas', value }];
    await administer((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: options.topic, numPartitions: 1, configEntries: setting('2') }],
      }),
    );
    await expect(partitions(options)).rejects.toMatchObject({ code: 'LF_TOPIC_UNSUITABLE', retryable: true });
    const reader = new CheckpointReader('r');
    const running = follow(kafka(options).source, reader);
    await until('it is told', () => reader.faults.some(({ code }) => code === 'LF_TOPIC_UNSUITABLE'));
    await administer((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: options.topic, configEntries: setting('1') }],
      }),
    );
    await until('the reader goes on', () => reader.recoveries.includes(undefined));
    expect(await partitions(options)).toBe(1);
    await running.stop();
  });

  test('all problems of all topics are in one report', async () => {
    const [absent, compacted, grown] = [newTopic(1), newTopic(1), newTopic(2)];
    await administer((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          { topic: compacted.topic, numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
          { topic: grown.topic, numPartitions: 3 },
        ],
      }),
    );
    const topics = [...absent.topics, ...compacted.topics, ...grown.topics];
    const ended = await ending({ ...absent, client, create: false, topics });
    expect(ended).toMatchObject({ code: 'LF_TOPICS_UNFIT', retryable: false });
    for (const { topic } of [absent, compacted, grown]) expect(String(ended)).toContain(topic);
  });

  test('more copies than brokers: told with what to correct, and the other topics are made', async () => {
    const [many, one] = [newTopic(1), newTopic(1)];
    const { warned, logger } = listening();
    const topics = [{ name: many.topic, partitions: 1, replicationFactor: 30 }, ...one.topics];
    const options = { ...one, client, topics, logger };
    expect(await partitions(options)).toBe(1);
    expect(warned).toEqual([expect.stringContaining('lower its replicationFactor, or start brokers')]);
    await expect(partitions({ ...options, topic: many.topic })).rejects.toMatchObject({
      code: 'LF_TOPIC_NOT_MADE',
      retryable: true,
    });
  });

  test('a setting that the brokers do not take stops, with what to correct', async () => {
    const options = newTopic(1, { client });
    const topics = [{ name: options.topic, partitions: 1, config: { 'retention.ms': 'long' } }];
    await expect(partitions({ ...options, topics })).rejects.toMatchObject({
      code: 'LF_TOPIC_NOT_MADE',
      retryable: false,
      message: expect.stringContaining('correct its config') as unknown,
    });
  });

  test('risks and other differences are told, and stop nobody', async () => {
    const options = newTopic(1, { client });
    const config = { 'unclean.leader.election.enable': 'true', 'segment.bytes': '2000000', 'retention.ms': '7200000' };
    await partitions({ ...options, topics: [{ name: options.topic, partitions: 1, config }] });
    const { warned, logger } = listening();
    const declared = { 'segment.bytes': '1000000', 'retention.ms': '3600000' };
    const asserted = { ...options, logger, topics: [{ name: options.topic, partitions: 1, config: declared }] };
    expect(await partitions(asserted)).toBe(1);
    expect(warned).toEqual([
      expect.stringContaining('unclean.leader.election.enable=true'),
      expect.stringContaining('segment.bytes=2000000, declared is 1000000'),
      expect.stringContaining('retention.ms=7200000, declared is 3600000'),
    ]);
  });
});

describe('with three brokers', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startKafka({ brokers: 3, own: true });
  });
  afterAll(() => cluster?.stop());

  test.each(CLIENTS)('%s: fewer copies than declared are waited for; one copy in sync is a risk', async (client) => {
    const { warned, logger } = listening();
    const options = { ...newTopic(1, { client, brokers: cluster.brokers, logger }) };
    const config = { 'min.insync.replicas': '1' };
    const of = (replicationFactor: number) => ({
      ...options,
      topics: [{ name: options.topic, partitions: 1, replicationFactor, config }],
    });
    expect(await partitions(of(2))).toBe(1);
    expect(warned).toEqual([expect.stringContaining('may be on one of 2 copies')]);
    await expect(partitions(of(3))).rejects.toMatchObject({
      code: 'LF_TOPIC_UNSUITABLE',
      retryable: true,
      message: expect.stringContaining('has 2 copies, declared are 3; add replicas to it') as unknown,
    });
    await administer(
      (admin) =>
        admin.alterPartitionReassignments({
          topics: [{ topic: options.topic, partitionAssignment: [{ partition: 0, replicas: [1, 2, 3] }] }],
        }),
      cluster.brokers,
    );
    await until('the third copy counts', () =>
      partitions(of(3)).then(
        (count) => count === 1,
        () => false,
      ),
    );
  });
});
