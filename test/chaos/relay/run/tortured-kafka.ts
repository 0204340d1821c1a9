import { setTimeout as pause } from 'node:timers/promises';
import { startKafka, type KafkaCluster } from '@leftfold/infra';
import { eventually, startKafkaProxies, type KafkaProxies } from '@leftfold/testing';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { TOPICS } from '../names.ts';

const BROKERS = 3;
const PATIENCE = { timeoutMs: 60_000 };

/** Three brokers of the run's own, with proxies in front of them, and its topics. */
export class TorturedKafka {
  readonly cluster: KafkaCluster;
  readonly proxies: KafkaProxies;
  readonly admin: Admin;

  private constructor(cluster: KafkaCluster, proxies: KafkaProxies, admin: Admin) {
    this.cluster = cluster;
    this.proxies = proxies;
    this.admin = admin;
  }

  static async open(): Promise<TorturedKafka> {
    const proxies = await startKafkaProxies(BROKERS);
    const cluster = await startKafka({ brokers: BROKERS, own: true, proxied: proxies.ports });
    proxies.forwardTo(cluster.nodes.map(({ behindProxy }) => behindProxy ?? 0));
    const kafka = new kafkajs.Kafka({ brokers: [...cluster.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const opened = new TorturedKafka(cluster, proxies, admin);
    const topics = Object.entries(TOPICS).map(([topic, numPartitions]) => ({
      topic,
      numPartitions,
      replicationFactor: BROKERS,
      configEntries: [{ name: 'min.insync.replicas', value: '2' }],
    }));
    await admin.createTopics({ topics, waitForLeaders: false });
    await opened.untilInSync();
    return opened;
  }

  /** Waits until every partition has a leader and all of its copies: then one broker may go. */
  async untilInSync(): Promise<void> {
    await eventually(async () => {
      const { topics } = await this.admin.fetchTopicMetadata({ topics: Object.keys(TOPICS) });
      const partitions = topics.flatMap((topic) => topic.partitions);
      const expected = Object.values(TOPICS).reduce((sum, count) => sum + count, 0);
      return (
        partitions.length === expected && partitions.every(({ leader, isr }) => leader > 0 && isr.length === BROKERS)
      );
    }, PATIENCE);
  }

  /** SIGSTOP, for so long. Nothing happens where the brokers are no processes of this machine. */
  async freeze(broker: number, forMs: number): Promise<void> {
    const pid = this.cluster.nodes.find(({ id }) => id === broker)?.pid;
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    try {
      await pause(forMs);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
    await this.proxies.close();
    await this.cluster.stop();
  }
}
