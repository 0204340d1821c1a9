import type { Broker } from '@leftfold/subscriptions';
import { KafkajsClient } from './kafkajs/kafkajs-client.ts';
import { KafkajsSource } from './kafkajs/kafkajs-source.ts';
import { remedyKafkajsTimer } from './kafkajs/kafkajs-timer.ts';
import { checkOptions } from './options.ts';
import type { KafkaOptions } from './options.ts';
import { KafkaPublisher } from './publisher.ts';
import { Topics } from './topics.ts';

/**
 * Kafka as publisher and source, over kafkajs. Connects to nothing yet: the first use of either checks the declared topics, and makes them when
 * `create` is set.
 *
 * Publishing: idempotent, all in-sync replicas, one send under way, explicit partitions, every partition must be in the answer. Reading: one lane a
 * partition, shared by a consumer group for each reader's name; places are the reader's, never committed to Kafka.
 *
 * @throws DefinitionError `LF_OPTION_OUT_OF_RANGE` for a setting outside its bounds
 * @throws KafkajsUnsupported `LF_KAFKAJS_UNSUPPORTED` when another kafkajs than 2.2.4 is installed
 */
export function kafka(options: KafkaOptions): Broker {
  checkOptions(options);
  remedyKafkajsTimer();
  const { codec } = options;
  const client = new KafkajsClient(options);
  const topics = new Topics(client, options);
  return {
    source: new KafkajsSource(client, topics, options, codec),
    publisher: async () => new KafkaPublisher(client, topics),
    codec,
    description: `kafka ${options.clientId} at ${options.brokers.join(', ')}`,
  };
}
