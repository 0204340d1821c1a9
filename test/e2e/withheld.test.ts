import { randomUUID } from 'node:crypto';
import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EventId, StreamId, StreamVersion } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { kafka } from '@leftfold/kafka';
import { applyMigrations, postgres, readModels, type PostgresStorage } from '@leftfold/postgres';
import {
  follow,
  giveUp,
  jsonCodec,
  parkedKeys,
  parseRecord,
  projection,
  redrive,
  relay,
  withheldEvents,
  withheldKeys,
} from '@leftfold/subscriptions';
import type { Running } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import kafkajs from 'kafkajs';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';

const noted = event('tests.note.noted', { text: t.string() });
const closed = event('tests.note.closed', { why: t.string() });
const by = { by: 'ops' };

const notes = projection('notes', { version: 1, key: 'id', row: { id: t.string(), steps: t.string() } }).upsert(
  noted,
  (row, { data, stream }) => ({ id: stream.key, steps: `${row?.steps ?? ''}${data.text.slice(0, 3)} ` }),
);
const ends = projection('ends', { version: 1, key: 'id', row: { id: t.string() } }).upsert(closed, (_, { stream }) => ({
  id: stream.key,
}));

async function testStorage(topic: string): Promise<{ readonly pool: Pool; readonly storage: PostgresStorage }> {
  const pool = new Pool({ connectionString: await createDatabase(inject('postgresUrl')) });
  onTestFinished(() => pool.end());
  await applyMigrations(pool);
  return { pool, storage: postgres({ pool, topic: () => topic }) };
}
async function administer<T>(use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: [...inject('kafkaBrokers')], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
const limitTo = (topic: string, bytes: number): Promise<unknown> =>
  administer((admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
        },
      ],
    }),
  );
async function append({ store }: PostgresStorage, key: string, ...texts: readonly string[]): Promise<void> {
  const made = { id: () => uuidV7() as EventId, metadata: { correlationId: 'c' } };
  const events = texts.map((text) =>
    text === 'closed'
      ? encodeEvent(closed, closed({ why: text }), made.id(), made.metadata)
      : encodeEvent(noted, noted({ text }), made.id(), made.metadata),
  );
  await store.append([{ stream: streamRef('tests.note', key), expect: 'any', events }]);
}

/** `a@1`, `a@2 withheld` and so on, re-sends left out; seen on the way: sequences from 1 without a gap. */
async function story(topic: string): Promise<readonly string[]> {
  const [{ high } = { high: '0' }] = await administer((admin) => admin.fetchTopicOffsets(topic));
  const consumer = new kafkajs.Kafka({
    brokers: [...inject('kafkaBrokers')],
    logLevel: kafkajs.logLevel.NOTHING,
  }).consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const told: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message: { key, value, headers = {}, offset } }) => {
      const texts = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]));
      const { envelope, stamp, mark } = parseRecord({ key: String(key), value, headers: texts });
      if (stamp.sequence > told.length) {
        expect(stamp.sequence).toBe(told.length + 1);
        told.push(`${envelope.key}@${envelope.streamVersion}${mark ? ` ${mark.kind}` : ''}`);
      }
      if (BigInt(offset) + 1n >= BigInt(high)) resolve();
    },
  });
  await all;
  await consumer.disconnect();
  return told;
}

test.each(['kafkajs', 'platformatic'] as const)(
  'R12 R15 over %s: what a topic has come to refuse is withheld in place, all else flows; redriven it comes in order, and is known as given up',
  async (client) => {
    const topic = `test.${randomUUID()}`;
    const broker = kafka({
      client,
      brokers: inject('kafkaBrokers'),
      topics: [{ name: topic, partitions: 1, config: { 'max.message.bytes': '1048588' } }],
      create: true,
      codec: jsonCodec(),
      clientId: `test-${randomUUID()}`,
    });
    const { pool, storage } = await testStorage(topic);
    const key = (name: string) => ({ topic, tenant: '', stream: `tests.note-${name}` as StreamId });
    const running: Running[] = [];
    onTestFinished(async () => void (await Promise.all(running.map((one) => one.stop()))));
    const relaying = await relay({ storage, to: broker, service: 'tests' });
    running.push(relaying);
    await append(storage, 'a', 'a1');
    await relaying.caughtUp({ timeoutMs: 30_000 });

    await limitTo(topic, 20_000);
    // Together more than the topic takes in one batch, and each alone but two of them not.
    const some = 'x'.repeat(3_000);
    for (let n = 0; n < 4; n++)
      for (const name of ['a', 'b', 'c', 'd']) await append(storage, name, `${name}${n}${some}`);
    await append(storage, 'b', `B${'x'.repeat(40_000)}`, 'b5', 'b7');
    await append(storage, 'c', `C${'x'.repeat(40_000)}`, 'c5');
    await append(storage, 'a', 'a6', 'closed');
    await relaying.caughtUp({ timeoutMs: 30_000 });
    await append(storage, 'b', 'b8');
    await relaying.caughtUp({ timeoutMs: 30_000 });
    const heads = async () => (await Array.fromAsync(withheldKeys(storage))).map(({ head, events }) => [head, events]);
    expect(await heads()).toMatchObject([
      [{ ...key('b'), streamVersion: 5n, cause: { code: 'LF_RECORD_REFUSED', text: expect.any(String) as string } }, 4],
      [{ ...key('c'), streamVersion: 5n }, 2],
    ]);
    const before = await story(topic);
    expect(before.filter((one) => one.endsWith('withheld'))).toEqual(
      ['b@5', 'b@6', 'b@7', 'c@5', 'c@6', 'b@8'].map((one) => `${one} withheld`),
    );
    expect(before.filter((one) => /^[ad]@\d+$/.test(one))).toHaveLength(11);

    const parking = await follow(notes, { from: broker.source, storage });
    running.push(parking);
    const passing = await follow(ends, { from: broker.source, storage });
    running.push(passing);
    // The whole status: where a busy machine has not come so far, it says what the source is at.
    await eventually(() => expect(parking.status()).toMatchObject({ lanes: [{ state: 'following', parkedKeys: 2 }] }), {
      timeoutMs: 40_000,
    });
    await eventually(async () =>
      expect(await Array.fromAsync(parkedKeys(storage))).toMatchObject([
        { key: `stream/${key('b').stream}`, cause: { code: 'LF_RECORD_WITHHELD' } },
        { key: `stream/${key('c').stream}`, cause: { code: 'LF_RECORD_WITHHELD' } },
      ]),
    );
    await passing.caughtUp({ timeoutMs: 30_000 });
    expect(await readModels(pool, [ends]).selectFrom('ends').select('id').execute()).toEqual([{ id: 'a' }]);
    await passing.stop();

    await limitTo(topic, 1_048_588);
    await redrive(storage, key('b'), by);
    await giveUp(storage, { ...key('c'), streamVersion: 5n as StreamVersion }, { ...by, reason: 'ticket 4711' });
    let more = 8;
    await eventually(async () => {
      await append(storage, 'b', `b${++more}`);
      expect(await heads()).toEqual([]);
    });
    await append(storage, 'b', 'b!');
    await relaying.caughtUp({ timeoutMs: 30_000 });
    expect((await Array.fromAsync(withheldEvents(storage, key('c')))).map(({ state }) => state)).toEqual([
      'given-up',
      'redriven',
    ]);
    const after = await story(topic);
    const ofB = after.filter((one) => one.startsWith('b@') && !one.endsWith('withheld'));
    expect(ofB.map((one) => Number(/\d+/.exec(one)?.[0]))).toEqual(Array.from({ length: more + 1 }, (_, n) => n + 1));
    expect(after.filter((one) => one.startsWith('c@') && !/\d$/.test(one)).slice(2)).toEqual([
      'c@5 given-up',
      'c@6 redriven',
    ]);

    // By itself: nobody asked this follower for anything.
    await parking.caughtUp({ timeoutMs: 30_000 });
    await eventually(async () => expect(await Array.fromAsync(parkedKeys(storage))).toEqual([]));
    const rows = await readModels(pool, [notes]).selectFrom('notes').selectAll().orderBy('id').execute();
    expect(rows.map(({ id, steps }) => [id, steps])).toMatchObject([
      ['a', 'a1 a0x a1x a2x a3x a6 '],
      ['b', expect.stringMatching(/^b0x b1x b2x b3x Bxx b5 b7 b8 b9 .*b! $/) as string],
      ['c', 'c0x c1x c2x c3x c5 '],
      ['d', 'd0x d1x d2x d3x '],
    ]);
  },
);
