// npm run demo: a thousand orders through three real processes, two of them killed on the way, and an audit of every hop.
import { findKafka, findRegistry, startKafka, startPostgres, startRegistry } from '@leftfold/infra';
import { audit } from './audit.ts';
import type { Audit } from './audit.ts';
import { liveOrders, nothingTold } from './drive-orders.ts';
import { Freshness } from './freshness.ts';
import { orderLives } from './order-life.ts';
import { OrdersProcess } from './orders-process.ts';
import { progressBar } from './progress-bar.ts';
import { pushSchemas } from './push-schemas.ts';
import { serveFolder } from './serve-folder.ts';
import { UnderWay } from './under-way.ts';
import { caughtUp } from './wait-caught-up.ts';

const CONCURRENCY = 12;
/** Orders that are lived one by one at the end, for the latency of a calm system. */
const CALM = 150;
const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
const say = (line = ''): void => void process.stdout.write(`${line}\n`);

const origin = await findKafka();
const registryOrigin = await findRegistry();
const withKafka = origin.kind !== 'none';
const [postgres, kafka, registry] = await Promise.all([
  startPostgres(),
  withKafka ? startKafka({ brokers: 1 }) : undefined,
  withKafka && registryOrigin.kind !== 'none' ? startRegistry() : undefined,
]);
/** Where the audit looks schemas up. Without a registry the processes have the folder, which a reader elsewhere cannot see. */
const schemas = registry ?? (await serveFolder());
const brokers = kafka?.brokers ?? [];
const databaseUrl = await postgres.createDatabase('orders');

const environment = {
  DATABASE_URL: databaseUrl,
  KAFKA_BROKERS: brokers.join(','),
  SCHEMA_REGISTRY: kafka === undefined ? '' : (registry?.url ?? 'folder'),
};
const api = new OrdersProcess('api', environment);
const relay = new OrdersProcess('relay', environment);
const projector = new OrdersProcess('projector', environment);
const processes = kafka ? [api, relay, projector] : [api, projector];

try {
  say();
  say(`Postgres   ${withoutPassword(databaseUrl)}`);
  if (origin.kind === 'none') {
    say('Kafka      NONE. Not shown: the relay, the topic, and a relay that is killed.');
    say(`           ${origin.reason}`);
    say(`           ${origin.remedy}`);
    say('           The projector follows the Postgres log itself.');
  } else {
    say(`Kafka      ${brokers.join(', ')}  (topic orders.order, 6 partitions, Avro)`);
    if (registryOrigin.kind === 'none') {
      say('Registry   NONE. The processes look schemas up in apps/orders/schemas.');
      say(`           ${registryOrigin.reason}`);
      say(`           ${registryOrigin.remedy}`);
    }
  }
  if (registry) {
    const pushed = await pushSchemas(registry.url);
    say(`Registry   ${withoutPassword(registry.url)}  (${pushed} schemas of apps/orders pushed)`);
  }
  await api.start();
  await Promise.all(processes.filter((one) => one !== api).map((one) => one.start()));
  for (const one of processes) say(`${one.entryPoint.padEnd(10)} ${one.url}  pid ${one.pid}`);
  say(`All up after ${seconds()}. Placing, paying, shipping and cancelling orders over HTTP:`);
  say();

  const lives = orderLives();
  const told = nothingTold();
  const bar = progressBar(lives.length);
  const note = (): string => `${told.requests} requests, ${told.refused} refused, ${told.repeated} repeated`;
  const watch = (freshness: Freshness, orderId: string | undefined): void => {
    const status = orderId && told.orders.get(orderId)?.status;
    if (orderId && status) freshness.sample(orderId, status);
  };

  // Most of them under load, while processes are killed.
  const underLoad = new Freshness(api.url);
  const kills = new Map<number, OrdersProcess>([[400, projector]]);
  if (kafka) kills.set(200, relay).set(600, relay);
  const revivals = new UnderWay();
  const begun = performance.now();
  await liveOrders(
    () => api.url,
    lives.slice(0, -CALM),
    CONCURRENCY,
    told,
    (done, orderId) => {
      const victim = kills.get(done);
      if (victim !== undefined) revivals.add(killAndRestart(victim, (line) => bar.say(line)));
      if (done % 8 === 0) watch(underLoad, orderId);
      bar.show(done, note());
    },
  );
  const requests = told.requests;
  const wroteMs = performance.now() - begun;
  await revivals.ended();
  await caughtUp(databaseUrl, told);
  const behindMs = performance.now() - begun - wroteMs;

  // The last ones one by one, on a system that has nothing else to do.
  const calm = new Freshness(api.url);
  await liveOrders(
    () => api.url,
    lives.slice(-CALM),
    1,
    told,
    (done, orderId) => {
      watch(calm, orderId);
      bar.show(lives.length - CALM + done, note());
    },
  );
  bar.end();
  await Promise.all([underLoad.settled(), calm.settled()]);
  await caughtUp(databaseUrl, told);

  say();
  const first = lives.length - CALM;
  say(
    `Under load, ${first} orders: ${requests} requests in ${(wroteMs / 1000).toFixed(1)} s; the read models had everything ${(behindMs / 1000).toFixed(1)} s later.`,
  );
  say(`One by one, ${CALM} orders: from the answer to a command until a query over HTTP shows it, ${calm.report()}.`);
  say(`The same under load, while processes were down: ${underLoad.report()}.`);
  say();
  say('Audit by a reader that uses none of this code:');
  const topic = kafka === undefined ? null : { brokers, registryUrl: schemas.url };
  const found = await audit(databaseUrl, topic, told);
  report(found);
  process.exitCode = found.faults.length === 0 ? 0 : 1;
} catch (error) {
  say();
  say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  for (const one of processes) say(`--- ${one.entryPoint}: ${await one.health()}\n${one.output.slice(-1500)}`);
  process.exitCode = 1;
} finally {
  await Promise.all(processes.map((one) => one.stop()));
  await Promise.all([kafka?.stop(), postgres.stop(), schemas.stop()]);
  say(`Stopped everything it started. ${process.exitCode === 1 ? 'FAILED' : 'Done'} after ${seconds()}.`);
}

async function killAndRestart(victim: OrdersProcess, tell: (line: string) => void): Promise<void> {
  tell(`  kill -9 ${victim.entryPoint} (pid ${victim.pid})`);
  await victim.kill();
  await victim.start();
  tell(`  ${victim.entryPoint} is back (pid ${victim.pid})`);
}

function report({ events, streams, topic, orders, customers, faults }: Audit): void {
  say(`  log          ${events} events of ${streams} orders, each once, versions without gaps`);
  if (topic !== null) {
    say(
      `  topic        ${topic.distinct} distinct events on ${topic.partitions} partitions, per order in order, sequences without gaps`,
    );
    say(
      `               ${topic.records} records: ${topic.resent} sent again after a kill, each recognised by its sequence`,
    );
    say(
      `  values       ${kilobytes(topic.bytes)} of Avro under ${topic.schemas} schema ids, ${kilobytes(topic.jsonBytes)} as JSON; one of ${topic.sample?.bytes} bytes, decoded by another client:`,
    );
    say(`               ${topic.sample?.type} ${topic.sample?.value}`);
  }
  say(
    `  read models  ${orders} orders and ${customers} customers, equal to a fold of the log and to what clients were told`,
  );
  for (const fault of faults.slice(0, 20)) say(`  FAULT        ${fault}`);
  say(faults.length === 0 ? '  Nothing lost, nothing doubled, nothing out of order.' : `  ${faults.length} faults.`);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  return parsed.href;
}
