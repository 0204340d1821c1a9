import { DefinitionError } from '@leftfold/core';
import { jsonCodec } from '@leftfold/subscriptions';
import type { Broker, Codec, PublishRecord } from '@leftfold/subscriptions';
import { MemoryBrokerSource } from './memory-broker-source.ts';
import { MemoryPublisher } from './memory-publisher.ts';
import type { MakeUpOutcome } from './memory-publisher.ts';
import { laneOf, MemoryTopics } from './memory-topics.ts';

/** What {@link memoryBroker} gives: a broker whose topics can be looked at. */
export interface MemoryBroker extends Broker {
  /** What stands in a topic, by partition and offset. */
  records(topic: string): readonly (readonly PublishRecord[])[];
}
/** How a broker in memory behaves. */
export interface MemoryBrokerOptions {
  /** Of each topic, 1 to 1,000. Default 4. */
  readonly partitions?: number;
  /** How payloads look in its topics. Default `jsonCodec()`. */
  readonly codec?: Codec;
  /** Faults, made up: see {@link MakeUpOutcome}. */
  readonly fail?: MakeUpOutcome;
}

/**
 * A broker in this process's memory: topics are made when they are first named and keep every record; lanes are shared out among the readers of a name,
 * anew when one comes or goes. Nothing is shared between two calls.
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE`
 */
export function memoryBroker({ partitions = 4, codec = jsonCodec(), fail }: MemoryBrokerOptions = {}): MemoryBroker {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1_000) {
    throw new DefinitionError(
      'LF_OPTION_OUT_OF_RANGE',
      `partitions is ${partitions}; it is a whole number from 1 to 1000`,
    );
  }
  const topics = new MemoryTopics(partitions);
  return {
    source: new MemoryBrokerSource(topics, codec),
    publisher: async () => new MemoryPublisher(topics, fail),
    codec,
    description: `broker in memory, ${partitions} partitions a topic`,
    records: (topic) =>
      Array.from({ length: partitions }, (_, partition) => [...topics.records(laneOf(topic, partition))]),
  };
}
