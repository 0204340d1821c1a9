import { eventually } from '../eventually.ts';

/** One partition, as an admin client of Kafka tells it. */
export interface LedPartition {
  readonly partitionId: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** What is needed of an admin client; that of kafkajs fits. */
export interface LeaderAdmin {
  fetchTopicMetadata(options: {
    topics: string[];
  }): Promise<{ readonly topics: readonly { readonly partitions: readonly LedPartition[] }[] }>;
  alterPartitionReassignments(request: {
    topics: { topic: string; partitionAssignment: { partition: number; replicas: number[] }[] }[];
  }): Promise<void>;
}

/** A partition that has another leader now. */
export interface MovedLeader {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Moves the leaders of a topic's partitions to other brokers, and resolves when they lead and every broker that had a copy has one in sync again. No client
 * for Node can ask for an election, so the leader is taken out of the partition's replicas, which forces one, and then put back, as the last of them.
 * Partitions with one copy, and those of which a copy is out of sync, stay as they are: they cannot move without a loss of records.
 * @param admin connected, with brokers that answer.
 * @param only these partitions. Default all.
 * @param withinMs for each of its two steps. Default 15,000.
 * @throws `AssertionError` when a step does not end in time, as with a broker that was killed meanwhile; the copies are asked back even then.
 */
export async function moveLeaders(
  admin: LeaderAdmin,
  topic: string,
  { only, withinMs = 15_000 }: { readonly only?: readonly number[]; readonly withinMs?: number } = {},
): Promise<readonly MovedLeader[]> {
  const partitions = await partitionsOf(admin, topic);
  const movable = partitions.filter(
    ({ partitionId, replicas, isr }) =>
      only?.includes(partitionId) !== false && replicas.length > 1 && isr.length === replicas.length,
  );
  if (movable.length === 0) return [];
  const reassign = (replicasOf: (partition: LedPartition) => number[]): Promise<void> => {
    const partitionAssignment = movable.map((each) => ({ partition: each.partitionId, replicas: replicasOf(each) }));
    return admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  };
  const others = ({ replicas, leader }: LedPartition): number[] => replicas.filter((id) => id !== leader);
  const settled = (is: (now: LedPartition, before: LedPartition) => boolean): Promise<true> =>
    eventually(
      async () => {
        const now = await partitionsOf(admin, topic);
        return movable.every((before) =>
          now.some((each) => each.partitionId === before.partitionId && is(each, before)),
        );
      },
      { timeoutMs: withinMs },
    );

  await reassign(others);
  try {
    await settled((now, before) => now.leader >= 0 && now.leader !== before.leader);
  } finally {
    // Also when it failed: a topic that stays with fewer copies would lose acknowledged records to the next fault.
    await reassign((before) => [...others(before), before.leader]);
  }
  await settled((now, before) => now.isr.length === before.replicas.length);
  const after = new Map((await partitionsOf(admin, topic)).map(({ partitionId, leader }) => [partitionId, leader]));
  return movable.map(({ partitionId, leader }) => ({
    partition: partitionId,
    from: leader,
    to: after.get(partitionId) ?? -1,
  }));
}

async function partitionsOf(admin: LeaderAdmin, topic: string): Promise<readonly LedPartition[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions ?? [];
}
