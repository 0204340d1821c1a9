import type { Lane } from '@leftfold/subscriptions';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The lane of a partition: `<topic>/<partition>`. Topic names hold no slash, so it is unique. Stands in checkpoints and must never change. */
export function topicLane(topic: string, partition: number): Lane {
  return `${topic}/${partition}` as Lane;
}

export function topicOfLane(lane: Lane): string {
  return lane.slice(0, lane.lastIndexOf('/'));
}
