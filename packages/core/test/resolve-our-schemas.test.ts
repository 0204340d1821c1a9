import { encodePayload, resolveAvro, resolvePayload, t } from '@leftfold/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** Schemas of ours with values, none of them −0, which is stored as 0; a long that `t.integer()` can hold, since what it cannot is a fault of the value, not of the pair. */
const ours: readonly (readonly [t.AnySchema, fc.Arbitrary<unknown>])[] = [
  [t.string(), fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))],
  [t.personal(t.string(), { erasedAs: '' }), fc.constantFrom('Ada')],
  [t.int(), fc.integer()],
  [t.integer(), fc.maxSafeInteger().map((n) => n + 0)],
  [t.long(), fc.maxSafeInteger().map(BigInt)],
  [t.double(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)],
  [t.bytes(), fc.uint8Array({ min: 1, maxLength: 9 })],
  [t.uuid(), fc.uuid()],
  [t.decimal(4, 2), fc.constantFrom('12.50', '-0.01')],
  [t.decimal(6, 2), fc.constantFrom('1234.50')],
  [t.date(), fc.constantFrom('2026-11-22')],
  [t.timestampMillis(), fc.constantFrom(new Date(5))],
  [t.enum('E', ['a', 'b']), fc.constantFrom('a', 'b')],
  [t.enum('E', ['c', 'b']), fc.constantFrom('c', 'b')],
  [t.array(t.int()), fc.array(fc.integer(), { minLength: 1, maxLength: 2 })],
  [t.array(t.long()), fc.array(fc.maxSafeInteger().map(BigInt), { minLength: 1, maxLength: 2 })],
  [t.nullable(t.int()), fc.option(fc.integer())],
  [t.nullable(t.integer()), fc.option(fc.maxSafeInteger().map((n) => n + 0))],
  [
    t.union('kind', { a: { n: t.int() } }),
    fc.record({ kind: fc.constant('a'), n: fc.integer() }, { noNullPrototype: true }),
  ],
  [
    t.union('kind', { b: {}, a: { n: t.integer(), more: t.nullable(t.string()) } }),
    fc.oneof(
      fc.constant({ kind: 'b' }),
      fc.record({ kind: fc.constant('a'), n: fc.constant(1), more: fc.constant('x') }, { noNullPrototype: true }),
    ),
  ],
];

test('what our schemas write, our schemas read when there are no findings, in any combination', () => {
  const one = fc.nat({ max: ours.length - 1 });
  const at = (index: number) => ours[index] as (typeof ours)[number];
  let readable = 0;
  fc.assert(
    fc.property(
      one.chain((w) => fc.tuple(fc.constant(w), one, at(w)[1], fc.boolean())),
      ([w, r, value, hasMore]) => {
        const writer = t.record('W', { f: at(w)[0], gone: t.int() });
        const fields: t.Fields = { f: at(r)[0], ...(hasMore && { more: t.withDefault(t.array(t.long()), [7n]) }) };
        const reader: t.AnySchema = t.record('R', fields);
        const encoded = encodePayload(writer, { f: value, gone: 1 });
        if (!('text' in encoded)) throw new Error(JSON.stringify(encoded));
        const { findings } = resolveAvro(writer.avro, reader.avro);
        const read = resolvePayload(reader, { fingerprint: 'w', avro: writer.avro }, encoded.text);
        expect('value' in read).toBe(findings.length === 0);
        if (!('value' in read)) return;
        readable += 1;
        if (w === r) expect(read.value).toEqual({ f: value, ...(hasMore && { more: [7n] }) });
        expect(encodePayload(reader, read.value)).toHaveProperty('text');
      },
    ),
    { numRuns: 3_000 },
  );
  expect(readable).toBeGreaterThan(200);
});
