import { randomUUID } from 'node:crypto';
import { createDatabase } from '@leftfold/infra';
import { kafka, type KafkaOptions } from '@leftfold/kafka';
import { applyMigrations, postgres } from '@leftfold/postgres';
import { jsonCodec } from '@leftfold/subscriptions';
import { expect, inject, onTestFinished, test } from 'vitest';
import { benchKafka, type BenchKafka } from '../bench-kafka.ts';
import { benchPool } from '../bench-pool.ts';
import { fillLog } from '../stored-log.ts';
import { AckTimes } from './ack-times.ts';
import { bareProducer, bareRead } from './bare-drains.ts';
import { captureDrain } from './captured-drain.ts';
import { takeDrain } from './drain.ts';
import { PacedAppends } from './paced-appends.ts';
import { relayDrain } from './relay-drain.ts';
import { relayElsewhere, relayHere } from './running-relay.ts';

const PARTITIONS = 4;
const EVENTS = 1_200;

async function scene(
  topic: string,
): Promise<{ readonly url: string; readonly broker: BenchKafka; readonly options: KafkaOptions }> {
  const url = await createDatabase(inject('postgresUrl'));
  const pool = benchPool(url, 4);
  await applyMigrations(pool);
  await pool.end();
  const broker = await benchKafka(inject('kafkaBrokers') ?? [], undefined);
  onTestFinished(() => broker.stop());
  await broker.make(topic, PARTITIONS);
  const topics = [{ name: topic, partitions: PARTITIONS }];
  return { url, broker, options: { brokers: broker.brokers, clientId: 'bench', topics, codec: jsonCodec() } };
}

test('a relay and its limits deal with what they say, over both clients and in threads', async () => {
  const topic = 'bench.note';
  const { url, broker, options } = await scene(topic);
  await fillLog(url, 1, { streams: EVENTS / 10, eventsEach: 10, payloadBytes: 256 });
  const captured = await captureDrain(url, EVENTS, kafka(options), PARTITIONS);
  expect(new Set(captured.batches.flat().map(({ partition }) => partition)).size).toBe(PARTITIONS);
  expect(await bareRead(url, captured).drain(EVENTS, () => {})).toBeGreaterThanOrEqual(EVENTS);
  const sides = [
    relayDrain(url, options, 1),
    relayDrain(url, { ...options, client: 'platformatic', threads: 2 }, 2),
    bareProducer('kafkajs', broker.brokers, captured),
    bareProducer('platformatic', broker.brokers, captured),
  ];
  for (const side of sides) {
    const before = await broker.taken(topic);
    const { said } = await takeDrain({ pid: undefined }, { pid: undefined }, side, EVENTS);
    expect(said).toBeGreaterThanOrEqual(EVENTS);
    expect((await broker.taken(topic)) - before).toBe(said);
  }
});

test.each(['here', 'elsewhere'] as const)(
  'what is appended is acknowledged by a relay %s, and stands in the topic',
  async (where) => {
    const topic = `bench.${randomUUID()}`;
    const { url, broker, options } = await scene(topic);
    const pool = benchPool(url, 6);
    onTestFinished(() => pool.end());
    const storage = postgres({ pool, topic: () => topic });
    const times = new AckTimes();
    const relay = await (where === 'here' ? relayHere(storage, options, times) : relayElsewhere(url, options, times));
    const appends = new PacedAppends(storage.store, times, { seed: 1, payloadBytes: 256, events: 1 });
    await appends.run(200, 0.2);
    await times.all(20_000);
    await relay.stop();
    expect(times.latencies(0)).toHaveLength(40);
    expect((await broker.ids(topic)).size).toBe(40);
  },
);
