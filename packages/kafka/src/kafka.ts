import type { Broker, Source } from '@leftfold/subscriptions';
import type { KafkaClient } from './client.ts';
import { KafkajsClient } from './kafkajs/kafkajs-client.ts';
import { KafkajsSource } from './kafkajs/kafkajs-source.ts';
import { remedyKafkajsTimer } from './kafkajs/kafkajs-timer.ts';
import { checkOptions } from './options.ts';
import type { KafkaOptions } from './options.ts';
import { PlatformaticClient } from './platformatic/platformatic-client.ts';
import { PlatformaticSource } from './platformatic/platformatic-source.ts';
import { KafkaPublisher } from './publisher.ts';
import { publishers } from './threads/publishers.ts';
import { Topics } from './topics.ts';

/**
 * Kafka as publisher and source, over kafkajs or, with `client: 'platformatic'`, over `@platformatic/kafka`, which is loaded only then. Connects to
 * nothing yet: the first use of either checks the declared topics, and makes them when `create` is set.
 *
 * Publishing, with both: idempotent, all in-sync replicas, one send under way, explicit partitions, every partition must be in the answer. Reading: one lane a
 * partition, shared by a consumer group for each reader's name, or, with platformatic, by the leases of the checkpoints and without a group. Places are
 * the reader's; what Kafka is told of them nobody reads back.
 *
 * @throws DefinitionError `LF_OPTION_OUT_OF_RANGE` for a setting outside its bounds
 * @throws KafkajsUnsupported `LF_KAFKAJS_UNSUPPORTED` when another kafkajs than 2.2.4 is installed
 */
export function kafka(options: KafkaOptions): Broker {
  checkOptions(options);
  const { client, source, topics } =
    options.client === 'platformatic' ? overPlatformatic(options) : overKafkajs(options);
  const { codec } = options;
  return {
    source,
    publisher: publishers(options, () => new KafkaPublisher(client, topics)),
    codec,
    description: `kafka ${options.clientId} at ${options.brokers.join(', ')}`,
  };
}

interface Over {
  readonly client: KafkaClient;
  readonly topics: Topics;
  readonly source: Source;
}

function overKafkajs(options: KafkaOptions): Over {
  remedyKafkajsTimer();
  const client = new KafkajsClient(options);
  const topics = new Topics(client, options);
  return { client, topics, source: new KafkajsSource(client, topics, options) };
}

function overPlatformatic(options: KafkaOptions): Over {
  const client = new PlatformaticClient(options);
  const topics = new Topics(client, options);
  return { client, topics, source: new PlatformaticSource(client, topics, options) };
}
