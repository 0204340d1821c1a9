import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from './sha256.ts';

const byNode = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

test('the examples of FIPS 180-4 hold', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('every length around a block has the hash that Node gives it', () => {
  for (let length = 0; length < 200; length++) expect(sha256('x'.repeat(length))).toBe(byNode('x'.repeat(length)));
});

test('any text has the hash that Node gives it, lone surrogates included', () => {
  const units = fc.array(fc.nat(0xffff), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.oneof(units, fc.string({ unit: 'binary' })), (text) => {
      expect(sha256(text)).toBe(byNode(text));
    }),
  );
});
