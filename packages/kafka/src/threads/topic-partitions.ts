import type { PublishRecord } from '@leftfold/subscriptions';
import { topicLane, type TopicPartition } from '../topic-lane.ts';

/** The partitions that records go to, each once, in order of first appearance. */
export function topicPartitions(records: readonly PublishRecord[]): readonly TopicPartition[] {
  const found = new Map<string, TopicPartition>();
  for (const { topic, partition } of records) found.set(topicLane(topic, partition), { topic, partition });
  return [...found.values()];
}
