import { Producer } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { Client } from 'pg';
import type { PublishRecord } from '@leftfold/subscriptions';
import type { CapturedDrain } from './captured-drain.ts';
import type { Drain } from './drain.ts';

/** Limit L5: the relay's own reads of the log in a bare loop, prepared, and `JSON.parse` of payloads and metadata. */
export function bareRead(url: string, { reads }: CapturedDrain): Drain {
  return {
    name: 'L5',
    drain: async (events, progress) => {
      const client = new Client({ connectionString: url });
      await client.connect();
      const names = new Map<string, string>();
      let done = 0;
      let last = 0;
      for (const { text, values = [] } of reads) {
        const name = names.get(text) ?? `bench_${names.size}`;
        names.set(text, name);
        const { rows } = await client.query<Row>({ name, text, values });
        // One row says what the connection sees, and a page may reach a little into the next one.
        const found = rows.filter(({ position }) => Number(position) > last);
        for (const { payload, metadata } of found) parsed(payload, metadata);
        last = Number(found.at(-1)?.position ?? last);
        done += found.length;
        if (found.length > 0) progress(found.length);
      }
      await client.end();
      if (done < events) throw new Error(`the bare loop read ${done} of ${events} events`);
      return done;
    },
  };
}

interface Row {
  readonly position: string;
  readonly payload: unknown;
  readonly metadata: unknown;
}

/** Where the statement does not ask for text, the driver has parsed it already. */
function parsed(...columns: readonly unknown[]): void {
  for (const column of columns)
    if (typeof column === 'string' && JSON.parse(column) === undefined) throw new Error('a column is nothing');
}

/** Limit L6: a client alone with the relay's own batches, made beforehand in the form it likes best: idempotent, all in-sync replicas, one send under way. */
export function bareProducer(
  client: 'kafkajs' | 'platformatic',
  brokers: readonly string[],
  { batches }: CapturedDrain,
): Drain {
  const sender = client === 'kafkajs' ? kafkajsSender : platformaticSender;
  return {
    name: 'L6',
    drain: async (events, progress) => {
      const { send, close } = await sender(brokers, batches);
      let done = 0;
      for (let nth = 0; done < events; nth++) {
        await send(nth % batches.length);
        const count = batches[nth % batches.length]?.length ?? 0;
        done += count;
        progress(count);
      }
      await close();
      return done;
    },
  };
}

type Batches = CapturedDrain['batches'];
interface Sender {
  readonly send: (nth: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function kafkajsSender(brokers: readonly string[], batches: Batches): Promise<Sender> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  const made = batches.map((records) =>
    [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, list]) => ({
      topic,
      messages: list.map(({ key, value, headers, partition }) => ({
        key,
        value: Buffer.from(value),
        headers: { ...headers },
        partition,
      })),
    })),
  );
  await producer.connect();
  return {
    send: (nth) => producer.sendBatch({ acks: -1, topicMessages: made[nth] ?? [] }),
    close: () => producer.disconnect(),
  };
}

async function platformaticSender(brokers: readonly string[], batches: Batches): Promise<Sender> {
  const producer = new Producer({
    clientId: 'bench',
    bootstrapBrokers: [...brokers],
    idempotent: true,
    autocreateTopics: false,
    requestTimeout: 10_000,
    retries: 3,
  });
  const made = batches.map((records) => records.map(message));
  return {
    send: (nth) => producer.send({ messages: made[nth] ?? [], acks: -1, idempotent: true }),
    close: () => producer.close(),
  };
}

const message = ({ topic, partition, key, value, headers }: PublishRecord) => ({
  topic,
  partition,
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
});
