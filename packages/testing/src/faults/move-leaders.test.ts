import { expect, test } from 'vitest';
import { moveLeaders, type LeaderAdmin, type LedPartition } from './move-leaders.ts';

/** A controller that carries reassignments out a look later, as a real one does. */
class PlantedController implements LeaderAdmin {
  partitions: readonly LedPartition[];
  readonly asked: (readonly (readonly [partition: number, replicas: readonly number[]])[])[] = [];
  #isStuck = false;
  #pending: (() => void) | undefined;

  constructor(partitions: readonly LedPartition[]) {
    this.partitions = partitions;
  }
  stick(): void {
    this.#isStuck = true;
  }
  async fetchTopicMetadata(): Promise<{ topics: { partitions: readonly LedPartition[] }[] }> {
    const topics = [{ partitions: this.partitions }];
    this.#pending?.();
    this.#pending = undefined;
    return Promise.resolve({ topics });
  }
  async alterPartitionReassignments({
    topics,
  }: Parameters<LeaderAdmin['alterPartitionReassignments']>[0]): Promise<void> {
    const wanted = new Map(
      topics.flatMap((each) => each.partitionAssignment).map((each) => [each.partition, each.replicas]),
    );
    this.asked.push([...wanted]);
    if (this.#isStuck) return Promise.resolve();
    this.#pending = () => {
      this.partitions = this.partitions.map((each) => {
        const replicas = wanted.get(each.partitionId) ?? each.replicas;
        const leader = replicas.includes(each.leader) ? each.leader : (replicas[0] ?? -1);
        return { ...each, replicas, leader, isr: wanted.has(each.partitionId) ? replicas : each.isr };
      });
    };
    return Promise.resolve();
  }
}
const led = (partitionId: number, leader: number, replicas = [1, 2, 3], isr = replicas): LedPartition => ({
  partitionId,
  leader,
  replicas,
  isr,
});

test('every partition gets another leader, and keeps all of its copies', async () => {
  const controller = new PlantedController([led(0, 1), led(1, 2)]);
  expect(await moveLeaders(controller, 'orders')).toEqual([
    { partition: 0, from: 1, to: 2 },
    { partition: 1, from: 2, to: 1 },
  ]);
  expect(controller.partitions.map(({ replicas, isr }) => [replicas, isr])).toEqual([
    [
      [2, 3, 1],
      [2, 3, 1],
    ],
    [
      [1, 3, 2],
      [1, 3, 2],
    ],
  ]);
});

test('partitions that were not named, have one copy, or one out of sync stay as they are', async () => {
  const controller = new PlantedController([led(0, 1), led(1, 1, [1]), led(2, 1, [1, 2, 3], [1, 2]), led(3, 1)]);
  expect(await moveLeaders(controller, 'orders', { only: [1, 2, 3] })).toMatchObject([{ partition: 3 }]);
  expect(controller.asked.flat().map(([partition]) => partition)).toEqual([3, 3]);
  expect(await moveLeaders(controller, 'orders', { only: [1] })).toEqual([]);
});

test('a leader that does not move is told, and its copies are asked back', async () => {
  const controller = new PlantedController([led(0, 1)]);
  controller.stick();
  await expect(moveLeaders(controller, 'orders', { withinMs: 20 })).rejects.toThrow('still not so after 20 ms');
  expect(controller.asked).toEqual([[[0, [2, 3]]], [[0, [2, 3, 1]]]]);
});
