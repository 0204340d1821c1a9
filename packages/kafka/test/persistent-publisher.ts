import type { Publisher, PublishRecord } from '@leftfold/subscriptions';
import { expect } from 'vitest';
import { kafka, type KafkaOptions } from '../src/index.ts';

/**
 * A publisher that sends again what is not confirmed, as a relay does: on a slow machine the leaders of a new topic may not be ready for the first
 * send. For tests that are about reading.
 */
export async function persistentPublisher(options: KafkaOptions): Promise<Publisher> {
  const publisher = await kafka(options).publisher();
  return {
    partitions: async (topic) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await publisher.partitions(topic);
        } catch (error) {
          if (attempt >= 10 || (error as { retryable?: unknown }).retryable !== true) throw error;
        }
      }
    },
    close: () => publisher.close(),
    publish: async (records) => {
      let left: readonly PublishRecord[] = records;
      for (let attempt = 1; ; attempt++) {
        const outcome = await publisher.publish(left);
        const unwritten = new Set(outcome.filter(({ kind }) => kind !== 'written').map(({ partition }) => partition));
        left = left.filter(({ partition }) => unwritten.has(partition));
        if (left.length === 0) return outcome;
        expect(attempt, 'attempts to publish').toBeLessThan(10);
      }
    },
  };
}
