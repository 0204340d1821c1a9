import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRecords, unpackRecords } from './packed-records.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const record = fc.record({
  topic: fc.constantFrom('a', 'b', 'c'),
  partition: fc.oneof(fc.integer({ min: 0, max: 11 }), fc.constantFrom(-1, 2 ** 31, 1.5, Number.NaN)),
  key: text,
  value: fc.uint8Array({ maxLength: 40 }),
  headers: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { maxKeys: 4, noNullPrototype: true },
  ),
});

test('records that are packed, cloned and unpacked are the same, in the same order', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const packed = packRecords(records);
      const found = unpackRecords(structuredClone(packed, { transfer: [packed.bytes.buffer, packed.marks.buffer] }));
      expect(found).toEqual(records);
      // Headers go over the wire in their order.
      expect(found.map(({ headers }) => Object.keys(headers))).toEqual(
        records.map(({ headers }) => Object.keys(headers)),
      );
    }),
  );
});

test('what is packed shares no memory with the records, which may lie in a pool', () => {
  const value = Buffer.from('some value');
  const { bytes } = packRecords([{ topic: 'a', partition: 0, key: 'k', headers: {}, value }]);
  expect(value.buffer).not.toBe(bytes.buffer);
  expect(bytes.buffer.byteLength).toBe(value.byteLength);
});
