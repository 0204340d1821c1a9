import { randomUUID } from 'node:crypto';
import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { kafka } from '@leftfold/kafka';
import { applyMigrations, postgres, type PostgresStorage } from '@leftfold/postgres';
import { jsonCodec, parseRecord, readSource, relay, RELAY } from '@leftfold/subscriptions';
import type { Cursor, Lane, Milestone, Running } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import kafkajs from 'kafkajs';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

const LANES = 4;
const PARTITIONS = 8;
const counted = event('tests.lane.counted', { n: t.int() });

interface Read extends ReturnType<typeof parseRecord> {
  readonly partition: number;
  readonly offset: bigint;
}
/** All that stands in a topic, by a program that knows nothing of relays. */
async function recordsOf(topic: string): Promise<readonly Read[]> {
  const client = new kafkajs.Kafka({ brokers: [...inject('kafkaBrokers')], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).filter(({ high }) => high !== '0');
  await admin.disconnect();
  const open = new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  const records: Read[] = [];
  const consumer = client.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { key, value, headers, offset } }) => {
      const text = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)] as const);
      const record = {
        topic,
        partition,
        key: String(key),
        value: value ?? Buffer.of(),
        headers: Object.fromEntries(text),
      };
      records.push({ ...parseRecord(record), partition, offset: BigInt(offset) });
      if (BigInt(offset) + 1n >= (open.get(partition) ?? 0n)) open.delete(partition);
      if (open.size === 0) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return records;
}

/** Its first place in the partition is what counts; later ones with its number are the same record again. */
function firstOnes(records: readonly Read[]): readonly Read[] {
  const seen = new Set<string>();
  return records.filter(({ partition, stamp: { sequence } }) => {
    const name = `${partition}/${sequence}`;
    return !seen.has(name) && seen.add(name);
  });
}

async function eventsAfter({ log }: PostgresStorage, lane: Lane, from: Cursor): Promise<readonly string[]> {
  const end = (await log.head()).get(lane) as Cursor;
  const ids: string[] = [];
  const batches = readSource(log, { from: new Map([[lane, from]]), until: new Map([[lane, end]]) });
  for await (const { records } of batches) ids.push(...records.map(({ id }) => id));
  return ids;
}

test('R2 R3 relays share four lanes over eight partitions while they come and go: each event once and in order, and from each milestone on log and topic hold the same', async () => {
  const topic = `test.${randomUUID()}`;
  const url = await createDatabase(inject('postgresUrl'));
  const pools: Pool[] = [];
  /** As a process of its own has it. */
  const open = (): PostgresStorage => {
    const pool = new Pool({ connectionString: url, max: 8 });
    pools.push(pool);
    return postgres({ pool, lanes: LANES, topic: () => topic });
  };
  onTestFinished(() => Promise.all(pools.map((pool) => pool.end())).then(() => undefined));
  const storage = open();
  await applyMigrations(pools[0] as Pool);
  const broker = kafka({
    brokers: inject('kafkaBrokers'),
    clientId: `test-${topic}`,
    topics: [{ name: topic, partitions: PARTITIONS }],
    create: true,
    codec: jsonCodec(),
  });
  const start = async (owner: string): Promise<Running> => {
    const options = { service: 'tests', owner, leaseMs: 2_000, milestones: { everyMs: 200 } };
    const running = await relay({ storage: open(), to: broker, ...options });
    onTestFinished(() => running.stop());
    return running;
  };

  let isOver = false;
  let appended = 0;
  const appending = (async () => {
    while (!isOver) {
      const made = counted({ n: appended });
      const encoded = encodeEvent(counted, made, uuidV7() as EventId, { correlationId: 'c' });
      const stream = streamRef('tests.lane', `s${appended % 60}`);
      await storage.store.append([{ stream, expect: 'any', events: [encoded] }]);
      appended += 1;
    }
  })();
  const shares = async (): Promise<string> => {
    const onlooker = { follower: RELAY, owner: 'onlooker', leaseMs: 1_000, lanes: [], claims: [] };
    const [standing] = await storage.checkpoints.renew([onlooker]);
    await storage.checkpoints.leave([onlooker]);
    const counts = Map.groupBy(standing?.held ?? [], ({ owner }) => owner);
    return [...counts]
      .map(([owner, lanes]) => `${owner} ${lanes.length}`)
      .toSorted()
      .join(', ');
  };
  const first = await start('a');
  await eventually(async () => (await shares()) === 'a 4', { timeoutMs: 20_000 });
  const second = await start('b');
  await eventually(async () => (await shares()) === 'a 2, b 2', { timeoutMs: 20_000 });
  await first.stop();
  await eventually(async () => (await shares()) === 'b 4', { timeoutMs: 20_000 });
  await start('c');
  await eventually(async () => (await shares()) === 'b 2, c 2', { timeoutMs: 20_000 });
  isOver = true;
  await appending;
  await second.caughtUp();

  const records = await recordsOf(topic);
  const ones = firstOnes(records);
  expect(new Set(ones.map(({ envelope }) => envelope.id)).size).toBe(appended);
  expect(ones).toHaveLength(appended);
  for (const [, of] of Map.groupBy(ones, ({ partition }) => partition))
    expect(of.map(({ stamp }) => stamp.sequence)).toEqual(of.map((_, i) => i + 1));
  for (const [, of] of Map.groupBy(ones, ({ envelope }) => envelope.key))
    expect(of.map(({ envelope }) => Number(envelope.streamVersion))).toEqual(of.map((_, i) => i + 1));

  const lanes = Array.from({ length: LANES }, (_, lane) => String(lane) as Lane);
  const milestones = await Promise.all(lanes.map((lane) => storage.milestones.list(RELAY, lane)));
  for (const of of milestones) expect(of.length).toBeGreaterThan(1);
  /** The oldest, the newest and one between. */
  const some = milestones.flatMap((of) => [of.at(-1), of[Math.floor(of.length / 2)], of[0]]) as Milestone[];
  for (const { lane, cursor, partitions } of some) {
    expect(partitions.map(({ partition }) => partition)).toEqual([Number(lane), Number(lane) + LANES]);
    const later = partitions.flatMap(({ partition, next, offset }) => {
      expect(offset > 0n).toBe(next > 1);
      const ofPartition = records.filter((record) => record.partition === partition);
      const isLater = ({ stamp }: Read): boolean => stamp.sequence >= next;
      expect(ofPartition.filter((record) => record.offset < offset && isLater(record))).toEqual([]);
      return firstOnes(ofPartition.filter((record) => record.offset >= offset && isLater(record)));
    });
    expect(later.map(({ envelope }) => envelope.id).toSorted()).toEqual(
      (await eventsAfter(storage, lane, cursor)).toSorted(),
    );
  }
}, 120_000);
