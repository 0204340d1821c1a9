import { event, t } from '@leftfold/core';
import { memory, memoryBroker, type MemoryStorage } from '@leftfold/memory';
import {
  follow,
  projection,
  projectionStatus,
  relay,
  RELAY,
  stop,
  type Conditions,
  type FollowOptions,
  type LaneOverview,
  type PublishRecord,
  type Running,
  type Source,
  type Storage,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test, vi } from 'vitest';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';

const happened = event('conformance.thing.happened', { what: t.string() });
const things = (version = 1, fold?: () => void) =>
  projection('things', { version, key: 'id', row: { id: t.string() }, recovery: { live: stop() } }).upsert(
    happened,
    (_, { stream }) => {
      fold?.();
      return { id: stream.key };
    },
  );
const poisoned = things(1, () => {
  throw new Error('Ann is not welcome');
});

const append = ({ store }: Storage, count = 1): Promise<unknown> =>
  store.append([{ stream: newStream(), expect: 'any', events: newEvents(count) }]);
async function following(
  storage: Storage,
  followed: ReturnType<typeof things>,
  options: Partial<FollowOptions> = {},
): Promise<Running> {
  const running = await follow(followed, { from: storage.log, storage, ...options });
  onTestFinished(() => running.stop());
  return running;
}
const statusOf = async (storage: MemoryStorage, running: readonly Running[] = []) =>
  (await projectionStatus(storage, [{ follower: things() }], { running }))[0];
const laneOf = async (storage: MemoryStorage): Promise<LaneOverview | undefined> => (await statusOf(storage))?.lanes[0];

test('C12 of a projection that nobody runs it shows that, and all that waits for it', async () => {
  let now = 1_000_000;
  const storage = memory({ now: () => now });
  await append(storage, 3);
  now += 5_000;
  expect(await statusOf(storage)).toEqual({
    name: 'things',
    version: 1,
    source: 'log',
    measuredAt: expect.any(Date),
    events: 3,
    isMore: false,
    oldestMs: 5_000,
    parkedKeys: 0,
    runBy: [],
    isFedInline: false,
    lanes: [{ lane: '0', state: 'unowned', cursor: 'start', events: 3, isMore: false, oldestMs: 5_000, parkedKeys: 0 }],
  });
});

test('one that follows elsewhere has an owner, a place, no lag and no fault, and its version is live', async () => {
  const storage = memory();
  await append(storage, 3);
  const running = await following(storage, things(), { owner: 'there' });
  await running.caughtUp();
  expect(await statusOf(storage)).toMatchObject({
    events: 0,
    runBy: ['there'],
    model: { state: 'live', isHeld: false },
    lanes: [{ state: 'following', owner: 'there', events: 0 }],
  });
  const lane = await laneOf(storage);
  expect(lane?.cursor).not.toBe('start');
  expect(Object.keys(lane ?? {})).not.toContain('fault');
  expect((await statusOf(storage, [running]))?.lanes[0]?.here).toMatchObject({ state: 'following', events: 3 });
  await running.stop();
  expect(await statusOf(storage)).toMatchObject({ runBy: [], lanes: [{ state: 'unowned', owner: 'there' }] });
});

test('what stops a lane is told by code and event, to anybody, without a word of the error; also when the process is gone, until somebody goes on', async () => {
  const storage = memory();
  await append(storage);
  const running = await following(storage, poisoned, { owner: 'first' });
  await eventually(async () => (await laneOf(storage))?.state === 'stopped');
  const fault = {
    code: 'LF_FOLD_FAILED',
    event: { type: happened.type, streamVersion: 1n },
    owner: 'first',
    failures: 1,
  };
  expect(await laneOf(storage)).toMatchObject({ state: 'stopped', events: 1, fault });
  expect(JSON.stringify(await statusOf(storage), (_, value) => String(value))).not.toContain('Ann');
  expect((await statusOf(storage, [running]))?.lanes[0]?.here?.fault?.message).toContain('Ann');
  await running.stop();
  expect(await laneOf(storage)).toMatchObject({ state: 'unowned', fault });

  const mended = await following(storage, things(), { owner: 'second' });
  await mended.caughtUp();
  await eventually(async () => !('fault' in ((await laneOf(storage)) ?? {})));
  expect(await laneOf(storage)).toMatchObject({ state: 'following', owner: 'second', events: 0 });
});

test('a fault that a short-lived process has never had time to note is noted when it stops', async () => {
  const storage = memory();
  await append(storage);
  const running = await following(storage, poisoned);
  await vi.waitFor(() => expect(running.status().lanes).toMatchObject([{ state: 'stopped' }]), { timeout: 20_000 });
  await running.stop();
  expect(await laneOf(storage)).toMatchObject({ state: 'unowned', fault: { code: 'LF_FOLD_FAILED' } });
});

test('a lane that is well costs one write after it was claimed, and none after that, however much comes', async () => {
  const storage = memory();
  const calls: string[] = [];
  const { conditions } = storage;
  const counting: Conditions = {
    note: (...args) => (calls.push('note'), conditions.note(...args)),
    clear: (...args) => (calls.push('clear'), conditions.clear(...args)),
    of: (...args) => conditions.of(...args),
  };
  const running = await following({ ...storage, conditions: counting }, things());
  await eventually(() => calls.length > 0);
  for (let n = 0; n < 20; n++) {
    await append(storage);
    await running.caughtUp();
  }
  await running.stop();
  expect(calls).toEqual(['clear']);
});

test('a store that is away keeps no follower from stopping, and is told of the lane when it is back', async () => {
  const storage = memory();
  let isAway = true;
  const { conditions } = storage;
  const refusing: Conditions = {
    note: async (...args) => (isAway ? Promise.reject(new Error('away')) : conditions.note(...args)),
    clear: async (...args) => (isAway ? Promise.reject(new Error('away')) : conditions.clear(...args)),
    of: (...args) => conditions.of(...args),
  };
  await append(storage);
  const running = await following({ ...storage, conditions: refusing }, poisoned);
  await vi.waitFor(() => expect(running.status().lanes).toMatchObject([{ state: 'stopped' }]), { timeout: 20_000 });
  await running.stop();
  isAway = false;
  const again = await following({ ...storage, conditions: refusing }, poisoned);
  await eventually(async () => (await laneOf(storage))?.state === 'stopped');
  await again.stop();
});

test('what keeps the relay from going on is told as of a projection, also elsewhere', async () => {
  const storage = memory();
  await append(storage);
  const cause = Object.assign(new Error('nobody answers'), { code: 'LF_BROKER_UNAVAILABLE' });
  const weather = { isAway: true };
  const broker = memoryBroker({
    fail: ([record]) => {
      const { topic, partition } = record as PublishRecord;
      return weather.isAway ? { topic, partition, kind: 'notWritten', refused: false, cause } : undefined;
    },
  });
  const relaying = await relay({ storage, to: broker, service: 'test', owner: 'there' });
  onTestFinished(() => relaying.stop());
  const lane = async () => (await projectionStatus(storage, [{ follower: RELAY }]))[0]?.lanes[0];
  await eventually(async () => (await lane())?.state === 'retrying');
  expect(await lane()).toMatchObject({ fault: { code: 'LF_RECORDS_UNCONFIRMED', owner: 'there' } });
  weather.isAway = false;
  await eventually(async () => (await lane())?.state === 'following');
});

test('that a source cannot be read at all is told by its code, also elsewhere, until it can be, or others run it', async () => {
  const storage = memory();
  await append(storage);
  const away = Object.assign(new Error('nobody answers Ann'), { code: 'LF_BROKER_UNAVAILABLE' });
  let reader: Parameters<Source['run']>[0] | undefined;
  const { log } = storage;
  const faulty: Source = {
    name: 'log',
    ownership: 'assigned',
    run: async (given, signal) => {
      reader = given;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    head: () => log.head(),
    restore: async () => [],
    hasPassed: () => true,
    behind: (places, options) => log.behind(places, options),
  };
  const running = await following(storage, things(), { from: faulty, owner: 'here' });
  const fault = async () => (await statusOf(storage))?.fault;
  reader?.faulted(undefined, away, 10);
  reader?.faulted(undefined, away, 10);
  await eventually(async () => (await fault()) !== undefined);
  expect(await fault()).toMatchObject({ code: 'LF_BROKER_UNAVAILABLE', failures: 2, owner: 'here' });
  reader?.recovered?.(undefined);
  await eventually(async () => (await fault()) === undefined);

  reader?.faulted(undefined, away, 10);
  await eventually(async () => (await fault()) !== undefined);
  await running.stop();
  expect(await fault(), 'what kept whoever ran it last').toMatchObject({ code: 'LF_BROKER_UNAVAILABLE' });
  const other = await following(storage, things(), { owner: 'other' });
  await other.caughtUp();
  expect(await fault(), 'which says nothing of whoever runs it now').toBeUndefined();
  await eventually(async () => (await storage.conditions.of([things()]))[0]?.lanes.length === 0);
});

test('parked keys are counted by lane, whoever runs it', async () => {
  const storage = memory();
  await append(storage, 2);
  const parking = projection('things', { version: 1, key: 'id', row: { id: t.string() } }).upsert(happened, () => {
    throw new Error('Ann is not welcome');
  });
  const running = await following(storage, parking);
  await running.caughtUp();
  await running.stop();
  expect(await statusOf(storage)).toMatchObject({
    parkedKeys: 1,
    events: 0,
    lanes: [{ lane: '0', parkedKeys: 1, state: 'unowned' }],
  });
});

test('a version that is being built says so; and several followers are asked at once, the relay among them', async () => {
  const storage = memory();
  await append(storage);
  await (await following(storage, things(1))).caughtUp();
  await storage.readModels.prepare(things(2).tables);
  const relaying = await relay({ storage, to: memoryBroker(), service: 'test' });
  onTestFinished(() => relaying.stop());
  expect(
    await projectionStatus(storage, [{ follower: RELAY }, { follower: things(2) }, { follower: things(1) }]),
  ).toMatchObject([
    { name: 'relay', lanes: [{ lane: '0' }] },
    { version: 2, events: 1, runBy: [], model: { state: 'building' } },
    { version: 1, events: 0, model: { state: 'live' } },
  ]);
});

test('one that was fed by another kind of source says why its lag is not known, and shows the rest', async () => {
  const storage = memory();
  await append(storage);
  const broker = memoryBroker();
  const relaying = await relay({ storage, to: broker, service: 'test' });
  onTestFinished(() => relaying.stop());
  await relaying.caughtUp();
  const running = await following(storage, things(), { from: broker.source, owner: 'there' });
  await running.caughtUp();
  const [overview] = await projectionStatus(storage, [{ follower: things() }]);
  expect(overview).toMatchObject({ unmeasured: 'LF_LAG_UNKNOWN', runBy: ['there'] });
  expect(overview?.lanes.some(({ state }) => state === 'following')).toBe(true);
  expect(await projectionStatus(storage, [{ follower: things(), from: broker.source }])).toMatchObject([{ events: 0 }]);
});

test('one that appends feed has no places, and says that it is fed by them', async () => {
  const any = projection('any-things', { version: 1, key: 'id', row: { id: t.string() }, order: 'any' }).upsert(
    happened,
    { by: ({ stream }) => stream.key },
    (_, { stream }) => ({ id: stream.key }),
  );
  const storage = memory({ inline: [any] });
  await append(storage);
  const [overview] = await projectionStatus(storage, [{ follower: any }]);
  expect(overview).toMatchObject({ isFedInline: true, events: 0, lanes: [], parkedKeys: 0 });
  expect(overview?.unmeasured).toBeUndefined();
});
