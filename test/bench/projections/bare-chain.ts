import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { Client } from 'pg';
import { AppendMaker } from '../append-shape.ts';
import { bareRow, captureAppend } from '../captured-append.ts';
import { benchPool } from '../bench-pool.ts';
import type { BenchKafka } from '../bench-kafka.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import type { Chain } from './chain.ts';

/**
 * Limit L8 without a broker: the store's own statement of an append (L2), a select of the event and `JSON.parse` (L5), an upsert by `unnest` (L7); prepared, on one connection
 * that does nothing else. Who reads knows what came: nothing is waited for, remembered or checked.
 */
export async function bareLogChain(url: string): Promise<Chain> {
  const tables = await bareTables(url);
  return {
    one: async () => {
      const began = performance.now();
      const stream = await tables.append();
      const committed = performance.now();
      await tables.upsert(await tables.select(stream));
      return { committed: committed - began, visible: performance.now() - began };
    },
    close: () => tables.close(),
  };
}

/** Limit L8 with Kafka: between select and upsert an idempotent send and a consumer that waits for it (L6). */
export async function bareKafkaChain(url: string, broker: BenchKafka, topic: string): Promise<Chain> {
  const tables = await bareTables(url);
  const kafka = new kafkajs.Kafka({ brokers: [...broker.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` });
  await Promise.all([producer.connect(), consumer.connect()]);
  let received: PromiseWithResolvers<string> = Promise.withResolvers();
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => received.resolve(message.value?.toString() ?? ''),
  });
  await joined.promise;
  return {
    one: async () => {
      const began = performance.now();
      const stream = await tables.append();
      const committed = performance.now();
      const note = await tables.select(stream);
      received = Promise.withResolvers();
      const message = { key: stream, value: JSON.stringify(note), partition: 0 };
      await producer.send({ topic, acks: -1, messages: [message] });
      const acknowledged = performance.now();
      await tables.upsert(JSON.parse(await received.promise) as Note);
      return { committed: committed - began, acknowledged: acknowledged - began, visible: performance.now() - began };
    },
    close: async () => {
      await Promise.all([producer.disconnect(), consumer.disconnect()]);
      await tables.close();
    },
  };
}

interface Note {
  readonly stream: string;
  readonly data: { readonly text: string };
}
interface BareTables {
  /** Resolves with the stream's id. */
  append(): Promise<string>;
  select(stream: string): Promise<Note>;
  upsert(note: Note): Promise<void>;
  close(): Promise<void>;
}

async function bareTables(url: string): Promise<BareTables> {
  const pool = benchPool(url, 1);
  const maker = new AppendMaker({ seed: 1, payloadBytes: PAYLOAD_BYTES.SMALL, events: 1 });
  const appended = await captureAppend(pool, [maker.toNewStream(-1), maker.toNewStream(-2)]);
  await pool.end();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create table bare_notes (key text primary key, notes int not null, last_text text not null)');
  let nth = 0;
  return {
    append: async () => {
      const row = bareRow(maker.toNewStream(nth++));
      await client.query({ name: appended.name, text: appended.text, values: appended.values(row) });
      return row.streamId;
    },
    select: async (stream) => {
      const { rows } = await client.query<{ readonly payload: string }>({
        name: 'bare_select',
        text: SELECT,
        values: [stream],
      });
      if (rows[0] === undefined) throw new Error(`what was appended is not there: ${stream}`);
      return { stream, data: JSON.parse(rows[0].payload) as Note['data'] };
    },
    upsert: async ({ stream, data }) => {
      const values = [[stream], [1], [data.text.slice(0, 64)]];
      await client.query({ name: 'bare_upsert', text: UPSERT, values });
    },
    close: () => client.end(),
  };
}

const SELECT = `select payload::text from leftfold.events where tenant = '' and stream_id = $1`;
const UPSERT = `insert into bare_notes as n select * from unnest($1::text[], $2::int[], $3::text[])
on conflict (key) do update set notes = n.notes + 1, last_text = excluded.last_text`;
