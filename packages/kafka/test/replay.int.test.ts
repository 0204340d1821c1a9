import type { Cursor, Lane, Publisher } from '@leftfold/subscriptions';
import kafkajs from 'kafkajs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { topicLane } from '../src/topic-lane.ts';
import { aborted, CheckpointReader } from './checkpoint-reader.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { relayedRun } from './relayed-records.ts';
import { administer, groupsReady, newTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
async function publisherOf(options: KafkaOptions): Promise<Publisher> {
  const publisher = await persistentPublisher(options);
  open.push(publisher);
  return publisher;
}
/** A reader that ends there. */
function bounded(end: ReadonlyMap<Lane, Cursor>): CheckpointReader & { readonly until: ReadonlyMap<Lane, Cursor> } {
  return Object.assign(new CheckpointReader('bounded'), { until: end });
}
const groupsOf = (clientId: string): Promise<readonly string[]> =>
  administer(async (admin) => {
    const { groups } = await admin.listGroups();
    return groups.map(({ groupId }) => groupId).filter((group) => group.startsWith(clientId));
  });

describe.each(['kafkajs', 'platformatic'] as const)('over %s', (client) => {
  test('a bounded reading leaves no group behind, neither at its end nor when it was aborted', async () => {
    const options = newTopic(2, { client });
    await (await publisherOf(options)).publish(relayedRun(options.topic, 0, 1, 20));
    const { source } = kafka(options);
    const whole = bounded(await source.head());
    await source.run(whole, new AbortController().signal);
    expect(whole.model.applied).toHaveLength(20);
    const stop = new AbortController();
    const cut = bounded(await source.head());
    cut.onBatch = (_batch, signal) => aborted(signal);
    const running = source.run(cut, stop.signal);
    await until('a batch is under way', () => cut.batches.length === 1);
    const during = await groupsOf(options.clientId);
    expect(during.every((group) => group.startsWith(`${options.clientId}.bounded.replay.`))).toBe(true);
    expect(during).toHaveLength(client === 'kafkajs' ? 1 : 0);
    stop.abort();
    await running;
    const barely = new AbortController();
    const unbegun = source.run(bounded(await source.head()), barely.signal);
    barely.abort();
    await unbegun;
    expect(await groupsOf(options.clientId)).toEqual([]);
  });

  test('an end behind which only markers of transactions stand is reached, and what was rolled back is not handed over', async () => {
    const options = newTopic(4, { client, maxBatchBytes: 16_384 });
    const { topic } = options;
    await (await publisherOf(options)).publish(relayedRun(topic, 0, 1, 5));
    const stranger = new kafkajs.Kafka({ brokers: [...options.brokers], logLevel: kafkajs.logLevel.NOTHING }).producer({
      transactionalId: `test-${topic}`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await stranger.connect();
    const transaction = async (
      partition: number,
      from: number,
      to: number,
      isKept: boolean,
      note?: string,
    ): Promise<void> => {
      const begun = await stranger.transaction();
      const messages = relayedRun(topic, partition, from, to, note).map(({ key, value, headers }) => ({
        key,
        value: Buffer.from(value),
        headers: { ...headers },
        partition,
      }));
      for (const message of messages) await begun.send({ topic, messages: [message] });
      await (isKept ? begun.commit() : begun.abort());
    };
    await transaction(0, 6, 8, true);
    await transaction(0, 9, 10, false);
    await transaction(1, 1, 3, false);
    // Each record is more than one fetch has, so that no answer holds a transaction whole.
    const long = 'long '.repeat(4_000);
    await transaction(3, 1, 3, false, long);
    await transaction(3, 1, 2, true, long);
    await transaction(3, 3, 4, false, long);
    await stranger.disconnect();
    const { source } = kafka(options);
    const head = await source.head();
    const reader = bounded(head);
    await source.run(reader, new AbortController().signal);
    expect([0, 1, 2, 3].map((partition) => reader.model.idsOf(topicLane(topic, partition)))).toEqual([
      ['0-1', '0-2', '0-3', '0-4', '0-5', '0-6', '0-7', '0-8'],
      [],
      [],
      ['3-1', '3-2'],
    ]);
    for (const [lane, end] of head) expect(source.hasPassed(await reader.model.cursor(lane), end)).toBe(true);
    expect(reader.faults).toEqual([]);
  });
});
