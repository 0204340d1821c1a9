import { jsonCodec } from '@leftfold/subscriptions';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KafkaClient, Watermarks } from './client.ts';
import { limited } from './limited.ts';
import { Topics } from './topics.ts';
import { WatermarkReader } from './watermarks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const hanging = (): Promise<never> => new Promise(() => {});
const unavailable = { code: 'LF_BROKER_UNAVAILABLE', retryable: true };

test('what comes within the limit is the answer, and no timer stays behind', async () => {
  expect(await limited(Promise.resolve(1), { attemptMs: 100 })).toBe(1);
  await expect(limited(Promise.reject(new RangeError('no')), { attemptMs: 100 })).rejects.toThrow(RangeError);
  expect(vi.getTimerCount()).toBe(0);
});

test('R6 a client that never answers where topics are, or end, holds nobody up for ever; later questions are asked anew', async () => {
  let isHanging = true;
  const marks = new Map<number, Watermarks>([[0, { low: 0n, high: 5n }]]);
  const client: Partial<KafkaClient> = {
    topics: hanging,
    watermarks: () => (isHanging ? hanging() : Promise.resolve(marks)),
  };
  const topics = new Topics(client as KafkaClient, {
    brokers: ['127.0.0.1:1'],
    clientId: 'test',
    topics: [{ name: 'orders', partitions: 1 }],
    codec: jsonCodec(),
  });
  const watermarks = new WatermarkReader(client as KafkaClient, topics);
  const asked = Promise.allSettled([topics.recheck('orders'), topics.facts(), watermarks.of('orders')]);
  await vi.advanceTimersByTimeAsync(60_000);
  for (const one of await asked) expect(one).toMatchObject({ status: 'rejected', reason: unavailable });
  isHanging = false;
  expect(await watermarks.of('orders')).toBe(marks);
});
