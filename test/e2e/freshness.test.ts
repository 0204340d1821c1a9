import { randomUUID } from 'node:crypto';
import { createDatabase, startKafka } from '@leftfold/infra';
import type { KafkaCluster } from '@leftfold/infra';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { OrdersProcess } from '../demo/orders-process.ts';
import { pushSchemas } from '../demo/push-schemas.ts';

const ROUNDS = 8;
const CLIENTS = 4;

let processes: { readonly api: OrdersProcess; readonly relay: OrdersProcess; readonly projector: OrdersProcess };

/** Of its own: the topic is the sample's, and belongs to one log. */
let kafka: KafkaCluster;
beforeAll(async () => {
  kafka = await startKafka({ brokers: 1, own: true });
  await pushSchemas(inject('registryUrl'));
  const environment = {
    DATABASE_URL: await createDatabase(inject('postgresUrl')),
    KAFKA_BROKERS: kafka.brokers.join(','),
    SCHEMA_REGISTRY: inject('registryUrl'),
  };
  processes = {
    api: new OrdersProcess('api', environment),
    relay: new OrdersProcess('relay', environment),
    projector: new OrdersProcess('projector', environment),
  };
  for (const one of Object.values(processes)) await one.start();
});
afterAll(async () => {
  await Promise.all(Object.values(processes ?? {}).map((one) => one.stop()));
  await kafka?.stop();
});

interface Answer {
  readonly status: number;
  readonly token: string;
  readonly stale: string | null;
  readonly body: { readonly [member: string]: unknown };
}
async function call(
  method: string,
  path: string,
  { body, token }: { body?: object; token?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${processes.api.url}${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      ...(token !== undefined && { 'Leftfold-Token': token }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    token: response.headers.get('Leftfold-Token') ?? '',
    stale: response.headers.get('Leftfold-Stale'),
    body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
  };
}
const place = (customerId: string) => ({
  customerId,
  lines: [{ sku: 'A-1', quantity: 2, price: { cents: 500, currency: 'EUR' } }],
  shipTo: 'Main Street 1',
});
const pay = () => ({ paymentId: randomUUID(), amount: { cents: 1_000, currency: 'EUR' }, method: 'card' });

test('a client that sends its token back never reads the past: through api, relay, Kafka and projector, each a process of its own', async () => {
  const past: string[] = [];
  let stale = 0;
  const read = async (path: string, token: string, expected: { readonly [member: string]: unknown }): Promise<void> => {
    const answer = await call('GET', path, { token });
    if (answer.stale !== null) stale += 1;
    else if (answer.status !== 200) past.push(`${path}: ${answer.status}`);
    for (const [member, value] of Object.entries(expected))
      if (answer.stale === null && answer.body[member] !== value)
        past.push(`${path}: ${member} is ${String(answer.body[member])}, not ${String(value)}`);
  };
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const customer = randomUUID();
      for (let round = 1; round <= ROUNDS; round++) {
        const order = await call('POST', '/orders', { body: place(customer) });
        expect(order.status).toBe(201);
        const id = String(order.body['orderId']);
        await read(`/orders/${id}`, order.token, { status: 'open', paid_cents: 0 });
        const paid = await call('POST', `/orders/${id}/payments`, { body: pay() });
        expect(paid.status).toBe(201);
        await read(`/orders/${id}`, paid.token, { status: 'paid', paid_cents: 1_000 });
        // Both, in one header; rows of many streams.
        const both = `${order.token}, ${paid.token}`;
        await read(`/orders/customers/${customer}/totals`, both, { orders: round, paid_cents: round * 1_000 });
      }
    }),
  );
  expect(past).toEqual([]);
  // The machine may be slow; but if it were for most of them, nothing would have been seen here.
  expect(stale).toBeLessThan((CLIENTS * ROUNDS * 3) / 2);

  await processes.projector.stop();
  const order = await call('POST', '/orders', { body: place(randomUUID()) });
  const path = `/orders/${String(order.body['orderId'])}`;
  expect(await call('GET', path, { token: order.token })).toMatchObject({ status: 404, stale: 'true' });
  const waiting = call('GET', path, { token: order.token });
  await processes.projector.start();
  await waiting;
  expect(await call('GET', path, { token: order.token })).toMatchObject({ status: 200, body: { status: 'open' } });
  expect(await call('GET', path, { token: 'x' })).toMatchObject({ status: 400, body: { code: 'LF_TOKEN_INVALID' } });
});
