import { jsonCodec } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import type { FoundTopic, KafkaClient } from './client.ts';
import type { KafkaOptions } from './options.ts';
import { Topics } from './topics.ts';

const config = new Map(
  Object.entries({ 'cleanup.policy': 'delete', 'min.insync.replicas': '1', 'max.message.bytes': '1048588' }),
);

/** A cluster of which a test says what it has, and what it refuses to tell. */
class ScriptedClient {
  readonly has: Map<string, FoundTopic> = new Map();
  readonly forbidden: Set<string> = new Set();
  readonly asked: (readonly string[])[] = [];
  createFault: Error | undefined;

  async topics(names: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    this.asked.push(names);
    if (names.some((name) => this.forbidden.has(name)))
      throw Object.assign(new Error('x'), { type: 'TOPIC_AUTHORIZATION_FAILED' });
    return new Map([...this.has].filter(([name]) => names.includes(name)));
  }
  async create({ name, partitions }: { readonly name: string; readonly partitions: number }): Promise<void> {
    if (this.createFault !== undefined) throw this.createFault;
    this.has.set(name, { copies: Array.from({ length: partitions }, () => 1), config });
  }
}

function scene(names: readonly string[], changed: Partial<KafkaOptions> = {}) {
  const client = new ScriptedClient();
  const warnings: string[] = [];
  const silent = (): void => {};
  const topics = new Topics(client as unknown as KafkaClient, {
    brokers: ['localhost:9'],
    clientId: 'test',
    topics: names.map((name) => ({ name, partitions: 2 })),
    codec: jsonCodec(),
    logger: { debug: silent, info: silent, error: silent, warn: (message) => void warnings.push(message) },
    ...changed,
  });
  const make = (...made: readonly string[]): void => {
    for (const name of made) client.has.set(name, { copies: [1, 1], config });
  };
  return { client, topics, warnings, make };
}

test('one missing topic keeps nobody from publishing to the others, and is told', async () => {
  const { topics, warnings, make } = scene(['a', 'b']);
  make('a');
  expect(await topics.recheck('a')).toMatchObject({ partitions: 2 });
  expect(warnings).toEqual([expect.stringContaining('topic b does not exist')]);
  await expect(topics.recheck('b')).rejects.toMatchObject({ code: 'LF_TOPIC_UNKNOWN', retryable: true });
  const facts = await topics.facts();
  expect(facts.get('a')?.problem).toBeUndefined();
  expect(facts.get('b')?.problem).toMatchObject({ code: 'LF_TOPIC_UNKNOWN' });
  make('b');
  expect(await topics.recheck('b')).toMatchObject({ partitions: 2 });
});

test('a right that is missing on one topic is that topic’s problem', async () => {
  const { client, topics, make } = scene(['a', 'b']);
  make('a', 'b');
  client.forbidden.add('b');
  expect(await topics.recheck('a')).toMatchObject({ partitions: 2 });
  await expect(topics.recheck('b')).rejects.toMatchObject({
    code: 'LF_BROKER_REFUSED',
    message: expect.stringContaining('checking topic b failed') as unknown,
  });
});

test('all problems of all topics are in one report, for readers and publishers', async () => {
  const { client, topics, make } = scene(['a', 'b', 'c']);
  make('a');
  client.has.set('b', { copies: [1], config });
  const report = {
    code: 'LF_TOPICS_UNFIT',
    retryable: false,
    errors: [{ code: 'LF_PARTITION_COUNT_CHANGED' }, { code: 'LF_TOPIC_UNKNOWN' }],
  };
  await expect(topics.check()).rejects.toMatchObject(report);
  await expect(topics.recheck('b')).rejects.toMatchObject(report);
  // Its own problem heals, whatever the others'.
  await expect(topics.recheck('c')).rejects.toMatchObject({ code: 'LF_TOPICS_UNFIT', retryable: true });
});

test('a reader looks again after a failed check, and not twice within seconds after a good one', async () => {
  const { client, topics, make } = scene(['a']);
  await expect(topics.check()).rejects.toMatchObject({ code: 'LF_TOPIC_UNKNOWN' });
  make('a');
  await topics.check();
  const looks = client.asked.length;
  await topics.check();
  expect(client.asked.length).toBe(looks);
});

test('a topic that cannot be made is told with what to correct, the others are made', async () => {
  const { client, topics } = scene(['a', 'b'], { create: true });
  const making = client.create.bind(client);
  client.create = async (topic) => {
    if (topic.name === 'a') throw Object.assign(new Error('x'), { errors: [{ type: 'INVALID_REPLICATION_FACTOR' }] });
    await making(topic);
  };
  expect(await topics.recheck('b')).toMatchObject({ partitions: 2 });
  await expect(topics.recheck('a')).rejects.toMatchObject({
    code: 'LF_TOPIC_NOT_MADE',
    retryable: true,
    message: expect.stringContaining('lower its replicationFactor') as unknown,
  });
});

test.each([
  ['INVALID_CONFIG', 'correct its config', false],
  ['POLICY_VIOLATION', 'a policy of the cluster forbids it', false],
  ['REQUEST_TIMED_OUT', 'tried again', true],
])('%s while making a topic is told with its remedy', async (type, remedy, retryable) => {
  const { client, topics } = scene(['a'], { create: true });
  client.createFault = Object.assign(new Error('x'), { type });
  await expect(topics.check()).rejects.toMatchObject({
    code: 'LF_TOPIC_NOT_MADE',
    retryable,
    message: expect.stringContaining(remedy) as unknown,
  });
});

test('R12 a limit that is lowered while it is published to is warned of once, and holds up nobody', async () => {
  const { client, topics, warnings } = scene(['a']);
  client.has.set('a', { copies: [1, 1], config });
  await topics.recheck('a');
  client.has.set('a', { copies: [1, 1], config: new Map([...config, ['max.message.bytes', '20000']]) });
  for (let again = 0; again < 2; again++)
    expect((await topics.facts()).get('a')).toEqual({ partitions: 2, maxBatchBytes: 20_000 });
  expect(warnings).toEqual([expect.stringContaining('max.message.bytes=20000, too little')]);
  client.has.set('a', { copies: [0, 1], config });
  await topics.facts();
  expect(warnings).toHaveLength(1);
});

test('a risk is told once, and stops nobody', async () => {
  const { client, topics, warnings } = scene(['a']);
  const risky = new Map([...config, ['unclean.leader.election.enable', 'true']]);
  client.has.set('a', { copies: [3, 3], config: risky });
  await topics.recheck('a');
  await topics.recheck('a');
  expect(warnings).toEqual([expect.stringContaining('unclean'), expect.stringContaining('min.insync.replicas=1')]);
});
