import { expect, test } from 'vitest';
import { orderPayloads } from '../order-events.ts';
import { bareAvsc, bareJson, bytesOf, codecSide } from './codecs.ts';

test('orders differ, and each has its optional text or not', () => {
  const payloads = orderPayloads(10);
  expect(new Set(payloads).size).toBe(10);
  expect(payloads.filter((payload) => payload.includes('"note":null'))).toHaveLength(5);
});

test.each([
  codecSide('Avro', 'encode'),
  codecSide('Avro', 'decode'),
  codecSide('JSON', 'encode'),
  codecSide('JSON', 'decode'),
  bareAvsc('encode'),
  bareAvsc('decode'),
  bareJson('encode'),
  bareJson('decode'),
])('side %# does what it counts', async (side) => {
  const open = await side.open('', 1);
  expect(await open.work(0)).toBe(1_000);
  await open.close();
});

test('the same orders are smaller in Avro than in JSON', async () => {
  expect(await bytesOf('Avro')).toBeLessThan((await bytesOf('JSON')) / 2);
});
