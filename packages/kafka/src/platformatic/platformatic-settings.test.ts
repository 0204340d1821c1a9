import { jsonCodec } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { TIME_LIMITS } from '../time-limits.ts';
import { assertSupported, platformatic, platformaticSettings } from './platformatic-settings.ts';

const OPTIONS = {
  brokers: ['kafka-1:9092'],
  clientId: 'orders',
  topics: [{ name: 'orders.order', partitions: 1 }],
  codec: jsonCodec(),
};

test('another version of the package is refused, the installed one is not', async () => {
  expect(() => assertSupported('2.12.2')).toThrow(expect.objectContaining({ code: 'LF_PLATFORMATIC_UNSUPPORTED' }));
  await expect(platformatic()).resolves.toHaveProperty('Producer');
});

test('a request is given up long before the package’s own half minute, and after the broker’s own time is over', () => {
  const { requestTimeout, timeout, autocreateTopics } = platformaticSettings(OPTIONS);
  expect(requestTimeout).toBe(TIME_LIMITS.requestMs);
  expect(timeout).toBeLessThan(requestTimeout ?? 0);
  expect(autocreateTopics).toBe(false);
});
