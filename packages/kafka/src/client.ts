import type { PublishRecord } from '@leftfold/subscriptions';
import type { TopicDeclaration } from './options.ts';
import type { TopicPartition } from './topic-lane.ts';

/** What goes to one partition in one send. */
export interface Parcel extends TopicPartition {
  readonly records: readonly PublishRecord[];
}
/** A topic as the cluster has it. */
export interface FoundTopic {
  /** Of each partition. */
  readonly copies: readonly number[];
  readonly config: ReadonlyMap<string, string>;
  /** The cluster's own id of it, another one after it was deleted and made anew. Absent where the client does not tell. */
  readonly id?: string;
}
/** Where a partition begins and ends. */
export interface Watermarks {
  /** Of the first record that is still there. */
  readonly low: bigint;
  /** Of the next record that will be written. */
  readonly high: bigint;
}
/** What a send came to, by lane. A lane that stands in neither map is in doubt. */
export interface Answered {
  /** The partitions that the answer names: all in-sync replicas hold what was sent to them. The offset of its first record, where the answer tells. */
  readonly written: ReadonlyMap<string, bigint | undefined>;
  /** What a broker said of one partition alone. */
  readonly failed?: ReadonlyMap<string, unknown>;
  /** Why the rest is in doubt; absent where nothing failed and the answer just leaves it out. */
  readonly cause?: unknown;
}

/**
 * A connected producer, as long as nothing doubtful happened to it. Never used for two sends at once. Its send sends once, or repeats what the broker
 * itself tells apart; rejects as the client does, or resolves with what is known all the same.
 */
export interface Producer {
  send(parcels: readonly Parcel[]): Promise<Answered>;
  /** Lets go at once; no fence: what is under way may still be written. */
  discard(): void;
  close(): Promise<void>;
}

/**
 * What publisher and sources need of a Kafka client; one implementation per client, each with connections of its own. Everything rejects as the client
 * does: whoever calls makes an error of ours of it ({@link asBrokerError}).
 */
export interface KafkaClient {
  /** These topics as they are now, with these settings; one that does not exist is not in the answer. */
  topics(names: readonly string[], settings: readonly string[]): Promise<ReadonlyMap<string, FoundTopic>>;
  /** Resolves also when another process makes it at the same moment. */
  create(topic: TopicDeclaration): Promise<void>;
  /** Of all partitions. */
  watermarks(topic: string): Promise<ReadonlyMap<number, Watermarks>>;
  /** A connected one. */
  producer(): Promise<Producer>;
}
