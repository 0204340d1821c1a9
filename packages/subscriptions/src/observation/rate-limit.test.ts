import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

test('the first of a kind passes at once, then one within the time, with the number of those left out', () => {
  let now = 0;
  const limit = new RateLimit(60, () => now);
  const at = (ms: number, kind: string): number | undefined => {
    now = ms;
    return limit.pass(kind);
  };
  expect([at(0, 'a'), at(1, 'a'), at(59, 'a'), at(59, 'b'), at(60, 'a'), at(61, 'a'), at(121, 'b')]).toEqual([
    0,
    undefined,
    undefined,
    0,
    2,
    undefined,
    0,
  ]);
});

test('kinds that are not heard of any more are forgotten; what was left out is not', () => {
  let now = 0;
  const limit = new RateLimit(60, () => now);
  for (let kind = 0; kind < 1_000; kind++) limit.pass(`kind ${kind}`);
  limit.pass('kind 0');
  now = 120;
  expect(limit.pass('another')).toBe(0);
  expect(limit.size).toBe(2);
  expect(limit.pass('kind 0')).toBe(1);
});

test('a kind with lines left out that is never said again is forgotten in the end, or codes of a fault would fill the memory', () => {
  let now = 0;
  const limit = new RateLimit(60, () => now);
  for (let kind = 0; kind < 1_000; kind++) for (let n = 0; n < 2; n++) limit.pass(`kind ${kind}`);
  now = 60 * 60;
  limit.pass('another');
  expect(limit.size).toBe(1);
});
