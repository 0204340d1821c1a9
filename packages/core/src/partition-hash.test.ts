import { expect, test } from 'vitest';
import { kafkaKey, partitionHash } from './partition-hash.ts';

// Values of Java's client, with the sign bit cleared as its partitioner does.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])("the hash of %j is the Java client's", (key, java) => {
  expect(partitionHash(key)).toBe(java & 0x7fffffff);
});
test('the hash is taken of the UTF-8 bytes, so a key outside ASCII lies where other clients put it', () => {
  expect(partitionHash('Zürich')).not.toBe(partitionHash('Zurich'));
  expect(partitionHash('😀')).toBeGreaterThanOrEqual(0);
});
test('a tenant leads the key, so equal ids of two tenants are two keys', () => {
  expect(kafkaKey('', 'orders-1')).toBe('orders-1');
  expect(kafkaKey('acme', 'orders-1')).toBe('acme/orders-1');
});
