import { avro, confluentRegistry } from '@leftfold/avro';
import { encodeEvent, event, partitionHash, streamRef, t, uuidV7 } from '@leftfold/core';
import type { AnyEventType, EventId, NewEvent } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import type { MemoryStorage } from '@leftfold/memory';
import { follow, parseRecord, projection, recognise, relay, stop } from '@leftfold/subscriptions';
import type { Broker, LaneStatus, RecordPlace, RecordUndecodable, Running } from '@leftfold/subscriptions';
import { randomBytes } from 'node:crypto';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { persistentPublisher } from './persistent-publisher.ts';
import { pushSchemas } from './push-schemas.ts';
import { startRegistryProxy } from './registry-proxy.ts';
import type { RegistryProxy, RegistryWeather } from './registry-proxy.ts';
import { groupsReady, newTopic, readTopic } from './test-cluster.ts';
import { until } from './until.ts';

beforeAll(groupsReady);

/** Whoever runs these tests besides has subjects of his own. */
let tests = 0;
const run = randomBytes(6).toString('hex');

/** A counter, in a name of its own, with what a release of it knows. */
function countersOf() {
  const name = `counters${run}n${tests++}`;
  const counted = event(`${name}.counter.counted`, { by: t.int() });
  const doubled = event(`${name}.counter.doubled`, { times: t.int() });
  const steps = projection('steps', { version: 1, key: 'id', row: { id: t.string(), steps: t.string() } })
    .upsert(counted, (row, { data, stream }) => ({ id: stream.key, steps: `${row?.steps ?? ''}${data.by} ` }))
    .upsert(doubled, (row, { data, stream }) => ({ id: stream.key, steps: `${row?.steps ?? ''}x${data.times} ` }));
  const append = async ({ store }: MemoryStorage, key: string, type: AnyEventType, of: NewEvent): Promise<void> => {
    const encoded = encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'c' });
    const outcome = await store.append([
      { stream: streamRef(`${name}.counter`, key, ''), expect: 'any', events: [encoded] },
    ]);
    expect(outcome.kind).toBe('appended');
  };
  /** Three keys for each of two lanes, and of two partitions: streams of another name lie elsewhere at each run. */
  const keys = [0, 1].flatMap((half) =>
    Array.from({ length: 100 }, (_, n) => `k${n}`)
      .filter((key) => partitionHash(streamRef(`${name}.counter`, key, '').id) % 2 === half)
      .slice(0, 3),
  );
  return { counted, doubled, steps, append, keys };
}

interface Process {
  readonly broker: Broker;
  readonly registry: RegistryProxy;
}
/** A process: its own way to the registry, its own memory of what it has found there. */
async function processOf(options: KafkaOptions, weather: RegistryWeather): Promise<Process> {
  const registry = await startRegistryProxy(inject('registryUrl'));
  onTestFinished(() => registry.close());
  await registry.become(weather);
  const codec = avro({ registry: confluentRegistry({ url: registry.url, timeoutMs: 500 }) });
  return { broker: kafka({ ...options, codec }), registry };
}
const push = (...types: readonly AnyEventType[]): Promise<void> =>
  pushSchemas(confluentRegistry({ url: inject('registryUrl') }), ...types);
function ending(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}
const faults = (running: Running): readonly (string | undefined)[] =>
  running.status().lanes.flatMap(({ fault, state }) => (state === 'retrying' ? [fault?.code] : []));
const states = (running: Running): readonly string[] => [
  ...new Set(running.status().lanes.map(({ state }: LaneStatus) => state)),
];
/** Rows by key. */
function stepsIn(
  { readModels }: MemoryStorage,
  { rowTable }: ReturnType<typeof countersOf>['steps'],
): Record<string, unknown> {
  const rows = readModels.reader([rowTable]).all(rowTable.name);
  return Object.fromEntries(rows.map(({ id, steps }) => [String(id), steps]));
}
/** Events of a topic in the order of their partitions, re-sends known by their numbers left out. */
async function received(topic: string): Promise<readonly string[]> {
  const places = new Map<number, RecordPlace>();
  return (await readTopic(topic)).flatMap(({ partition, key, value, headers }) => {
    const { stamp, envelope } = parseRecord({ key, value, headers });
    const recognised = recognise(places.get(partition) ?? 'start', stamp);
    if (recognised.kind === 'fault') throw recognised.fault;
    if (recognised.kind === 'seen') return [];
    places.set(partition, recognised.place);
    expect(value[0], 'the magic byte').toBe(0);
    return [`${envelope.key}@${envelope.streamVersion}`];
  });
}

const BAD: readonly RegistryWeather[] = ['down', 'silent', 'broken', 'cut'];

test.each(BAD)(
  'A7 relay and projector start while the registry is %s: they say so, lose nothing, and go on by themselves',
  async (weather) => {
    const options = newTopic(2);
    const { counted, steps, append } = countersOf();
    await push(counted);
    const storage = memory({ topic: () => options.topic });
    const [sender, reader] = [await processOf(options, weather), await processOf(options, weather)];
    for (let by = 1; by <= 5; by++)
      for (const key of ['a', 'b', 'c']) await append(storage, key, counted, counted({ by }));
    const relaying = ending(await relay({ storage, to: sender.broker, service: 'tests' }));
    const projecting = ending(await follow(steps, { from: reader.broker.source, storage }));
    await until('the relay says so', () => faults(relaying)[0] === 'LF_REGISTRY_UNAVAILABLE');
    expect(await storage.checkpoints.list({ name: 'relay', version: 1 })).toMatchObject([
      { cursor: 'start', ledger: null },
    ]);

    await sender.registry.become('slow');
    await relaying.caughtUp();
    await until('the projector says so', () => faults(projecting).includes('LF_REGISTRY_UNAVAILABLE'));
    await expect(projecting.caughtUp({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'LF_NOT_CAUGHT_UP' });
    expect(stepsIn(storage, steps)).toEqual({});

    await reader.registry.become('slow');
    await projecting.caughtUp();
    const all = '1 2 3 4 5 ';
    expect(stepsIn(storage, steps)).toEqual({ a: all, b: all, c: all });
    expect((await received(options.topic)).toSorted()).toEqual(
      ['a', 'b', 'c'].flatMap((key) => [1, 2, 3, 4, 5].map((version) => `${key}@${version}`)),
    );
    expect([states(relaying), states(projecting)]).toEqual([['following'], ['following']]);
  },
);

test('A7 what is known goes on while the registry is away; a schema that is not pushed yet holds back its event and what comes after, no other lane', async () => {
  const options = newTopic(2);
  const { counted, doubled, steps, append, keys } = countersOf();
  const [first = ''] = keys;
  await push(counted);
  const storage = memory({ topic: () => options.topic, lanes: 2 });
  const [sender, reader] = [await processOf(options, 'sound'), await processOf(options, 'sound')];
  const relaying = ending(await relay({ storage, to: sender.broker, service: 'tests' }));
  const projecting = ending(await follow(steps, { from: reader.broker.source, storage }));
  for (const key of keys) await append(storage, key, counted, counted({ by: 1 }));
  await relaying.caughtUp();
  await projecting.caughtUp();

  await sender.registry.become('down');
  await reader.registry.become('down');
  for (const key of keys) await append(storage, key, counted, counted({ by: 2 }));
  await relaying.caughtUp();
  await projecting.caughtUp();
  expect(stepsIn(storage, steps)).toEqual(Object.fromEntries(keys.map((key) => [key, '1 2 '])));
  expect([states(relaying), states(projecting)]).toEqual([['following'], ['following']]);

  // New code writes what nobody has pushed: first the registry is away, then it does not know it.
  await append(storage, first, doubled, doubled({ times: 3 }));
  await until('the relay says so', () => faults(relaying)[0] === 'LF_REGISTRY_UNAVAILABLE');
  await sender.registry.become('sound');
  await until('the relay says what is missing', () => faults(relaying)[0] === 'LF_SCHEMA_UNREGISTERED');
  for (const key of keys) await append(storage, key, counted, counted({ by: 4 }));
  const isHeld = (key: string): boolean => stepsIn(storage, steps)[key] === '1 2 ';
  await until('the other lane goes on', () => !keys.every(isHeld));
  expect(faults(relaying)).toEqual(['LF_SCHEMA_UNREGISTERED']);
  expect(isHeld(first)).toBe(true);

  await push(doubled);
  await relaying.caughtUp();
  await until('the projector says so', () => faults(projecting).includes('LF_REGISTRY_UNAVAILABLE'));
  expect(isHeld(first)).toBe(true);
  await reader.registry.become('sound');
  await projecting.caughtUp();
  expect(stepsIn(storage, steps)).toEqual(
    Object.fromEntries(keys.map((key) => [key, key === first ? '1 2 x3 4 ' : '1 2 4 '])),
  );
  const perKey = Map.groupBy(await received(options.topic), (name) => name.split('@')[0]);
  for (const [key, names] of perKey)
    expect(names).toEqual(Array.from({ length: key === first ? 4 : 3 }, (_, i) => `${key}@${i + 1}`));
});

test('A7 a registry that comes and goes, with processes that know nothing each time: nothing is lost, doubled or out of order', async () => {
  const options = newTopic(3);
  const { counted, doubled, steps, append } = countersOf();
  await push(counted);
  const storage = memory({ topic: () => options.topic });
  const keys = ['a', 'b', 'c', 'd'];
  const expected = new Map(keys.map((key) => [key, '']));
  const write = async (round: number): Promise<void> => {
    for (const key of keys) {
      const isDoubled = round >= 3 && (round + keys.indexOf(key)) % 2 === 0;
      if (isDoubled) await append(storage, key, doubled, doubled({ times: round }));
      else await append(storage, key, counted, counted({ by: round }));
      expected.set(key, `${expected.get(key)}${isDoubled ? 'x' : ''}${round} `);
    }
  };
  const weathers: readonly RegistryWeather[] = ['down', 'cut', 'slow', 'broken', 'silent', 'down', 'cut', 'broken'];
  for (const [round, weather] of weathers.entries()) {
    const [sender, reader] = [await processOf(options, weather), await processOf(options, weather)];
    const relaying = ending(await relay({ storage, to: sender.broker, service: 'tests' }));
    const projecting = ending(await follow(steps, { from: reader.broker.source, storage }));
    await write(round);
    if (round === 4) await push(doubled);
    if (weather !== 'slow') await until('it is told', () => faults(relaying).length > 0);
    // Every second time both are stopped while they wait.
    if (round % 2 === 1) await sender.registry.become('sound');
    if (round % 2 === 1 && round !== 3) await relaying.caughtUp();
    await Promise.all([relaying.stop(), projecting.stop()]);
  }
  const last = await processOf(options, 'sound');
  const relaying = ending(await relay({ storage, to: last.broker, service: 'tests' }));
  const projecting = ending(await follow(steps, { from: last.broker.source, storage }));
  await relaying.caughtUp();
  await projecting.caughtUp();
  expect(stepsIn(storage, steps)).toEqual(Object.fromEntries(expected));
  const perKey = Map.groupBy(await received(options.topic), (name) => name.split('@')[0]);
  for (const key of keys) expect(perKey.get(key)).toEqual(weathers.map((_, i) => `${key}@${i + 1}`));
});

test.each([
  ['a wrong magic byte', (value: Buffer) => value.fill(7, 0, 1), 'begins with 7'],
  ['an id nobody gave out', (value: Buffer) => value.fill(0x7e, 1, 5), 'does not know'],
  ['a cut head', (value: Buffer) => value.subarray(0, 3), '3 bytes'],
  ['a cut body', (value: Buffer) => value.subarray(0, 5), 'does not fit'],
  ['bytes left over', (value: Buffer) => Buffer.concat([value, Buffer.from([1])]), 'does not fit'],
])('A7 a record with %s stops its lane at it, keeps its bytes, and other lanes go on', async (_, spoil, why) => {
  const options = newTopic(2);
  const { counted, steps, append, keys } = countersOf();
  await push(counted);
  const storage = memory({ topic: () => options.topic });
  const { broker } = await processOf(options, 'sound');
  const relaying = ending(await relay({ storage, to: broker, service: 'tests' }));
  for (const key of keys) await append(storage, key, counted, counted({ by: 1 }));
  await relaying.caughtUp();
  // What was sent, in a topic of its own, with one record spoiled.
  const spoiled = newTopic(2, { codec: broker.codec });
  const records = (await readTopic(options.topic)).map((record) => ({ ...record, topic: spoiled.topic }));
  const at = records.findIndex(({ partition }) => partition === 0);
  const value = spoil(Buffer.from(records[at]!.value));
  const publisher = await persistentPublisher(spoiled);
  await publisher.publish(records.map((record, index) => (index === at ? { ...record, value } : record)));
  await publisher.close();

  const projecting = ending(
    await follow({ ...steps, recovery: { live: stop() } }, { from: kafka(spoiled).source, storage }),
  );
  await expect(projecting.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_RECORD_UNDECODABLE' } });
  const stopped = projecting.status().lanes.find(({ state }) => state === 'stopped');
  expect(stopped).toMatchObject({
    lane: `${spoiled.topic}/0`,
    fault: {
      message: expect.stringContaining(`${spoiled.topic}/0 at offset 0`) as unknown,
      event: { id: records[at]!.headers['ce_id'], type: counted.type },
    },
  });
  expect(stopped?.fault?.message).toContain(why);
  const error = stopped?.fault?.error as RecordUndecodable | undefined;
  expect(error?.record).toMatchObject({ key: records[at]!.key, value });
  const others = records.filter(({ partition }) => partition === 1).map(({ key }) => key.split('-').at(-1) ?? '');
  await until('the other lane is applied', () => Object.keys(stepsIn(storage, steps)).length === others.length);
  expect(Object.keys(stepsIn(storage, steps)).toSorted()).toEqual(others.toSorted());
});

test('a stored payload that does not fit its schema stops the relay’s lane before its batch, naming event and stream and no value', async () => {
  const options = newTopic(1);
  const { counted, append } = countersOf();
  await push(counted);
  const storage = memory({ topic: () => options.topic });
  const { broker } = await processOf(options, 'sound');
  await append(storage, 'a', counted, counted({ by: 1 }));
  // As if somebody had changed the row.
  const encoded = encodeEvent(counted, counted({ by: 2 }), uuidV7() as EventId, { correlationId: 'c' });
  const stream = streamRef(counted.type.slice(0, -'.counted'.length), 'a', '');
  await storage.store.append([{ stream, expect: 'any', events: [{ ...encoded, payload: '{"by":"the secret"}' }] }]);
  const relaying = ending(await relay({ storage, to: broker, service: 'tests' }));
  await expect(relaying.caughtUp()).rejects.toMatchObject({ fault: { code: 'LF_PAYLOAD_UNENCODABLE' } });
  const [{ fault } = {}] = relaying.status().lanes;
  expect(fault?.event).toMatchObject({ id: encoded.id, type: counted.type, stream: stream.id, streamVersion: 2n });
  expect(fault?.message).toContain(`version 2 of ${stream.id}`);
  expect(fault?.message).toContain("'by'");
  expect(fault?.message).not.toContain('secret');
  expect(await readTopic(options.topic)).toEqual([]);
  expect(await storage.checkpoints.list({ name: 'relay', version: 1 })).toMatchObject([
    { cursor: 'start', ledger: null },
  ]);
});
