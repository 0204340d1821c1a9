import type { Admin } from '@platformatic/kafka';
import { brokerFault } from '../broker-fault.ts';
import type { FoundTopic, KafkaClient, Producer, Watermarks } from '../client.ts';
import type { KafkaOptions, TopicDeclaration } from '../options.ts';
import { TIME_LIMITS } from '../time-limits.ts';
import type { TimeLimits } from '../time-limits.ts';
import { HeldConnections } from './held-connections.ts';
import { PlatformaticProducer } from './platformatic-producer.ts';
import { platformatic, platformaticSettings } from './platformatic-settings.ts';

/** How often a new topic is asked for until its partitions have leaders. */
const LEADER_TRIES = 40;
/** As the protocol has them: of the first record that is still there, and of the next one. */
const EARLIEST = -2n;
const LATEST = -1n;

/** {@link KafkaClient} over `@platformatic/kafka`, set as the publisher and the source need it. Each call makes a new one with connections of its own. */
export class PlatformaticClient implements KafkaClient {
  readonly #options: KafkaOptions;

  readonly #limits: TimeLimits;

  constructor(options: KafkaOptions, limits: TimeLimits = TIME_LIMITS) {
    this.#options = options;
    this.#limits = limits;
  }

  topics(names: readonly string[], settings: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>> {
    return this.administer(async (admin) => {
      const found = new Map<string, FoundTopic>();
      for (const name of names) {
        const topic = await foundTopic(admin, name, settings);
        if (topic !== undefined) found.set(name, topic);
      }
      return found;
    });
  }

  async create({ name, partitions, replicationFactor, config = {} }: TopicDeclaration): Promise<void> {
    await this.administer(async (admin) => {
      try {
        await admin.createTopics({
          topics: [
            { topic: name, partitions, ...(replicationFactor !== undefined && { replicas: replicationFactor }) },
          ],
          configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        });
      } catch (error) {
        if (brokerFault(error).name !== 'TOPIC_ALREADY_EXISTS') throw error;
      }
      await admin.metadata({ topics: [name], forceUpdate: true, retries: LEADER_TRIES });
    });
  }

  watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>> {
    return this.administer(async (admin) => {
      const { topics } = await admin.metadata({ topics: [topic] });
      const count = topics.get(topic)?.partitionsCount ?? 0;
      const [low, high] = [await offsets(admin, topic, count, EARLIEST), await offsets(admin, topic, count, LATEST)];
      return new Map([...high].map(([partition, end]) => [partition, { low: low.get(partition) ?? end, high: end }]));
    });
  }

  producer(): Promise<Producer> {
    return PlatformaticProducer.connect(this.#options, this.#limits);
  }

  /** Runs `use` with an administrator that is connected for that long only: nothing of it can grow old. */
  async administer<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const { Admin: AdminOfPackage } = await platformatic();
    const admin = new AdminOfPackage(platformaticSettings(this.#options, this.#limits));
    const connections = new HeldConnections(admin);
    try {
      return await use(admin);
    } finally {
      connections.release();
    }
  }
}

/** The settings first: only their answer says by a code of its own that there is no such topic. */
async function foundTopic(admin: Admin, name: string, settings: readonly string[]): Promise<FoundTopic | undefined> {
  const config = await topicConfig(admin, name, settings);
  if (config === undefined) return undefined;
  const { topics } = await admin.metadata({ topics: [name], forceUpdate: true });
  const metadata = topics.get(name);
  if (metadata === undefined) return undefined;
  return { copies: metadata.partitions.map(({ replicas }) => replicas.length), config, id: metadata.id };
}

async function topicConfig(
  admin: Admin,
  name: string,
  settings: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const { ConfigResourceTypes } = await platformatic();
  try {
    const [described] = await admin.describeConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: name,
          configurationKeys: [...settings],
        },
      ],
    });
    return new Map((described?.configs ?? []).map((each) => [each.name, each.value ?? '']));
  } catch (error) {
    if (brokerFault(error).name === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
    throw error;
  }
}

async function offsets(
  admin: Admin,
  name: string,
  count: number,
  timestamp: bigint,
): Promise<ReadonlyMap<number, bigint>> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
  const [answered] = await admin.listOffsets({ topics: [{ name, partitions }] });
  return new Map(answered?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
}
