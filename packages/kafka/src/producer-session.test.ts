import { jsonCodec } from '@leftfold/subscriptions';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KafkaClient, Producer } from './client.ts';
import { ProducerSession } from './producer-session.ts';
import { Topics } from './topics.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session over a producer that does as told, without a broker. */
function opening(connecting: Promise<Producer>): Promise<ProducerSession> {
  const client = { producer: () => connecting } as Partial<KafkaClient> as KafkaClient;
  const topics = new Topics(client, {
    brokers: ['127.0.0.1:1'],
    clientId: 'test',
    topics: [{ name: 'orders', partitions: 1 }],
    codec: jsonCodec(),
  });
  vi.spyOn(topics, 'facts').mockResolvedValue(new Map());
  return ProducerSession.open(client, topics);
}

test('a connect that is given up and goes through after all leaves nothing open', async () => {
  const late = Promise.withResolvers<Producer>();
  let discards = 0;
  const opened = opening(late.promise);
  opened.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(opened).rejects.toMatchObject({ code: 'LF_BROKER_UNAVAILABLE' });
  late.resolve({ send: async () => ({ written: new Map() }), discard: () => void discards++, close: async () => {} });
  await vi.advanceTimersByTimeAsync(0);
  expect(discards).toBe(1);
});

test('R6 a send that hangs is given up, and nothing more is sent by that session', async () => {
  const hanging = { send: () => new Promise<never>(() => {}), discard: () => {}, close: async () => {} };
  const session = await opening(Promise.resolve(hanging));
  expect(session.isUsable).toBe(true);
  const sent = session.send([{ topic: 'orders', partition: 0, records: [] }]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await sent).toMatchObject({ written: new Map(), cause: { code: 'LF_BROKER_UNAVAILABLE' } });
  expect(session.isUsable).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
