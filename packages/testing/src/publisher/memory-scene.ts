import { randomUUID } from 'node:crypto';
import { memoryBroker } from '@leftfold/memory';
import type { Publisher, PublishRecord } from '@leftfold/subscriptions';
import type { PublisherHarness, SendFault } from './publisher-conformance.ts';

const LIMIT_BYTES = 1_000_000;
const LOWERED_BYTES = 50_000;

/** The broker in memory, with what its hook can make up: faults of sends and a limit of size. `wrap` stands between it and the suite. */
export function memoryHarness(wrap: (publisher: Publisher) => Publisher = (publisher) => publisher): PublisherHarness {
  const planned: { readonly fault: SendFault; readonly done: () => void }[] = [];
  const lowered = new Set<string>();
  return {
    open: async (...partitions) => {
      const broker = memoryBroker({
        partitions: partitions[0] ?? 1,
        fail: (records) => {
          const { topic, partition } = records[0] as PublishRecord;
          const limit = lowered.has(topic) ? LOWERED_BYTES : LIMIT_BYTES;
          if (records.some(({ value }) => value.length >= limit)) {
            const cause = Object.assign(new Error('too large'), { code: 'LF_RECORD_REFUSED' });
            return { topic, partition, kind: 'notWritten', refused: true, cause };
          }
          const plan = planned.shift();
          plan?.done();
          if (plan === undefined) return undefined;
          const wrote = plan.fault.startsWith('answer') ? records.length : 0;
          return { topic, partition, kind: 'unknown', cause: plan.fault, wrote };
        },
      });
      return {
        topics: partitions.map(() => `memory.${randomUUID()}`),
        publisher: async () => wrap(await broker.publisher()),
        read: async (topic) => broker.records(topic),
      };
    },
    capabilities: {
      limit: { bytes: LIMIT_BYTES, lower: async (topic) => void lowered.add(topic) },
      faults: {
        kinds: ['request-cut', 'answer-cut', 'answer-lost'],
        next: (fault) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          planned.push({ fault, done: resolve });
          return { happened: promise };
        },
      },
      leaders: false,
      copies: false,
      remake: false,
      absent: false,
    },
    timeoutMs: 2_000,
  };
}
