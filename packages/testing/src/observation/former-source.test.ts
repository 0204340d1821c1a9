import { event, t } from '@leftfold/core';
import { memory, memoryBroker } from '@leftfold/memory';
import {
  discardFormerParked,
  follow,
  parkedKeys,
  projection,
  projectionStatus,
  relay,
  retryAllParked,
  type Lane,
  type Running,
  type Source,
} from '@leftfold/subscriptions';
import { expect, onTestFinished, test } from 'vitest';
import { newEvents, newStream } from '../event-store/encoded-events.ts';
import { eventually } from '../eventually.ts';

const happened = event('conformance.thing.happened', { what: t.string() });
const things = (fold?: () => never) =>
  projection('things', { version: 1, key: 'id', row: { id: t.string(), count: t.integer() } }).insert(
    happened,
    ({ stream }) => (fold?.(), { id: stream.key, count: 1 }),
  );
const poisoned = things(() => {
  throw new Error('no');
});
const BY = { by: 'ops', reason: 'moved to the broker' };

/** A projection that has parked a key on the log's lane, and again on the broker's, which it follows now. */
async function moved() {
  const storage = memory();
  const broker = memoryBroker({ partitions: 1 });
  await storage.store.append([{ stream: newStream(), expect: 'any', events: newEvents(1) }]);
  const until = (running: Running): Running => (onTestFinished(() => running.stop()), running);
  const relaying = until(await relay({ storage, to: broker, service: 'test' }));
  await relaying.caughtUp();
  const followed = async (from: Source, projected = poisoned): Promise<Running> => {
    const running = until(await follow(projected, { from, storage }));
    await running.caughtUp();
    return running;
  };
  await (await followed(storage.log)).stop();
  const status = async () => (await projectionStatus(storage, [{ follower: things(), from: broker.source }]))[0];
  const keys = async (): Promise<number> => (await Array.fromAsync(parkedKeys(storage, { follower: things() }))).length;
  return { storage, broker, followed, status, keys };
}

test('what is parked on lanes of a former source is shown as such, though somebody runs the projection', async () => {
  const { broker, followed, status } = await moved();
  await followed(broker.source);
  expect((await status())?.lanes).toMatchObject([
    { state: 'following', parkedKeys: 1 },
    { lane: '0', state: 'unowned', isFormer: true, parkedKeys: 1, cursor: expect.stringMatching(/./) },
  ]);
  expect((await status())?.lanes[0]).not.toHaveProperty('isFormer');
});

test('what is parked on lanes of a former source can be discarded with a reason; what is parked where it follows now stays, and is retried', async () => {
  const { storage, broker, followed, status, keys } = await moved();
  await (await followed(broker.source)).stop();
  const options = { from: broker.source, ...BY };
  expect(await discardFormerParked(storage, things(), options)).toBe(1);
  expect(await discardFormerParked(storage, things(), options)).toBe(0);
  expect(await keys()).toBe(1);
  expect(await storage.parked.notes(things(), { limit: 10 })).toMatchObject([{ lane: '0', kind: 'discarded', ...BY }]);
  expect((await status())?.lanes).toHaveLength(1);

  await followed(broker.source, things());
  await retryAllParked(storage, things(), { by: 'ops' });
  await eventually(async () => (await keys()) === 0);
  expect(storage.readModels.reader([things().tables]).all('things')).toHaveLength(1);
});

test('C15 nothing is discarded while somebody still follows there, nor where a follower has never taken anything', async () => {
  const { storage, broker, followed, keys } = await moved();
  await expect(discardFormerParked(storage, things(), { from: broker.source, ...BY })).rejects.toMatchObject({
    code: 'LF_PARKED_REQUEST_INVALID',
  });
  await (await followed(broker.source)).stop();
  const claim = await storage.checkpoints.claim(things(), '0' as Lane, {
    owner: 'the release before',
    leaseMs: 60_000,
    respectLease: true,
  });
  expect(await discardFormerParked(storage, things(), { from: broker.source, ...BY })).toBe(0);
  expect(await keys()).toBe(2);
  if (claim) await storage.checkpoints.release(claim);
  await expect(
    discardFormerParked(storage, things(), { from: broker.source, by: 'ops', reason: ' ' }),
  ).rejects.toMatchObject({ code: 'LF_PARKED_REQUEST_INVALID' });
  expect(await discardFormerParked(storage, things(), { from: broker.source, ...BY })).toBe(1);
});
