import { kMetadata } from '@platformatic/kafka';
import type { Base, ClusterMetadata } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { keepPartitions } from './kept-partitions.ts';

/** A client that knows its topics with so many partitions each. */
function knowing(counts: { readonly [topic: string]: number }): Base {
  const topics = new Map(Object.entries(counts).map(([name, partitionsCount]) => [name, { partitionsCount }]));
  const ask: Base[typeof kMetadata] = (_options, callback) => callback(null, { topics } as unknown as ClusterMetadata);
  return { [kMetadata]: ask } as Partial<Base> as Base;
}
const DECLARED = [
  { name: 'orders', partitions: 6 },
  { name: 'stock', partitions: 2 },
];

test.each([
  [{ orders: 6, stock: 2 }, undefined],
  [{ orders: 6 }, undefined],
  [{ orders: 6, undeclared: 1 }, undefined],
  [{ orders: 3, stock: 2 }, 'LF_PARTITION_COUNT_CHANGED'],
  [{ stock: 4 }, 'LF_PARTITION_COUNT_CHANGED'],
])('R5c a client that finds %o is told %s', (counts, code) => {
  const client = knowing(counts);
  keepPartitions(client, kMetadata, DECLARED);
  let told: readonly unknown[] = [];
  client[kMetadata]({}, (...args) => (told = args));
  const [error, metadata] = told as readonly [{ readonly code?: string } | null, ClusterMetadata | undefined];
  expect(error?.code).toBe(code);
  expect(metadata === undefined).toBe(code !== undefined);
});

test('what fails by itself fails as it did', () => {
  const client = knowing({});
  const cause = new Error('no broker');
  client[kMetadata] = (_options, callback) => callback(cause, undefined);
  keepPartitions(client, kMetadata, DECLARED);
  let told: unknown;
  client[kMetadata]({}, (error) => (told = error));
  expect(told).toBe(cause);
});
