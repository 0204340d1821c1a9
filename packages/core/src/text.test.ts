import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Bytes, utf8Length, utf8Text } from './text.ts';

const encoder = new TextEncoder();
test('UTF-8 length and bytes are those of the platform, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0xd700, max: 0xe000 })), (text, units) => {
      const any = text + String.fromCharCode(...units);
      expect(utf8Length(any)).toBe(encoder.encode(any).length);
      expect([...utf8Bytes(any)]).toEqual([...encoder.encode(any)]);
    }),
  );
});

test('the text of bytes is what the platform makes of them, broken ones included', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const edges = fc.constantFrom(
    0x7f,
    0x80,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  );
  const broken = fc.array(fc.oneof(edges, fc.integer({ min: 0, max: 255 }))).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.oneof(broken, fc.string({ unit: 'binary' }).map(utf8Bytes)), (bytes) => {
      expect(utf8Text(bytes)).toBe(decoder.decode(bytes));
    }),
    { numRuns: 2_000 },
  );
});
