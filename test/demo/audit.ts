import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { faultsOfLog, faultsOfReadModels, faultsOfTopic } from './audit-faults.ts';
import type { LogEvent, Rows, TopicRecord } from './audit-faults.ts';
import type { Told } from './drive-orders.ts';

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
  } | null;
  readonly orders: number;
  readonly customers: number;
  readonly faults: readonly string[];
}

/**
 * Reads log, topic and read models with plain clients, none of our code, and compares: every event is in the log once, on the topic at least once, as it is in
 * the log and first in order, numbered without gaps; the read models are what a fold of the log says; and what clients were told is what is there.
 */
export async function audit(databaseUrl: string, kafkaBrokers: readonly string[], told: Told): Promise<Audit> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const log = await readLog(client);
    const records = kafkaBrokers.length === 0 ? null : await readTopic(kafkaBrokers);
    const rows = await readRows(client);
    return {
      events: log.length,
      streams: new Set(log.map((event) => event.stream)).size,
      topic: records && countsOf(records),
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
    `select e.event_id as id, s.type, e.stream_id as stream, e.version, e.recorded_at as "recordedAt", e.payload
       from leftfold.events e join leftfold.schemas s on s.id = e.schema_id order by e.stream_id, e.version`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}

async function readRows(client: pg.Client): Promise<Rows> {
  const orders = await client.query<Rows['orderSummary'][number]>(
    'select * from leftfold_order_summary_v1.order_summary',
  );
  const totals = await client.query<Rows['customerTotals'][number]>(
    'select * from leftfold_customer_totals_v1.customer_totals',
  );
  return { orderSummary: orders.rows, customerTotals: totals.rows };
}

async function readTopic(brokers: readonly string[]): Promise<readonly TopicRecord[]> {
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
              const lf = JSON.parse(String(headers?.['lf'])) as { readonly [field: string]: unknown };
              records.push({
                partition: batch.partition,
                key: String(key),
                id: String(headers?.['ce_id']),
                type: String(headers?.['ce_type']),
                sequence: Number(lf['sequence']),
                version: Number(lf['streamVersion']),
                value: String(value),
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

function countsOf(records: readonly TopicRecord[]): NonNullable<Audit['topic']> {
  const distinct = new Set(records.map(({ id }) => id)).size;
  const partitions = new Set(records.map(({ partition }) => partition)).size;
  return { records: records.length, distinct, resent: records.length - distinct, partitions };
}
