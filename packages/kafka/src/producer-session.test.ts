import { jsonCodec } from '@leftfold/subscriptions';
import type { Producer } from 'kafkajs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KafkaClient } from './client.ts';
import { ProducerSession } from './producer-session.ts';
import { Topics } from './topics.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session over a producer of kafkajs that does as told, without a broker. */
function opening(producer: Partial<Producer>): Promise<ProducerSession> {
  const options = {
    brokers: ['127.0.0.1:1'],
    clientId: 'test',
    topics: [{ name: 'orders', partitions: 1 }],
    codec: jsonCodec(),
  };
  const client = new KafkaClient(options);
  const topics = new Topics(client, options);
  vi.spyOn(client, 'producer').mockReturnValue(producer as Producer);
  vi.spyOn(topics, 'facts').mockResolvedValue(new Map());
  return ProducerSession.open(client, topics);
}

test('a connect that is given up and goes through after all leaves nothing open', async () => {
  const late = Promise.withResolvers<void>();
  let disconnects = 0;
  const opened = opening({ connect: () => late.promise, disconnect: async () => void disconnects++ });
  opened.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(opened).rejects.toMatchObject({ code: 'LF_BROKER_UNAVAILABLE' });
  const before = disconnects;
  late.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(disconnects).toBe(before + 1);
});

test('R6 a send that hangs is given up, and nothing more is sent by that session', async () => {
  const session = await opening({
    connect: async () => {},
    disconnect: async () => {},
    sendBatch: () => new Promise(() => {}),
  });
  expect(session.isUsable).toBe(true);
  const sent = session.send([{ topic: 'orders', partition: 0, records: [] }]);
  sent.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(sent).rejects.toMatchObject({ code: 'LF_BROKER_UNAVAILABLE' });
  expect(session.isUsable).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
