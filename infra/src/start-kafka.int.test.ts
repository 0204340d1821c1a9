import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startCluster, type KafkaCluster } from './kafka-cluster.ts';
import { kafkaJars } from './kafka-download.ts';
import { askMetadata } from './kafka-metadata.ts';
import { kafkaOnJava } from './kafka-on-java.ts';
import { findKafka } from './kafka-origin.ts';
import { isRunning } from './process-group.ts';
import { startKafka } from './start-kafka.ts';
import { until } from './until.ts';

const origin = await findKafka({ own: true });

function client(cluster: KafkaCluster): Kafka {
  return new Kafka({ clientId: 'test', brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
}

async function createTopic(cluster: KafkaCluster, topic: string): Promise<void> {
  const admin = client(cluster).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
  // Asked one after the other: a broker that has not heard of the topic yet answers with an error, for which the client does not ask again.
  const led = async (): Promise<true | undefined> => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
    return topics[0]?.partitions[0]?.leader === undefined || topics[0].partitions[0].leader < 0 ? undefined : true;
  };
  expect(await until(led, { withinMs: 20_000 })).toBe(true);
  await admin.disconnect();
}

async function publishing(cluster: KafkaCluster, work: (producer: Producer) => Promise<void>): Promise<void> {
  const producer = client(cluster).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await work(producer);
  } finally {
    await producer.disconnect();
  }
}

/** Each part runs for the origin that this machine has. */
const [none, some, java] = [
  origin.kind === 'none' ? [origin] : [],
  origin.kind === 'none' ? [] : [origin.kind],
  origin.kind === 'java' ? [origin.java] : [],
];

test.each(none)('where Kafka cannot be had, starting it says why and what to do', async ({ code, reason, remedy }) => {
  const failing = startKafka({ brokers: 1, own: true });
  await expect(failing).rejects.toThrow(`${reason}; ${remedy}`);
  await expect(failing).rejects.toMatchObject({ code });
});

describe.each(some)('one broker from %s', () => {
  let cluster: KafkaCluster;
  /** Hands everything on to the node's listener for it. */
  const proxy = createServer((client) => {
    const node = connect(cluster.nodes[0]?.behindProxy ?? 0, '127.0.0.1');
    for (const [one, other] of [[client, node] as const, [node, client] as const]) {
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  beforeAll(async () => {
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    cluster = await startKafka({ brokers: 1, own: true, proxied: [(proxy.address() as AddressInfo).port] });
  }, 600_000);
  afterAll(async () => {
    await cluster?.stop();
    proxy.close();
  });

  test('takes a record and gives it back', async () => {
    await createTopic(cluster, 'orders');
    await publishing(cluster, async (producer) => {
      await producer.send({ topic: 'orders', messages: [{ key: 'k', value: 'placed' }] });
    });
    const consumer = client(cluster).consumer({ groupId: 'test' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    const seen = await new Promise((resolve) => {
      void consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(message.value?.toString())) });
    });
    await consumer.disconnect();
    expect(seen).toBe('placed');
  });

  test('tells who came through a proxy the address of the proxy, and others its own', async () => {
    const toldFrom = async (brokers: readonly string[]): Promise<readonly string[]> => {
      const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      const told = await admin.describeCluster();
      await admin.disconnect();
      return told.brokers.map(({ host, port }) => `${host}:${port}`);
    };
    expect(cluster.proxied).toHaveLength(1);
    expect(await toldFrom(cluster.proxied)).toEqual(cluster.proxied);
    expect(await toldFrom(cluster.brokers)).toEqual(cluster.brokers);
  });

  test('has no topic that nobody created', async () => {
    const admin = new Kafka({
      brokers: [...cluster.brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin();
    await admin.connect();
    const asked = admin.fetchTopicMetadata({ topics: ['typo'] });
    await expect(asked).rejects.toThrow('This server does not host this topic-partition');
    await admin.disconnect();
  });

  describe('given by the environment variable', () => {
    afterEach(() => void vi.unstubAllEnvs());

    test('is used instead of a new one and is not killed', async () => {
      vi.stubEnv('LEFTFOLD_KAFKA_BROKERS', cluster.brokers.join(','));
      const given = await startKafka({ brokers: 1 });
      expect(given).toMatchObject({ origin: 'given', brokers: cluster.brokers, nodes: [] });
      await expect(given.kill(1)).rejects.toMatchObject({ code: 'LF_INFRA_NOT_OURS' });
      await given.stop();
      expect(await askMetadata(cluster.brokers[0] ?? '')).toMatchObject({ brokerIds: [1] });
    });

    test('is refused when nobody answers there', async () => {
      vi.stubEnv('LEFTFOLD_KAFKA_BROKERS', '127.0.0.1:1');
      await expect(startKafka({ brokers: 1 })).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
    });
  });
});

describe.each(some)('three brokers from %s', () => {
  test('go on without the one that was killed, take it back, and leave nothing at the end', async () => {
    const cluster = await startKafka({ brokers: 3, own: true });
    expect(cluster.nodes.map((node) => node.id)).toEqual([1, 2, 3]);
    const seenBy = (index: number): Promise<number[]> =>
      askMetadata(cluster.brokers[index] ?? '').then((view) => view.brokerIds.toSorted((a, b) => a - b));
    await createTopic(cluster, 'orders');
    const pids = cluster.nodes.flatMap((node) => node.pid ?? []);

    await cluster.kill(2);
    expect(pids.filter(isRunning)).toHaveLength(pids.length === 0 ? 0 : 2);
    // A slow machine may leave a question unanswered: then it is asked again.
    const without = async (): Promise<true | undefined> =>
      (await seenBy(0).catch(() => [2])).includes(2) ? undefined : true;
    expect(await until(without, { withinMs: 20_000 })).toBe(true);
    expect(await seenBy(0)).toEqual([1, 3]);
    await publishing(cluster, async (producer) => {
      await producer.send({ topic: 'orders', acks: -1, messages: [{ value: 'placed' }] });
    });

    await cluster.startNode(2);
    expect(await seenBy(1)).toContain(2);
    await cluster.stop();
    expect(cluster.nodes.flatMap((node) => node.pid ?? []).filter(isRunning)).toEqual([]);
    expect(cluster.dataDir !== undefined && existsSync(cluster.dataDir)).toBe(false);
    await expect(cluster.startNode(2)).rejects.toMatchObject({ code: 'LF_INFRA_STOPPED' });
    await expect(cluster.kill(7)).rejects.toMatchObject({ code: 'LF_INFRA_NOT_OURS' });
  }, 60_000);
});

describe.each(java)('a cluster on Java $release', (java) => {
  test('says that a port is taken, or the last lines of the log, and leaves nothing', async () => {
    const parts = { java, kafka: await kafkaJars(java, undefined), archiveFlags: [], brokers: 1 } as const;

    const crowded = await kafkaOnJava({ ...parts, settings: {} });
    const thief = createServer().listen(crowded.nodes[0]?.port, '127.0.0.1');
    await once(thief, 'listening');
    await expect(startCluster(crowded)).rejects.toMatchObject({ code: 'LF_INFRA_PORT_TAKEN' });
    thief.close();

    const broken = await kafkaOnJava({ ...parts, settings: { 'num.io.threads': 'many' } });
    const failing = startCluster(broken);
    await expect(failing).rejects.toThrow('num.io.threads');
    await expect(failing).rejects.toMatchObject({ code: 'LF_INFRA_NOT_READY' });
    for (const host of [crowded, broken]) expect(existsSync(host.dataDir ?? '')).toBe(false);
  }, 60_000);
});
