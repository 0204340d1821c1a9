import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Bytes, utf8Length } from './text.ts';

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
