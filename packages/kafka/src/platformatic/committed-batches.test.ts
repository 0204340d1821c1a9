import { expect, test } from 'vitest';
import { committedBatches } from './committed-batches.ts';
import type { BatchFrame } from './committed-batches.ts';

const [TRANSACTIONAL, CONTROL] = [0x10, 0x20];
const plain = (firstOffset: bigint): BatchFrame => ({
  firstOffset,
  lastOffsetDelta: 1,
  attributes: 0,
  producerId: -1n,
});
const batch = (firstOffset: bigint, producerId: bigint): BatchFrame => ({
  ...plain(firstOffset),
  attributes: TRANSACTIONAL,
  producerId,
});
const marker = (firstOffset: bigint, producerId: bigint): BatchFrame => ({
  firstOffset,
  lastOffsetDelta: 0,
  attributes: TRANSACTIONAL | CONTROL,
  producerId,
});
const offsetsOf = (...given: Parameters<typeof committedBatches>): readonly bigint[] =>
  [...committedBatches(...given)].map(({ firstOffset }) => firstOffset);

test('markers are no records, and what was kept stays', () => {
  expect(offsetsOf([plain(0n), batch(2n, 7n), marker(4n, 7n), plain(5n)], [])).toEqual([0n, 2n, 5n]);
});

test('what was rolled back is left out up to its marker; what others wrote between, and the same producer afterwards, stays', () => {
  const batches = [batch(0n, 7n), plain(2n), batch(4n, 8n), batch(6n, 7n), marker(8n, 7n), batch(9n, 7n)];
  expect(offsetsOf(batches, [{ producerId: 7n, firstOffset: 0n }])).toEqual([2n, 4n, 9n]);
});

test('what was rolled back is left out though the answer ends before its marker, or begins after its first record', () => {
  expect(offsetsOf([batch(10n, 7n), batch(12n, 7n)], [{ producerId: 7n, firstOffset: 4n }])).toEqual([]);
});

test('a producer that has rolled back twice, with a transaction between that it kept', () => {
  const batches = [batch(0n, 7n), marker(2n, 7n), batch(3n, 7n), marker(5n, 7n), batch(6n, 7n), marker(8n, 7n)];
  const rolledBack = [6n, 0n].map((firstOffset) => ({ producerId: 7n, firstOffset }));
  expect(offsetsOf(batches, rolledBack)).toEqual([3n]);
});
