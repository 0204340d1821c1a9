import { event, t } from '@leftfold/core';
import { memory, memoryBroker, type MemoryStorage } from '@leftfold/memory';
import {
  follow,
  followerLag,
  FOLLOWER_SOURCE_FAULTS,
  LAG_EVENTS,
  LAG_FAILURES,
  LAG_MEASURED,
  LAG_SECONDS,
  observeLag,
  projection,
  relay,
  RELAY,
  type Lane,
  type ObserveLagOptions,
  type Running,
  type Source,
  type Storage,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { conformanceTopic } from '../event-store/conformance-topic.ts';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';
import { collectLogs } from './collect-logs.ts';
import { collectMetrics } from './collect-metrics.ts';

const happened = event('conformance.thing.happened', { what: t.string() });
const things = projection('things', { version: 2, key: 'id', row: { id: t.string() } }).upsert(
  happened,
  (_, { stream }) => ({ id: stream.key }),
);

const until = (running: Running): Running => {
  onTestFinished(() => running.stop());
  return running;
};
const append = ({ store }: MemoryStorage, count: number, category?: string): Promise<unknown> =>
  store.append([{ stream: newStream(category), expect: 'any', events: newEvents(count) }]);

test('C12 a follower that was never started is behind by all there is, and by how long the oldest has waited', async () => {
  let now = 1_000_000;
  const storage = memory({ now: () => now, lanes: 4 });
  await append(storage, 3);
  now += 60_000;
  await append(storage, 2);
  const lag = await followerLag(storage, RELAY);
  expect(lag).toMatchObject({ name: 'relay', version: 1, source: 'log', events: 5, isMore: false, oldestMs: 60_000 });
  expect(lag.lanes.map(({ lane, cursor }) => [lane, cursor])).toEqual(
    ['0', '1', '2', '3'].map((lane) => [lane, 'start']),
  );
  expect(lag.lanes.every((lane) => !('owner' in lane))).toBe(true);
});

test('C12 a relay that died is behind by what came since, measured by somebody else; one that goes on is not', async () => {
  const storage = memory({ topic: conformanceTopic });
  const broker = memoryBroker();
  const first = until(await relay({ storage, to: broker, service: 'test', owner: 'a' }));
  await append(storage, 4);
  await first.caughtUp();
  await first.stop();
  expect(await followerLag(storage, RELAY)).toMatchObject({ events: 0, oldestMs: 0 });

  await append(storage, 7);
  await append(storage, 5, 'conformance.unpublished');
  const lag = await followerLag(storage, RELAY);
  expect(lag, 'only what has to be sent').toMatchObject({ events: 7, lanes: [{ lane: '0', owner: 'a' }] });

  const second = until(await relay({ storage, to: broker, service: 'test', owner: 'b' }));
  await second.caughtUp();
  await second.stop();
  expect(await followerLag(storage, RELAY)).toMatchObject({ events: 0, lanes: [{ owner: 'b' }] });
});

test('C12 a dead relay behind more private events than are counted does not look well: there may be public ones beyond', async () => {
  let now = 1_000_000;
  const storage = memory({ topic: conformanceTopic, now: () => now });
  await append(storage, 5, 'conformance.unpublished');
  now += 60_000;
  await append(storage, 1);
  expect(await followerLag(storage, RELAY, { atMost: 2 })).toMatchObject({ events: 0, isMore: true, oldestMs: 60_000 });
  expect(await followerLag(storage, RELAY)).toMatchObject({ events: 1, isMore: false, oldestMs: 0 });
});

test('of a projection that follows the log everything counts, since it passes everything', async () => {
  const storage = memory({ topic: conformanceTopic });
  await append(storage, 2);
  await append(storage, 3, 'conformance.unpublished');
  expect(await followerLag(storage, things)).toMatchObject({ name: 'things', version: 2, events: 5 });
  expect((await followerLag(storage, things, { atMost: 2 })).isMore).toBe(true);
});

test('a projection that follows a broker is behind by the records up to its partitions’ ends; their times are not known', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const relaying = until(await relay({ storage, to: broker, service: 'test' }));
  await append(storage, 6);
  await relaying.caughtUp();
  const measured = { from: broker.source };
  const before = await followerLag(storage, things, measured);
  expect(before).toMatchObject({ events: 6, source: 'broker' });
  expect(before).not.toHaveProperty('oldestMs');
  const following = until(await follow(things, { from: broker.source, storage }));
  await following.caughtUp();
  await following.stop();
  expect(await followerLag(storage, things, measured)).toMatchObject({ events: 0 });
  await expect(followerLag(storage, things), 'its places are none of the log').rejects.toMatchObject({
    code: 'LF_LAG_UNKNOWN',
  });
});

test('a projection that was moved is behind by the source that it follows now, whatever it had of the one before', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 2 });
  const relaying = until(await relay({ storage, to: broker, service: 'test' }));
  await append(storage, 6);
  await relaying.caughtUp();
  for (const from of [storage.log, broker.source]) {
    const following = until(await follow(things, { from, storage }));
    await following.caughtUp();
    await following.stop();
  }
  await append(storage, 2);
  await relaying.caughtUp();
  const lag = await followerLag(storage, things, { from: broker.source });
  expect(lag.events).toBe(2);
  expect(lag.lanes.every(({ lane }) => lane !== '0')).toBe(true);
});

test('C12 one that was moved and has dealt with nothing since is behind by all of its new source', async () => {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await append(storage, 6);
  const before = until(await follow(things, { from: storage.log, storage }));
  await before.caughtUp();
  await before.stop();
  const relaying = until(await relay({ storage, to: broker, service: 'test' }));
  await relaying.caughtUp();
  const measured = { from: broker.source };
  await expect(followerLag(storage, things, measured), 'not moved yet').rejects.toMatchObject({
    code: 'LF_LAG_UNKNOWN',
  });
  const [lane] = [...(await broker.source.head()).keys()] as [Lane];
  await storage.checkpoints.claim(things, lane, { owner: 'died', leaseMs: 1_000, respectLease: false });
  expect(await followerLag(storage, things, measured)).toMatchObject({ events: 6 });
});

test('a projection that appends alone feed is never behind, however much the log holds', async () => {
  const any = projection('any-things', { version: 1, key: 'id', row: { id: t.string() }, order: 'any' }).upsert(
    happened,
    { by: ({ stream }) => stream.key },
    (_, { stream }) => ({ id: stream.key }),
  );
  const storage = memory({ inline: [any] });
  await append(storage, 3);
  expect(await followerLag(storage, any)).toMatchObject({ events: 0, isMore: false, oldestMs: 0, lanes: [] });
});

test('a source that cannot read as a whole is counted by cause, shown with how often, and said', async () => {
  const storage = memory();
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  const away = Object.assign(new Error('nobody answers'), { code: 'LF_BROKER_UNAVAILABLE' });
  const faulty: Source = {
    name: 'broker',
    ownership: 'assigned',
    run: async (reader, signal) => {
      for (let n = 0; n < 3; n++) reader.faulted(undefined, away, 10);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    head: async () => new Map(),
    restore: async () => [],
    hasPassed: () => true,
  };
  const running = until(await follow(things, { from: faulty, storage, metrics, logger }));
  expect(
    metrics.total(FOLLOWER_SOURCE_FAULTS, { follower: 'things', version: '2', code: 'LF_BROKER_UNAVAILABLE' }),
  ).toBe(3);
  expect(running.status()).toMatchObject({ fault: { code: 'LF_BROKER_UNAVAILABLE' }, trouble: { failures: 3 } });
  expect(logger.where({ code: 'LF_BROKER_UNAVAILABLE' })).toMatchObject([{ level: 'warn', fields: { failures: 1 } }]);
  expect(metrics.misuses).toEqual([]);
});

test('a source that cannot tell is said to, not taken for one without lag', async () => {
  const storage = memory();
  const { log } = storage;
  const mute: Source = {
    name: 'mute',
    ownership: 'leased',
    run: async () => undefined,
    head: () => log.head(),
    restore: async () => [],
    hasPassed: () => true,
  };
  await expect(followerLag(storage, things, { from: mute })).rejects.toMatchObject({ code: 'LF_LAG_UNKNOWN' });
});

/** Measures when it is told to; the regular times are too far apart to matter. */
function observing(storage: Storage, options: ObserveLagOptions) {
  const observer = observeLag(storage, [{ follower: RELAY }, { follower: things }], { everyMs: 3_600_000, ...options });
  onTestFinished(() => observer.stop());
  return observer;
}

test('lag goes to gauges for each lane, again and again, and is at hand for a health page', async () => {
  let now = 1_000_000;
  const storage = memory({ now: () => now });
  const metrics = collectMetrics();
  await append(storage, 3);
  now += 2_500;
  const observer = observing(storage, { metrics });
  await observer.measure();
  const of = { follower: 'relay', version: '1', lane: '0' };
  expect([metrics.last(LAG_EVENTS, of), metrics.last(LAG_SECONDS, of)]).toEqual([3, 2.5]);
  expect(metrics.last(LAG_EVENTS, { follower: 'things', version: '2' })).toBe(3);
  expect(metrics.last(LAG_MEASURED, { follower: 'relay' })).toBeGreaterThan(1_700_000_000);
  await append(storage, 1);
  await observer.measure();
  expect(metrics.last(LAG_EVENTS, of)).toBe(4);
  expect(observer.latest().map(({ name, events }) => [name, events])).toEqual([
    ['relay', 4],
    ['things', 4],
  ]);
  expect(metrics.misuses).toEqual([]);
});

test('C12 while nobody can measure, the failures grow and are said once, and the time of the last measurement stands still', async () => {
  const storage = memory();
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  let isAway = false;
  const restless: Storage = {
    ...storage,
    checkpoints: {
      ...bound(storage.checkpoints),
      list: async (follower) => {
        if (isAway) throw Object.assign(new Error('nobody answers'), { code: 'LF_STORAGE_UNAVAILABLE' });
        return storage.checkpoints.list(follower);
      },
    },
  };
  const observer = observing(restless, { metrics, logger });
  await observer.measure();
  const [relayed] = [metrics.last(LAG_MEASURED, { follower: 'relay' })];
  const count = metrics.values.filter(({ metric }) => metric === LAG_MEASURED).length;
  isAway = true;
  for (let i = 0; i < 3; i++) await observer.measure();
  expect(metrics.total(LAG_FAILURES, { follower: 'relay', version: '1', code: 'LF_STORAGE_UNAVAILABLE' })).toBe(3);
  expect(metrics.values.filter(({ metric }) => metric === LAG_MEASURED)).toHaveLength(count);
  expect(metrics.last(LAG_MEASURED, { follower: 'relay' })).toBe(relayed);
  expect(logger.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
  isAway = false;
  await observer.measure();
  expect(logger.lines.slice(2).map(({ level }) => level)).toEqual(['info', 'info']);
  expect(metrics.misuses).toEqual([]);
});

test('it measures by itself, until it is stopped; stopping waits for what is under way', async () => {
  const storage = memory();
  let asked = 0;
  let answer: (() => void) | undefined;
  const counted: Storage = {
    ...storage,
    checkpoints: {
      ...bound(storage.checkpoints),
      list: async () => {
        asked += 1;
        if (asked > 6) await new Promise<void>((resolve) => (answer = resolve));
        return [];
      },
    },
  };
  const observer = observing(counted, { everyMs: 100 });
  await eventually(() => answer !== undefined);
  let isStopped = false;
  const stopping = observer.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  const before = asked;
  answer?.();
  await stopping;
  expect(asked).toBe(before);
});

test.each([0, 99, 3_600_001, Number.NaN])('an interval of %s ms is refused', (everyMs) => {
  expect(() => observeLag(memory(), [], { everyMs })).toThrow(
    expect.objectContaining({ code: 'LF_OPTION_OUT_OF_RANGE' }),
  );
});

/** The methods of an object of a class, as members of their own. */
function bound(checkpoints: Storage['checkpoints']): Storage['checkpoints'] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(checkpoints)).filter((name) => name !== 'constructor');
  return Object.fromEntries(
    names.map((name) => [name, (checkpoints[name as keyof Storage['checkpoints']] as () => unknown).bind(checkpoints)]),
  ) as unknown as Storage['checkpoints'];
}
