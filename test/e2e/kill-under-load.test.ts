import { createDatabase } from '@leftfold/infra';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { audit } from '../demo/audit.ts';
import { liveOrders, nothingTold } from '../demo/drive-orders.ts';
import { orderLives } from '../demo/order-life.ts';
import { OrdersProcess } from '../demo/orders-process.ts';
import { pushSchemas } from '../demo/push-schemas.ts';
import { UnderWay } from '../demo/under-way.ts';
import { caughtUp } from '../demo/wait-caught-up.ts';

const LIVES = orderLives().slice(0, 300);
const CONCURRENCY = 8;

let databaseUrl: string;
let processes: { readonly api: OrdersProcess; readonly relay: OrdersProcess; readonly projector: OrdersProcess };

beforeAll(async () => {
  databaseUrl = await createDatabase(inject('postgresUrl'));
  await pushSchemas(inject('registryUrl'));
  const environment = {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
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
});

async function revive(victim: OrdersProcess): Promise<void> {
  await victim.kill();
  await victim.start();
}

test('api, relay and projector are killed under load, and nothing is lost, doubled or inverted', async () => {
  const { api, relay, projector } = processes;
  const told = nothingTold();
  const kills = new Map([
    [40, relay],
    [80, projector],
    [120, api],
    [160, relay],
    [200, projector],
    [240, api],
  ]);
  const revived: string[] = [];
  const revivals = new UnderWay();
  await liveOrders(
    () => api.url,
    LIVES,
    CONCURRENCY,
    told,
    (done) => {
      const victim = kills.get(done);
      if (victim !== undefined) revivals.add(revive(victim).then(() => revived.push(victim.entryPoint)));
    },
  );
  await revivals.ended();
  await caughtUp(databaseUrl, told);

  const topic = { brokers: inject('kafkaBrokers'), registryUrl: inject('registryUrl') };
  const found = await audit(databaseUrl, topic, told);
  expect(found.faults).toEqual([]);
  expect(found.orders).toBe(told.orders.size);
  expect(found.topic?.distinct).toBe(found.events);
  expect(revived.toSorted()).toEqual(['api', 'api', 'projector', 'projector', 'relay', 'relay']);
}, 120_000);
