import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
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
/** The fields of all four events that the fold below needs. */
interface Payload {
  readonly orderId: string;
  readonly customerId?: string;
  readonly amount?: { readonly cents: string };
  readonly paidInFull?: boolean;
}
interface LogEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly payload: Payload;
}

/**
 * Reads log, topic and read models with plain clients, none of our code, and compares: every event is in the log once, on the topic at least once and first in
 * order, numbered without gaps; the read models are what a fold of the log says; and what clients were told is what is there.
 */
export async function audit(databaseUrl: string, kafkaBrokers: readonly string[], told: Told): Promise<Audit> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const faults: string[] = [];
    const log = await readLog(client);
    checkLog(log, faults);
    const topic = kafkaBrokers.length === 0 ? null : checkTopic(log, await readTopic(kafkaBrokers), faults);
    const { orders, customers } = await checkReadModels(client, log, told, faults);
    return {
      events: log.length,
      streams: new Set(log.map((event) => event.stream)).size,
      topic,
      orders,
      customers,
      faults,
    };
  } finally {
    await client.end();
  }
}

async function readLog(client: pg.Client): Promise<readonly LogEvent[]> {
  const { rows } = await client.query<LogEvent & { version: string }>(
    `select e.event_id as id, s.type, e.stream_id as stream, e.version, e.payload
       from leftfold.events e join leftfold.schemas s on s.id = e.schema_id order by e.stream_id, e.version`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}

function checkLog(log: readonly LogEvent[], faults: string[]): void {
  const ids = new Set(log.map(({ id }) => id));
  if (ids.size !== log.length) faults.push(`log: ${log.length - ids.size} event ids stand twice`);
  let before = { stream: '', version: 0 };
  for (const { stream, version } of log) {
    const expected = stream === before.stream ? before.version + 1 : 1;
    if (version !== expected) faults.push(`log: ${stream} has version ${version} where ${expected} was expected`);
    before = { stream, version };
  }
}

interface TopicRecord {
  readonly partition: number;
  readonly key: string;
  readonly id: string;
  readonly sequence: number;
  readonly version: number;
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
            for (const { key, headers, offset } of batch.messages) {
              if (BigInt(offset) >= (ends.get(batch.partition) ?? 0n)) continue;
              const lf = JSON.parse(String(headers?.['lf'])) as { readonly [field: string]: unknown };
              records.push({
                partition: batch.partition,
                key: String(key),
                id: String(headers?.['ce_id']),
                sequence: Number(lf['sequence']),
                version: Number(lf['streamVersion']),
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

function checkTopic(log: readonly LogEvent[], records: readonly TopicRecord[], faults: string[]): Audit['topic'] {
  const inLog = new Map(log.map((event) => [event.id, event]));
  const lastVersion = new Map<string, number>();
  const lastSequence = new Map<number, number>();
  const sequenceOf = new Map<string, string>();
  for (const { partition, key, id, sequence, version } of records) {
    const event = inLog.get(id);
    if (event === undefined) faults.push(`topic: event ${id} is not in the log`);
    else if (event.stream !== key || event.version !== version)
      faults.push(`topic: event ${id} says ${key} #${version}, the log ${event.stream} #${event.version}`);
    const name = `${partition}/${sequence}`;
    const known = sequenceOf.get(id);
    if (known !== undefined) {
      if (known !== name) faults.push(`topic: event ${id} was sent as ${known} and again as ${name}`);
      continue;
    }
    sequenceOf.set(id, name);
    if (sequence !== (lastSequence.get(partition) ?? 0) + 1)
      faults.push(`topic: partition ${partition} goes from ${lastSequence.get(partition) ?? 0} to ${sequence}`);
    lastSequence.set(partition, sequence);
    if (version !== (lastVersion.get(key) ?? 0) + 1)
      faults.push(`topic: ${key} goes from version ${lastVersion.get(key) ?? 0} to ${version}`);
    lastVersion.set(key, version);
  }
  const lost = log.filter(({ id }) => !sequenceOf.has(id)).length;
  if (lost > 0) faults.push(`topic: ${lost} events of the log are missing`);
  return {
    records: records.length,
    distinct: sequenceOf.size,
    resent: records.length - sequenceOf.size,
    partitions: lastSequence.size,
  };
}

interface Order {
  status: string;
  paid: number;
  customer: string;
}

async function checkReadModels(
  client: pg.Client,
  log: readonly LogEvent[],
  told: Told,
  faults: string[],
): Promise<{ orders: number; customers: number }> {
  const orders = new Map<string, Order>();
  const customers = new Map<string, { orders: number; cancelled: number; paid: number }>();
  for (const { type, payload } of log) {
    const order = orders.get(payload.orderId) ?? { status: 'open', paid: 0, customer: '' };
    orders.set(payload.orderId, order);
    order.customer = payload.customerId ?? order.customer;
    const customer = customers.get(order.customer) ?? { orders: 0, cancelled: 0, paid: 0 };
    customers.set(order.customer, customer);
    if (type === 'orders.order.placed') customer.orders += 1;
    if (type === 'orders.order.shipped') order.status = 'shipped';
    if (type === 'orders.order.cancelled') {
      order.status = 'cancelled';
      customer.cancelled += 1;
    }
    if (type === 'orders.order.payment-added') {
      const cents = Number(payload.amount?.cents);
      order.paid += cents;
      customer.paid += cents;
      order.status = payload.paidInFull === true ? 'paid' : 'open';
    }
  }
  const summaries = await client.query<{ order_id: string; status: string; paid_cents: string; customer_id: string }>(
    'select * from leftfold_order_summary_v1.order_summary',
  );
  const totals = await client.query<{ customer_id: string; orders: number; cancelled: number; paid_cents: string }>(
    'select * from leftfold_customer_totals_v1.customer_totals',
  );
  compare(
    'order_summary',
    orders,
    new Map(
      summaries.rows.map((row) => [
        row.order_id,
        { status: row.status, paid: Number(row.paid_cents), customer: row.customer_id },
      ]),
    ),
    faults,
  );
  compare(
    'customer_totals',
    customers,
    new Map(
      totals.rows.map((row) => [
        row.customer_id,
        { orders: row.orders, cancelled: row.cancelled, paid: Number(row.paid_cents) },
      ]),
    ),
    faults,
  );
  compare(
    'what clients were told',
    new Map(
      [...told.orders].map(([id, order]) => [
        id,
        { status: order.status, paid: order.paidCents, customer: order.customer },
      ]),
    ),
    orders,
    faults,
  );
  return { orders: summaries.rowCount ?? 0, customers: totals.rowCount ?? 0 };
}

function compare(
  name: string,
  expected: ReadonlyMap<string, object>,
  actual: ReadonlyMap<string, object>,
  faults: string[],
): void {
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, found] = [JSON.stringify(expected.get(key)), JSON.stringify(actual.get(key))];
    if (wanted !== found) faults.push(`${name}: ${key} is ${found ?? 'missing'}, expected ${wanted ?? 'nothing'}`);
  }
}
