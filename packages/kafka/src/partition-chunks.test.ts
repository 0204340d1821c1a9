import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partitionChunks, recordBytes } from './partition-chunks.ts';

const record = (topic: string, partition: number, valueBytes: number, key = 'k') => ({
  topic,
  partition,
  key,
  value: new Uint8Array(valueBytes).fill(1),
  headers: { lf: '{}' },
});

test('every record is in one chunk of its partition, in the order given, and no chunk of several is over the limit', () => {
  const records = fc.array(
    fc.record({
      partition: fc.integer({ min: 0, max: 3 }),
      topic: fc.constantFrom('a', 'b'),
      bytes: fc.integer({ min: 1, max: 700 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(records, fc.integer({ min: 200, max: 2_000 }), (sizes, limit) => {
      const given = sizes.map(({ topic, partition, bytes }) => record(topic, partition, bytes));
      const groups = partitionChunks(given, limit);
      for (const { topic, partition, chunks, largestBytes } of groups) {
        const own = given.filter((each) => each.topic === topic && each.partition === partition);
        expect(chunks.flat()).toEqual(own);
        expect(largestBytes).toBe(61 + Math.max(...own.map(recordBytes)));
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          const bytes = 61 + chunk.reduce((sum, each) => sum + recordBytes(each), 0);
          expect(chunk.length === 1 || bytes <= limit).toBe(true);
        }
      }
      expect(groups.flatMap(({ chunks }) => chunks.flat())).toHaveLength(given.length);
    }),
    { verbose: true },
  );
});

test('a partition of 3.6 MB of small records is cut in chunks the broker takes', () => {
  const [group] = partitionChunks(Array.from({ length: 7_200 }, () => record('a', 0, 512)));
  expect(group?.chunks.length).toBe(5);
});

test('no record is left out, whatever the limit is', () => {
  const three = [1, 2, 3].map((bytes) => record('a', 0, bytes));
  for (const limit of [Number.NaN, -1, 0, Infinity]) {
    const groups = partitionChunks(three, limit);
    expect(groups.flatMap(({ chunks }) => chunks.flat())).toEqual(three);
  }
});

test('bytes are counted in UTF-8, with the headers', () => {
  const plain = { ...record('a', 0, 10), key: 'k' };
  expect(recordBytes({ ...plain, key: '𝄞' }) - recordBytes(plain)).toBe(3);
  expect(recordBytes({ ...plain, headers: { lf: '{}', name: 'é' } }) - recordBytes(plain)).toBe(1 + 4 + 1 + 2);
});
