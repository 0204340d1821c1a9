import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { faultMix, type KafkaFault, type KafkaFrame } from './kafka-fault.ts';
import { startKafkaProxies, type KafkaProxies } from './kafka-proxy.ts';
import { PlantedClient, startPlantedBroker, type PlantedBroker } from './planted-kafka.ts';

const METADATA = 3;
let broker: PlantedBroker;
let proxies: KafkaProxies;
const clients: PlantedClient[] = [];

beforeEach(async () => {
  [broker, proxies] = await Promise.all([startPlantedBroker(), startKafkaProxies(2)]);
  proxies.forwardTo([broker.port, broker.port]);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await Promise.all([proxies.close(), broker.close()]);
});

function newClient(through = 1): PlantedClient {
  const client = new PlantedClient(proxies.ports[through - 1] ?? 0);
  clients.push(client);
  return client;
}
const hears = (client: PlantedClient, ...ids: readonly number[]): Promise<unknown> =>
  eventually(() => client.heard.join() === ids.join());
const isAsked = (...ids: readonly number[]): Promise<unknown> => eventually(() => broker.asked.join() === ids.join());

test('requests and answers pass, each as its broker’s', async () => {
  const seen: KafkaFrame[] = [];
  proxies.rule((frame) => {
    seen.push(frame);
    return undefined;
  });
  const client = newClient(2);
  client.ask(7, METADATA, 'relay-1');
  await hears(client, 7);
  const common = { broker: 2, connection: 1, api: 'Metadata', apiKey: METADATA, correlationId: 7, clientId: 'relay-1' };
  expect(seen).toMatchObject([
    { ...common, direction: 'request' },
    { ...common, direction: 'answer' },
  ]);
  expect(proxies.counts).toMatchObject({ connections: 1, pass: 2, cut: 0 });
});

test('a request that is cut never reaches the broker', async () => {
  const plan = proxies.plan({ fault: 'cut', on: 'request' });
  const client = newClient();
  client.ask(1);
  await Promise.all([plan.happened, client.closed]);
  const next = newClient();
  next.ask(2);
  await hears(next, 2);
  expect(broker.asked).toEqual([2]);
  expect(plan.frames).toMatchObject([{ direction: 'request', correlationId: 1 }]);
});

test('an answer that is cut is of what the broker has done', async () => {
  proxies.plan({ fault: 'cut', on: 'answer' });
  const client = newClient();
  client.ask(1);
  await client.closed;
  expect([broker.asked, client.bytes]).toEqual([[1], 0]);
});

test('a request that is cut after it went on is done, and its client never learns', async () => {
  proxies.plan({ fault: 'cut-after', on: 'request' });
  const client = newClient();
  client.ask(1);
  await Promise.all([client.closed, isAsked(1)]);
  expect(client.bytes).toBe(0);
  await eventually(() => broker.open.size === 0);
});

test('an answer that is cut after it went on arrives, and then nothing', async () => {
  proxies.plan({ fault: 'cut-after', on: 'answer' });
  const client = newClient();
  client.ask(1);
  await client.closed;
  expect(client.heard).toEqual([1]);
});

test('half of a request is nothing to the broker', async () => {
  proxies.plan({ fault: 'half', on: 'request' });
  const client = newClient();
  client.ask(1);
  await client.closed;
  await eventually(() => broker.open.size === 0);
  expect(broker.asked).toEqual([]);
});

test('half of an answer is half of its bytes and the end', async () => {
  proxies.plan({ fault: 'half', on: 'answer' });
  const client = newClient();
  client.ask(1);
  await client.closed;
  expect([client.bytes, client.heard]).toEqual([6, []]);
});

test('a frame that is dropped vanishes one way, and what is behind it goes on', async () => {
  proxies.plan({ fault: 'drop', on: 'answer' });
  const client = newClient();
  client.ask(1);
  client.ask(2);
  await hears(client, 2);
  expect(broker.asked).toEqual([1, 2]);
  proxies.plan({ fault: 'drop', on: 'request' });
  client.ask(3);
  client.ask(4);
  await hears(client, 2, 4);
  expect(broker.asked).toEqual([1, 2, 4]);
  expect(client.isClosed).toBe(false);
});

test('a half-open connection stays, and nothing comes through that way any more', async () => {
  const plan = proxies.plan({ fault: 'half-open', on: 'answer' });
  const client = newClient();
  client.ask(1);
  await plan.happened;
  client.ask(2);
  await isAsked(1, 2);
  const other = newClient();
  other.ask(3);
  await hears(other, 3);
  expect([client.isClosed, client.bytes]).toEqual([false, 0]);
});

test.each<[string, (release: Promise<void>) => KafkaFault]>([
  ['until it is released', (release) => ({ until: release })],
  ['by a time', () => ({ delayMs: 30 })],
])('a frame is late %s, and what is behind it waits', async (_, fault) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const plan = proxies.plan({ fault: fault(promise), on: 'answer' });
  const client = newClient();
  client.ask(1);
  client.ask(2);
  await Promise.all([plan.happened, isAsked(1, 2)]);
  resolve();
  await hears(client, 1, 2);
});

test('a late request of a client that is gone still reaches the broker', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const plan = proxies.plan({ fault: { until: promise }, on: 'request' });
  const client = newClient();
  client.ask(1);
  await plan.happened;
  client.end();
  await client.closed;
  expect(broker.asked).toEqual([]);
  resolve();
  await isAsked(1);
});

test('a plan takes its frames only, as many as it says, in the place of the rule', async () => {
  proxies.rule(() => 'drop');
  const plan = proxies.plan({
    fault: 'pass',
    on: 'request',
    api: 'Produce',
    broker: 1,
    where: ({ clientId }) => clientId === 'mine',
    times: 2,
  });
  newClient(2).ask(1, 0, 'mine');
  const client = newClient();
  client.ask(2, METADATA, 'mine');
  client.ask(3, 0, 'other');
  for (const id of [4, 5, 6]) client.ask(id, 0, 'mine');
  await plan.happened;
  await isAsked(4, 5);
  await eventually(() => proxies.counts.drop === 6);
  expect(plan.frames.map(({ correlationId }) => correlationId)).toEqual([4, 5]);
});

test('a plan that is cancelled takes no further frame', async () => {
  const plan = proxies.plan({ fault: 'drop', on: 'request', times: Infinity });
  const client = newClient();
  client.ask(1);
  await eventually(() => plan.frames.length === 1);
  plan.cancel();
  client.ask(2);
  await hears(client, 2);
});

test('connections are cut, refused and taken again, all or those of one broker', async () => {
  const [one, two] = [newClient(1), newClient(2)];
  one.ask(1);
  two.ask(2);
  await Promise.all([hears(one, 1), hears(two, 2)]);
  proxies.cutAll(1);
  await one.closed;
  two.ask(3);
  await hears(two, 2, 3);
  proxies.refuse(true, 1);
  await newClient(1).closed;
  proxies.refuse(false);
  const again = newClient(1);
  again.ask(4);
  await hears(again, 4);
});

test('a broker that dies takes its connections with it', async () => {
  const client = newClient();
  client.ask(1);
  await hears(client, 1);
  for (const socket of broker.open) socket.destroy();
  await client.closed;
});

test('a closed proxy leaves nothing: no connection, no listener, nothing that is late', async () => {
  const own = await startKafkaProxies(1);
  own.forwardTo([broker.port]);
  own.plan({ fault: { delayMs: 3_600_000 }, on: 'request' });
  const late = new PlantedClient(own.ports[0] ?? 0);
  late.ask(1);
  await eventually(() => own.counts.delay === 1);
  await own.close();
  await late.closed;
  await eventually(() => broker.open.size === 0);
  const refused = connect(own.ports[0] ?? 0, '127.0.0.1');
  await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a mix is the same for the same seed, and takes about its share of the frames it is for', () => {
  const bytes = Buffer.alloc(0);
  const frame = (api: KafkaFrame['api'], direction: KafkaFrame['direction'], from = 1): KafkaFrame => {
    const numbers = { connection: 1, correlationId: 1, apiKey: 0, clientId: '' };
    return { ...numbers, api, direction, broker: from, bytes };
  };
  const fates = (seed: number, from = 1): readonly (KafkaFault | undefined)[] => {
    const rule = faultMix({ seed, share: 0.1, faults: ['cut', 'drop'], apis: ['Produce'], on: 'answer' });
    return Array.from({ length: 2_000 }, () => rule(frame('Produce', 'answer', from)));
  };
  expect(fates(5)).toEqual(fates(5));
  expect(fates(5)).not.toEqual(fates(6));
  expect(fates(5, 2)).not.toEqual(fates(5, 1));
  const failed = fates(5).filter((fate) => fate !== undefined);
  expect(new Set(failed)).toEqual(new Set(['cut', 'drop']));
  expect(failed.length).toBeGreaterThan(100);
  expect(failed.length).toBeLessThan(300);
  const rule = faultMix({ seed: 1, share: 1, faults: ['cut'], apis: ['Produce'], on: 'answer' });
  expect([rule(frame('Fetch', 'answer')), rule(frame('Produce', 'request'))]).toEqual([undefined, undefined]);
});
