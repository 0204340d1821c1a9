import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { faultsOfLog, faultsOfReadModels, faultsOfTopic } from './audit-faults.ts';
import type { LogEvent, Rows, TopicRecord } from './audit-faults.ts';
import type { Told } from './drive-orders.ts';
import { readValue } from './read-value.ts';

/** What the audit read, and every way in which the hops disagree. */
export interface Audit {
  readonly events: number;
  readonly streams: number;
  /** Of the topic; `null` without Kafka. */
  readonly topic: {
    readonly records: number;
    readonly distinct: number;
    readonly resent: number;
    readonly partitions: number;
    /** Avro texts that its values name. */
    readonly schemas: number;
    /** Of the values of the distinct events, and of the same payloads in the log. */
    readonly bytes: number;
    readonly jsonBytes: number;
    /** One value, decoded: JSON text. */
    readonly sample: TopicRecord | undefined;
  } | null;
  readonly orders: number;
  readonly customers: number;
  readonly faults: readonly string[];
}

/** Where the topic is, and what its values are decoded with. */
export interface AuditedTopic {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/**
 * Reads log, topic and read models with plain clients, none of our code, and compares: every event is in the log once, on the topic at least once, as it is in
 * the log and first in order, numbered without gaps; the read models are what a fold of the log says; and what clients were told is what is there.
 */
export async function audit(databaseUrl: string, topic: AuditedTopic | null, told: Told): Promise<Audit> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const log = await readLog(client);
    const records = topic && (await readTopic(topic));
    const rows = await readRows(client);
    return {
      events: log.length,
      streams: new Set(log.map((event) => event.stream)).size,
      topic: records && countsOf(records, log),
      orders: rows.orderSummary.length,
      customers: rows.customerTotals.length,
      faults: [
        ...faultsOfLog(log),
        ...(records === null ? [] : faultsOfTopic(log, records)),
        ...faultsOfReadModels(log, rows, told.orders),
      ],
    };
  } finally {
    await client.end();
  }
}

async function readLog(client: pg.Client): Promise<readonly LogEvent[]> {
  const { rows } = await client.query<LogEvent & { version: string }>(
    `select e.event_id as id, s.type, e.stream_id as stream, e.version, e.recorded_at as "recordedAt", e.payload,
            octet_length(e.payload::text) as bytes
       from leftfold.events e join leftfold.schemas s on s.id = e.schema_id order by e.stream_id, e.version`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}

async function readRows(client: pg.Client): Promise<Rows> {
  const orders = await client.query<Rows['orderSummary'][number]>(
    'select * from leftfold_order_summary_v2.order_summary',
  );
  const totals = await client.query<Rows['customerTotals'][number]>(
    'select * from leftfold_customer_totals_v1.customer_totals',
  );
  return { orderSummary: orders.rows, customerTotals: totals.rows };
}

async function readTopic({ brokers, registryUrl }: AuditedTopic): Promise<readonly TopicRecord[]> {
  const read = readValue(registryUrl);
  const kafka = new Kafka({ clientId: 'audit', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map(
    (await admin.fetchTopicOffsets('orders.order')).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  const groupId = `audit-${Date.now()}`;
  const consumer = kafka.consumer({ groupId });
  const records: TopicRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders.order', fromBeginning: true });
  const open = new Set([...ends].filter(([, end]) => end > 0n).map(([partition]) => partition));
  if (open.size > 0) {
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            for (const { key, value, headers, offset } of batch.messages) {
              if (BigInt(offset) >= (ends.get(batch.partition) ?? 0n)) continue;
              if (value === null) throw new Error(`the record at ${batch.partition}/${offset} has no value`);
              const lf = JSON.parse(String(headers?.['lf'])) as { readonly [field: string]: unknown };
              records.push({
                partition: batch.partition,
                key: String(key),
                id: String(headers?.['ce_id']),
                type: String(headers?.['ce_type']),
                sequence: Number(lf['sequence']),
                version: Number(lf['streamVersion']),
                schema: value.readUInt32BE(1),
                value: await read(value),
                bytes: value.byteLength,
              });
            }
            if (BigInt(batch.lastOffset()) + 1n >= (ends.get(batch.partition) ?? 0n)) open.delete(batch.partition);
            if (open.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  }
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return records;
}

function countsOf(records: readonly TopicRecord[], log: readonly LogEvent[]): NonNullable<Audit['topic']> {
  const bytesOf = new Map(records.map(({ id, bytes }) => [id, bytes]));
  const distinct = bytesOf.size;
  const partitions = new Set(records.map(({ partition }) => partition)).size;
  return {
    records: records.length,
    distinct,
    resent: records.length - distinct,
    partitions,
    schemas: new Set(records.map(({ schema }) => schema)).size,
    bytes: sum(bytesOf.values()),
    jsonBytes: sum(log.map(({ bytes }) => bytes)),
    sample: records.find(({ type }) => type === 'orders.order.payment-added'),
  };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
