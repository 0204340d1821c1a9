import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partitionLines, type PartitionLine } from './partition-line.ts';
import type { PublishRecord } from '../publisher.ts';

const record = (partition: number): PublishRecord => ({
  topic: 'orders',
  partition,
  key: 'k',
  value: new Uint8Array([1]),
  headers: {},
});
const lineOf = (length: number): PartitionLine =>
  partitionLines(Array.from({ length }, () => record(0)))[0] as PartitionLine;

test('each partition has a line of its own, in the order of the batch', () => {
  const lines = partitionLines([1, 0, 1, 2, 0].map(record));
  expect(lines.map(({ name, next }) => [name, next])).toEqual([
    ['orders/1', [0, 2]],
    ['orders/0', [1, 4]],
    ['orders/2', [3]],
  ]);
});
test('R1 R15 however a line is halved, its records are written in order, each once, and a refused one comes to stand alone soon', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(199), (length, at) => {
      const refused = at % length;
      const line = lineOf(length);
      const written: number[] = [];
      let refusals = 0;
      while (!line.isWritten) {
        expect(line.unwritten).toBe(length - written.length);
        const isRefused = line.next.includes(refused) && line.alone !== refused;
        if (isRefused) {
          refusals += 1;
          line.halve();
        } else {
          written.push(...line.next);
          line.written();
        }
      }
      expect(written).toEqual(Array.from({ length }, (_, place) => place));
      expect(refusals).toBeLessThanOrEqual(Math.ceil(Math.log2(length)));
    }),
  );
});
