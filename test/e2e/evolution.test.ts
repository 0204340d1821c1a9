import { randomUUID } from 'node:crypto';
import { avro } from '@leftfold/avro';
import { event, repository, streamRef, t, uuidV7 } from '@leftfold/core';
import type { EncodedEvent, EventId, Expectation, Json } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { kafka } from '@leftfold/kafka';
import { applyMigrations, postgres, readModels } from '@leftfold/postgres';
import type { PostgresStorage } from '@leftfold/postgres';
import { follow, projection, relay } from '@leftfold/subscriptions';
import type { Broker, Running, Source } from '@leftfold/subscriptions';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { customerTotals } from '../../apps/orders/src/customer-totals/customer-totals.ts';
import { orderSummary } from '../../apps/orders/src/order-summary/order-summary.ts';
import { Money } from '../../apps/orders/src/order/events.ts';
import { order } from '../../apps/orders/src/order/order.ts';
import { pushSchemas } from '../demo/push-schemas.ts';
import { readTopic } from './read-topic.ts';
import { released } from './released.ts';
import type { Released } from './released.ts';

// What earlier releases wrote: their texts and values are those of the golden corpus, and nothing here knows the definitions of that time.
const placedV1 = released('orders.order.Placed', 1, { type: 'orders.order.placed', version: 1 });
const paidBefore = released('orders.order.PaymentAdded', 1, { type: 'orders.order.payment-added', version: 1 });

/** As it was defined before it said how an order was paid. */
const paymentAddedBefore = event('orders.order.payment-added', {
  orderId: t.uuid(),
  customerId: t.uuid(),
  paymentId: t.uuid(),
  amount: Money,
  paidInFull: t.boolean(),
});
/** A read model of that release, which runs beside today's. */
const receiptsBefore = projection('receipts-before', {
  version: 1,
  key: 'order_id',
  row: { order_id: t.uuid(), payments: t.int(), said: t.array(t.string()) },
  order: 'any',
}).upsert(paymentAddedBefore, { by: 'orderId' }, (row, { data }) => ({
  order_id: data.orderId,
  payments: (row?.payments ?? 0) + 1,
  said: Object.keys(data),
}));

const topic = `evolution.${randomUUID()}`;
const pools: pg.Pool[] = [];
const running: Running[] = [];

/** A log, or a place for read models, in a database of its own. */
async function database(): Promise<{ readonly pool: pg.Pool; readonly storage: PostgresStorage }> {
  const pool = new pg.Pool({ connectionString: await createDatabase(inject('postgresUrl')) });
  pools.push(pool);
  await applyMigrations(pool);
  return { pool, storage: postgres({ pool, topic: () => topic }) };
}

/** The log's own read models, and those of a service that has the topic alone. */
let byLog: Awaited<ReturnType<typeof database>>;
let byTopic: Awaited<ReturnType<typeof database>>;

/** The topic, as one service reads and writes it. */
const topicOf = (clientId: string): Broker =>
  kafka({
    brokers: inject('kafkaBrokers'),
    clientId,
    create: true,
    topics: [{ name: topic, partitions: 3 }],
    codec: avro({ registry: inject('registryUrl') }),
  });

async function start(one: Promise<Running>): Promise<void> {
  running.push(await one);
}
async function projecting(from: Source, storage: PostgresStorage): Promise<void> {
  for (const each of [orderSummary, customerTotals, receiptsBefore]) await start(follow(each, { from, storage }));
}
beforeAll(async () => {
  await pushSchemas(inject('registryUrl'));
  [byLog, byTopic] = [await database(), await database()];
  const broker = topicOf(topic);
  await start(relay({ storage: byLog.storage, to: broker, service: 'orders' }));
  await projecting(byLog.storage.log, byLog.storage);
  await projecting(broker.source, byTopic.storage);
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
});

type Values = { readonly [field: string]: Json };

/** An event as an old process wrote it: a value of the corpus, with some fields as the test needs them. */
function written({ writer, samples }: Released, at: number, values: Values): EncodedEvent {
  const payload = JSON.stringify({ ...samples[at % samples.length], ...values });
  return { id: uuidV7() as EventId, schema: writer, payload, private: false, metadata: { correlationId: uuidV7() } };
}
const eur = (cents: number) => ({ cents, currency: 'EUR' as const });
const byCard = (cents: number) => ({ paymentId: randomUUID(), amount: eur(cents), method: 'card' as const });

async function append(orderId: string, expect: Expectation, ...events: readonly EncodedEvent[]): Promise<void> {
  const stream = streamRef('orders.order', orderId);
  const outcome = await byLog.storage.store.append([{ stream, expect, events }]);
  if (outcome.kind !== 'appended') throw new Error(`the append is ${outcome.kind}`);
}
async function everybodyCaughtUp(): Promise<void> {
  for (const one of running) await one.caughtUp();
}
/** All rows of a database's read models. Times of recording are those of the log everywhere. */
async function rows({ pool }: { readonly pool: pg.Pool }) {
  const db = readModels(pool, [orderSummary, customerTotals, receiptsBefore]);
  return {
    orders: await db.selectFrom('order_summary').selectAll().orderBy('order_id').execute(),
    customers: await db.selectFrom('customer_totals').selectAll().orderBy('customer_id').execute(),
    receipts: await db.selectFrom('receipts_before').selectAll().orderBy('order_id').execute(),
  };
}

test('values of the golden corpus live on: orders of former releases load, and read models have them from log and topic alike', async () => {
  expect([placedV1.samples.length, paidBefore.samples.length]).toEqual([3, 3]);
  const entities = paidBefore.samples.map(() => ({ orderId: randomUUID(), customerId: randomUUID() }));
  for (const [index, of] of entities.entries())
    await append(of.orderId, 'absent', written(placedV1, index, of), written(paidBefore, index, of));
  await everybodyCaughtUp();

  const found = await rows(byLog);
  expect(await rows(byTopic)).toEqual(found);
  for (const [index, { orderId, customerId }] of entities.entries()) {
    const { amount, paidInFull } = paidBefore.samples[index] as { amount: { cents: string }; paidInFull: boolean };
    const total = placedV1.samples[index % placedV1.samples.length]?.['total'];
    expect(found.orders).toContainEqual(
      expect.objectContaining({
        order_id: orderId,
        total_cents: Math.round(Number(total) * 100),
        currency: 'EUR',
        paid_cents: Number(amount.cents),
        paid_by: 'transfer',
        status: paidInFull ? 'paid' : 'open',
      }),
    );
    const { state } = await repository(order, byLog.storage.store).load(orderId);
    expect(state).toMatchObject({ status: paidInFull ? 'paid' : 'open', customerId, paidCents: Number(amount.cents) });
  }
});

test('today’s sample goes on with orders of former releases, also while one of their processes still writes', async () => {
  const orders = repository(order, byLog.storage.store);
  const of = { orderId: randomUUID(), customerId: randomUUID() };
  await append(of.orderId, 'absent', written(placedV1, 0, { ...of, total: 5 }));
  expect((await orders.pay(of.orderId, byCard(150))).result).toEqual({ missingCents: 350 });
  const byOldProcess = { ...of, amount: { cents: '100', currency: 'EUR' }, paidInFull: false };
  await append(of.orderId, 'present', written(paidBefore, 0, byOldProcess));
  expect((await orders.pay(of.orderId, byCard(250))).result).toEqual({ missingCents: 0 });
  await orders.ship(of.orderId, { carrier: 'DHL' });

  const line = { sku: 'pen', quantity: 2, price: eur(100) };
  const newId = randomUUID();
  await orders.place(newId, { customerId: of.customerId, lines: [line], shipTo: 'Bahnhofstr. 1' });
  const inFull = { ...of, orderId: newId, amount: { cents: '200', currency: 'EUR' }, paidInFull: true };
  await append(newId, 'present', written(paidBefore, 0, inFull));
  await everybodyCaughtUp();

  const found = await rows(byLog);
  expect(await rows(byTopic)).toEqual(found);
  expect(found.orders).toContainEqual(
    expect.objectContaining({
      order_id: of.orderId,
      status: 'shipped',
      carrier: 'DHL',
      paid_cents: 500,
      paid_by: 'card',
    }),
  );
  expect(found.orders).toContainEqual(
    expect.objectContaining({ order_id: newId, status: 'paid', paid_cents: 200, paid_by: 'transfer' }),
  );
  expect(found.customers).toContainEqual(
    expect.objectContaining({ customer_id: of.customerId, orders: 2, cancelled: 0, paid_cents: 700 }),
  );
  // Code of before reads what today's writes, and never sees the field that it does not know.
  expect(found.receipts).toContainEqual(expect.objectContaining({ order_id: of.orderId, payments: 3 }));
  expect(new Set(found.receipts.flatMap(({ said }) => said))).toEqual(
    new Set(['orderId', 'customerId', 'paymentId', 'amount', 'paidInFull']),
  );
});

test('read models that are built anew, from the beginning of log or topic, come to the same rows', async () => {
  const anew = [await database(), await database()] as const;
  await projecting(byLog.storage.log, anew[0].storage);
  await projecting(topicOf(`${topic}.anew`).source, anew[1].storage);
  await everybodyCaughtUp();
  const found = await rows(byLog);
  expect(found.orders).toHaveLength(5);
  for (const one of anew) expect(await rows(one)).toEqual(found);
});

test('a client that is none of ours reads the topic through the same registry: every record in the shape it was written in', async () => {
  const records = await readTopic(topic, { brokers: inject('kafkaBrokers'), registryUrl: inject('registryUrl') });
  const { rows: events } = await byLog.pool.query<{
    id: string;
    payload: { [field: string]: Json };
    fingerprint: string;
  }>(
    'select e.event_id as id, e.payload, s.fingerprint from leftfold.events e join leftfold.schemas s on s.id = e.schema_id',
  );
  const values = new Map(records.map(({ id, value }) => [id, value]));
  for (const { id, payload } of events) expect(values.get(id)).toEqual(payload);
  expect(values.size).toBe(events.length);
  // Two versions of `placed`, two revisions of `payment-added`, and `shipped`: each under an id of its own.
  expect(new Set(records.map(({ schema }) => schema)).size).toBe(5);
  expect(new Set(events.map(({ fingerprint }) => fingerprint)).size).toBe(5);
});
