import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { PAYLOAD_BYTES, payloads } from './payloads.ts';
import { SeededRandom } from './seeded-random.ts';

test.each(Object.values(PAYLOAD_BYTES))('payloads of %i bytes have that size, half of it incompressible', (bytes) => {
  const all = payloads(new SeededRandom(1), bytes);
  const texts = all.map((payload) => JSON.stringify(payload));
  for (const text of texts) expect(text).toHaveLength(bytes);
  expect(new Set(texts).size).toBe(texts.length);
  // Six bits of each letter of noise remain; the other half all but vanishes.
  const noise = (all[0]?.noise.length ?? 0) * 0.75;
  const compressed = deflateSync(texts[0] ?? '').length;
  expect(compressed).toBeGreaterThan(noise);
  expect(compressed).toBeLessThan(noise + 120);
});

test('a seed gives the same payloads again, another seed others', () => {
  const [first] = payloads(new SeededRandom(5), 256, 1);
  expect(payloads(new SeededRandom(5), 256, 1)[0]).toEqual(first);
  expect(payloads(new SeededRandom(6), 256, 1)[0]).not.toEqual(first);
});
