import { event, t } from '@leftfold/core';
import { memory, type MemoryStorage } from '@leftfold/memory';
import { follow, projection, type Lane, type Source } from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';

const happened = event('conformance.thing.happened', { what: t.string() });
const things = (version: number) =>
  projection('things', { version, key: 'id', row: { id: t.string() } }).upsert(happened, (_, { stream }) => ({
    id: stream.key,
  }));
const append = ({ store }: MemoryStorage): Promise<unknown> =>
  store.append([{ stream: newStream(), expect: 'any', events: newEvents(1) }]);

test('L16 a version that was being built when the log’s generation was raised becomes live, though events never cease to come', async () => {
  const storage = memory();
  await append(storage);
  await storage.readModels.prepare(things(1).tables);
  const { log } = storage;
  const other = memory();
  await append(other);
  const before = await other.log.head();
  let heads = 0;
  const raised: Source = {
    name: log.name,
    ownership: log.ownership,
    run: (reader, signal) => log.run(reader, signal),
    restore: (kept) => log.restore(kept),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    // At the first look the log was another one; and always something has come that is not dealt with yet.
    head: async () => ((heads += 1) === 1 ? before : log.head()),
    behind: async (places) =>
      new Map([...(await log.behind(places))].map(([lane]) => [lane, { events: 1, publicEvents: 1, isMore: false }])),
  };
  const running = await follow(things(2), { from: raised, storage });
  onTestFinished(() => running.stop());
  const state = async () => (await storage.versions.list('things')).find(({ version }) => version === 2)?.state;
  await eventually(async () => (await state()) === 'live');
  expect(heads, 'asked for anew once, since the first could never have been passed').toBe(2);
});

test('a version is live once the end has been passed that stood there at its start, though that goes on, and not before', async () => {
  const storage = memory();
  await append(storage);
  await storage.readModels.prepare(things(1).tables);
  const { log, checkpoints } = storage;
  const [first] = [...(await log.head()).values()];
  // Somebody who holds the lane decides how far it has come.
  const lane = '0' as Lane;
  const claim = await checkpoints.claim(things(2), lane, { owner: 'slow', leaseMs: 300_000, respectLease: true });
  if (claim === undefined || first === undefined) throw new Error('nobody else wants it');
  let looks = 0;
  const moving: Source = {
    name: log.name,
    ownership: log.ownership,
    run: (reader, signal) => log.run(reader, signal),
    restore: (kept) => log.restore(kept),
    hasPassed: (cursor, head) => log.hasPassed(cursor, head),
    head: async () => ((looks += 1), await append(storage), looks === 1 ? new Map([[lane, first]]) : log.head()),
    behind: (places, options) => log.behind(places, options),
  };
  const running = await follow(things(2), { from: moving, storage, leaseMs: 1_000 });
  onTestFinished(() => running.stop());
  const state = async () => (await storage.versions.list('things')).find(({ version }) => version === 2)?.state;
  await eventually(() => looks > 2);
  expect(await state()).toBe('building');
  await checkpoints.save(claim, { from: 'start', to: first });
  await eventually(async () => (await state()) === 'live');
});
