import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

test('bytes have the base64 that Node gives them, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect(toBase64(bytes)).toBe(text);
      expect(fromBase64(text)).toEqual(bytes);
    }),
  );
});

test('text is taken only when it is the base64 of its bytes', () => {
  const text = fc.string({
    unit: fc.constantFrom('A', 'Q', 'g', '/', '+', 'w', '9', '=', '-', '_', ' ', '\n'),
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, (candidate) => {
      const bytes = Buffer.from(candidate, 'base64');
      const isCanonical = bytes.toString('base64') === candidate;
      expect(fromBase64(candidate)).toEqual(isCanonical ? new Uint8Array(bytes) : undefined);
    }),
    { numRuns: 2000 },
  );
});
