import {
  memory,
  memoryBroker,
  type MadeUpOutcome,
  type MemoryBrokerOptions,
  type MemoryStorage,
} from '@leftfold/memory';
import {
  ALL_METRICS,
  FOLLOWER_BATCHES,
  FOLLOWER_BATCH_DURATION,
  FOLLOWER_EVENTS,
  FOLLOWER_LANE_MOVES,
  FOLLOWER_LANE_STATE,
  FOLLOWER_RETRIES,
  FOLLOWER_RUNNING,
  PUBLISHER_REPLACEMENTS,
  relay,
  RELAY,
  RELAY_BATCH_RECORDS,
  RELAY_RECORDS,
  RELAY_RESENT,
  RELAY_SEND_DURATION,
  RELAY_WITHHELD,
  redrive,
  withheldKeys,
  type Broker,
  type Lane,
  type Logger,
  type Metrics,
  type Publisher,
  type PublishRecord,
  type RelayOptions,
  type Running,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';
import { collectLogs } from './collect-logs.ts';
import { collectMetrics } from './collect-metrics.ts';

const RELAY_LANE = { follower: 'relay', version: '1', lane: '0' };

async function relaying(options: Pick<RelayOptions, 'storage' | 'to'> & Partial<RelayOptions>): Promise<Running> {
  const running = await relay({ service: 'test', ...options });
  onTestFinished(() => running.stop());
  return running;
}
const append = ({ store }: MemoryStorage, count: number): Promise<unknown> =>
  store.append([{ stream: newStream(), expect: 'any', events: newEvents(count) }]);

/** A broker that fails the first sends. */
function failing(times: number, code: string): Required<Pick<MemoryBrokerOptions, 'fail'>> {
  const cause = Object.assign(new Error('made up'), { code });
  let left = times;
  return {
    fail: ([record]: readonly PublishRecord[]): MadeUpOutcome | undefined => {
      const { topic, partition } = record as PublishRecord;
      return left-- > 0 ? { topic, partition, kind: 'unknown', cause } : undefined;
    },
  };
}

test('a relay counts batches, events and records, and how long they took, by lane', async () => {
  const storage = memory({ lanes: 4 });
  const metrics = collectMetrics();
  const running = await relaying({ storage, to: memoryBroker(), metrics });
  for (let i = 0; i < 12; i++) await append(storage, 2);
  await running.caughtUp();

  const { lanes } = running.status();
  for (const { lane, batches, events } of lanes) {
    const of = { ...RELAY_LANE, lane };
    expect(metrics.total(FOLLOWER_BATCHES, of)).toBe(batches);
    expect(metrics.total(FOLLOWER_EVENTS, of)).toBe(events);
    expect(metrics.recorded(FOLLOWER_BATCH_DURATION, of)).toHaveLength(batches);
    expect(metrics.total(RELAY_RECORDS, { lane })).toBe(events);
    expect(metrics.recorded(RELAY_SEND_DURATION, { lane })).toHaveLength(
      metrics.recorded(RELAY_BATCH_RECORDS, { lane }).length,
    );
    expect(metrics.last(FOLLOWER_LANE_STATE, { ...of, state: 'following' })).toBe(1);
    expect(metrics.last(FOLLOWER_LANE_STATE, { ...of, state: 'claiming' })).toBe(0);
  }
  expect(metrics.total(RELAY_RECORDS)).toBe(24);
  expect(metrics.total(FOLLOWER_LANE_MOVES, { move: 'claimed' })).toBe(4);
  expect(metrics.total(FOLLOWER_LANE_MOVES, { move: 'lost' })).toBe(0);
  await running.stop();
  expect(metrics.total(FOLLOWER_LANE_MOVES, { move: 'given-back' })).toBe(4);
  expect(metrics.last(FOLLOWER_RUNNING)).toBe(0);
  expect(metrics.misuses).toEqual([]);
});

test('retries and re-sent records are counted by cause, and the status says how often and since when', async () => {
  const storage = memory();
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  await append(storage, 3);
  const to = memoryBroker({ partitions: 1, ...failing(2, 'LF_BROKER_UNAVAILABLE') });
  const running = await relaying({ storage, to, metrics, logger });
  await running.caughtUp();

  expect(metrics.total(FOLLOWER_RETRIES, { ...RELAY_LANE, code: 'LF_RECORDS_UNCONFIRMED' })).toBe(2);
  expect(metrics.total(RELAY_RESENT, { lane: '0', code: 'LF_BROKER_UNAVAILABLE' })).toBe(6);
  expect(metrics.total(RELAY_RECORDS)).toBe(3);
  expect(logger.where({ lane: '0', code: 'LF_RECORDS_UNCONFIRMED' })).toMatchObject([{ level: 'warn' }]);
  expect(logger.where({ lane: '0', state: 'following' })).toMatchObject([{ level: 'info', fields: { failures: 2 } }]);
  expect(running.status().lanes[0]).not.toHaveProperty('trouble');
  expect(metrics.misuses).toEqual([]);
});

test('a cause that is none of ours has no label of its own: its text could be anything', async () => {
  const storage = memory();
  const metrics = collectMetrics();
  await append(storage, 1);
  const running = await relaying({ storage, to: memoryBroker({ ...failing(1, 'key 4711 of Ann') }), metrics });
  await running.caughtUp();
  expect(metrics.total(RELAY_RESENT, { code: 'other' })).toBe(1);
});

test('producers that a publisher has replaced are counted once each', async () => {
  const storage = memory();
  const metrics = collectMetrics();
  const broker = memoryBroker();
  let replacements = 0;
  const to: Broker = {
    ...broker,
    publisher: async (): Promise<Publisher> => {
      const inner = await broker.publisher();
      return {
        get replacements() {
          return replacements;
        },
        partitions: (topic) => inner.partitions(topic),
        publish: (records, options) => inner.publish(records, options),
        close: () => inner.close(),
      };
    },
  };
  const running = await relaying({ storage, to, metrics });
  for (const count of [2, 2, 5]) {
    replacements = count;
    await append(storage, 1);
    await running.caughtUp();
  }
  expect(metrics.total(PUBLISHER_REPLACEMENTS, { lane: '0' })).toBe(5);
});

test('a lane that another owner takes is counted as lost, once, and said', async () => {
  const storage = memory();
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  const running = await relaying({ storage, to: memoryBroker(), metrics, logger });
  await append(storage, 1);
  await running.caughtUp();
  const [row] = await storage.checkpoints.list(RELAY);
  const lane = row?.lane as Lane;
  // As one that takes over from a process which stood still beyond its lease.
  await storage.checkpoints.claim(RELAY, lane, { owner: 'another', leaseMs: 300_000, respectLease: false });
  await append(storage, 1);
  await eventually(() => metrics.total(FOLLOWER_LANE_MOVES, { lane, move: 'lost' }) === 1);
  await eventually(() => running.status().lanes[0]?.state === 'claiming');
  expect(logger.where({ lane, move: 'lost' })).toHaveLength(1);
  expect(metrics.total(FOLLOWER_LANE_MOVES, { lane, move: 'claimed' })).toBe(1);
});

test('R15 keys that are withheld show in the status, in a gauge and in a line, until nothing is withheld any more', async () => {
  const storage = memory();
  const [metrics, logger] = [collectMetrics(), collectLogs()];
  let limitBytes = 500;
  const cause = Object.assign(new Error('too large'), { code: 'LF_RECORD_REFUSED' });
  const to = memoryBroker({
    partitions: 1,
    fail: (records) => {
      const { topic, partition } = records[0] as PublishRecord;
      const isTooLarge = records.some(({ value }) => value.byteLength > limitBytes);
      return isTooLarge ? { topic, partition, kind: 'notWritten', refused: true, cause } : undefined;
    },
  });
  const running = await relaying({ storage, to, metrics, logger });
  const large = { payload: `{"what":"${'x'.repeat(1_000)}"}` };
  for (let n = 0; n < 2; n++)
    await storage.store.append([{ stream: newStream(), expect: 'any', events: newEvents(2, large) }]);
  await running.caughtUp();
  expect(running.status().lanes[0]).toMatchObject({ state: 'following', withheldKeys: 2 });
  expect(metrics.last(RELAY_WITHHELD, { lane: '0' })).toBe(2);
  expect(logger.where({ lane: '0', level: 'warn' })).toEqual([]);
  expect(logger.lines.filter(({ fields }) => 'withheldKeys' in fields).map(({ level }) => level)).toEqual(['warn']);

  limitBytes = 5_000;
  for await (const { head } of withheldKeys(storage)) await redrive(storage, head, { by: 'ops' });
  await append(storage, 1);
  await eventually(() => metrics.last(RELAY_WITHHELD, { lane: '0' }) === 0);
  expect(running.status().lanes[0]).not.toHaveProperty('withheldKeys');
  expect(logger.where({ withheldKeys: 0 })).toMatchObject([{ level: 'info' }]);
});

test('keys that are withheld are told by whoever has the lane, and by nobody else', async () => {
  const board = collectMetrics();
  const storage = memory();
  const cause = Object.assign(new Error('too large'), { code: 'LF_RECORD_REFUSED' });
  const to = memoryBroker({
    partitions: 1,
    fail: (records) => {
      const { topic, partition } = records[0] as PublishRecord;
      const isTooLarge = records.some(({ value }) => value.byteLength > 500);
      return isTooLarge ? { topic, partition, kind: 'notWritten', refused: true, cause } : undefined;
    },
  });
  const first = await relaying({ storage, to, metrics: board });
  await storage.store.append([
    { stream: newStream(), expect: 'any', events: newEvents(1, { payload: `{"what":"${'x'.repeat(1_000)}"}` }) },
  ]);
  await first.caughtUp();
  expect(board.last(RELAY_WITHHELD)).toBe(1);
  await first.stop();
  expect(board.last(RELAY_WITHHELD)).toBe(0);
  const next = collectMetrics();
  const second = await relaying({ storage, to, metrics: next });
  await eventually(() => next.last(RELAY_WITHHELD) === 1);
  expect(second.status().lanes[0]).toMatchObject({ withheldKeys: 1 });
});

test('C5 a lane that stops writes a line, with its code', async () => {
  const storage = memory({ lanes: 2 });
  const logger = collectLogs();
  // Three partitions are no multiple of two lanes.
  const running = await relaying({ storage, to: memoryBroker({ partitions: 3 }), logger });
  await append(storage, 1);
  const [line] = await eventually(() => {
    const stopped = logger.where({ state: 'stopped' });
    return stopped.length > 0 && stopped;
  });
  expect(line).toMatchObject({ level: 'error', fields: { code: 'LF_PARTITION_SHARED', follower: 'relay' } });
  await running.stop();
  expect(logger.lines.map(({ message }) => message)).toContain('relay version 1 stops, and gives its lanes back');
});

test('metrics and a logger that throw change nothing', async () => {
  const storage = memory();
  const broken = (): never => {
    throw new Error('the exporter is broken');
  };
  const metrics: Metrics = { add: broken, set: broken, record: broken };
  const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };
  await append(storage, 5);
  const to = memoryBroker({ partitions: 1, ...failing(1, 'LF_BROKER_UNAVAILABLE') });
  const running = await relaying({ storage, to, metrics, logger });
  running.onChange(broken);
  await running.caughtUp();
  expect(to.records('conformance.thing').flat()).toHaveLength(5);
});

test('a change is heard until one listens no more', async () => {
  const storage = memory();
  const running = await relaying({ storage, to: memoryBroker() });
  const heard: string[] = [];
  const leave = running.onChange(({ kind }) => void heard.push(kind));
  await append(storage, 1);
  await running.caughtUp();
  expect(heard).toContain('batch');
  leave();
  heard.length = 0;
  await append(storage, 1);
  await running.caughtUp();
  expect(heard).toEqual([]);
});

test('nothing is counted per event: a batch of many costs as many calls as a batch of one', async () => {
  const callsFor = async (count: number): Promise<number> => {
    const storage = memory();
    const metrics = collectMetrics();
    await append(storage, count);
    const running = await relaying({ storage, to: memoryBroker({ partitions: 1 }), metrics });
    await running.caughtUp();
    await running.stop();
    return metrics.values.length;
  };
  expect(await callsFor(400)).toBe(await callsFor(1));
});

test('labels are names of followers, lanes, codes, states and moves, nothing else', () => {
  const labels = new Set(ALL_METRICS.flatMap((metric) => metric.labels));
  expect([...labels].toSorted()).toEqual(['code', 'follower', 'lane', 'move', 'state', 'version']);
});
