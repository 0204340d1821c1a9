import type { Reader } from '@leftfold/subscriptions';
import type { TopicDeclaration } from './options.ts';
import { topicLane } from './topic-lane.ts';
import type { TopicPartition } from './topic-lane.ts';

/** The partitions that a reader is to have: of a bounded one those that its end names, else all. */
export function namedLanes(
  declared: readonly TopicDeclaration[],
  { until }: Pick<Reader, 'until'>,
): readonly TopicPartition[] {
  return declared
    .flatMap(({ name, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    )
    .filter(({ topic, partition }) => until?.has(topicLane(topic, partition)) ?? true);
}
