import { expect, test } from 'vitest';
import { assertSafe, topicFacts } from './topics.ts';

const declared = { name: 'orders', partitions: 2, replicationFactor: 3 };
const found = (copies: readonly number[], changed: { readonly [name: string]: string } = {}) => ({
  copies,
  config: new Map(
    Object.entries({
      'cleanup.policy': 'delete',
      'min.insync.replicas': '2',
      'max.message.bytes': '1048588',
      ...changed,
    }),
  ),
});

test('a topic as declared is taken, with its limit', () => {
  expect(() => assertSafe(declared, found([3, 3]))).not.toThrow();
  expect(topicFacts(declared, found([3, 3]))).toEqual({ partitions: 2, maxBatchBytes: 1_048_588 });
});

test.each([[[3]], [[3, 3, 3]]])(
  'R10 a topic of 2 partitions with the copies %j is refused, at start and later',
  (copies) => {
    const changed = { code: 'LF_PARTITION_COUNT_CHANGED', declared: 2, found: copies.length };
    expect(() => assertSafe(declared, found(copies))).toThrow(expect.objectContaining(changed));
    expect(() => topicFacts(declared, found(copies))).toThrow(expect.objectContaining(changed));
  },
);

test.each([
  ['is compacted', found([3, 3], { 'cleanup.policy': 'compact' })],
  ['is compacted and deleted', found([3, 3], { 'cleanup.policy': 'compact,delete' })],
  ['has fewer copies than declared', found([3, 2])],
  ['asks for more in-sync copies than it has', found([3, 3], { 'min.insync.replicas': '4' })],
  ['takes only small records', found([3, 3], { 'max.message.bytes': '1000000' })],
  ['does not tell its settings', { copies: [3, 3], config: new Map<string, string>() }],
])('a topic that %s is refused at start', (_what, topic) => {
  expect(() => assertSafe(declared, topic)).toThrow(expect.objectContaining({ code: 'LF_TOPIC_UNSUITABLE' }));
});

test('while replicas are moved a publisher goes on', () => {
  expect(topicFacts(declared, found([2, 3])).partitions).toBe(2);
});
